"""What tests of a running exporter need: a node that behaves so, one that waits to be let, and bare connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.wire.exporter import Exporter
from tests.wire.replies import GOOD
from tests.wire.scripted import Behaviour, Peer, ScriptedNode


@asynccontextmanager
async def exporting(behaviour: Behaviour, *arguments: str) -> AsyncIterator[tuple[ScriptedNode, Exporter]]:
    """Yield a node that behaves so, and an exporter of it."""
    async with ScriptedNode(behaviour) as node, Exporter(node.url, *arguments) as exporter:
        yield node, exporter


class Gate:
    """A node that answers well once it is let, and tells how many questions have come."""

    def __init__(self) -> None:
        self.questions = 0
        self.opened = asyncio.Event()

    async def __call__(self, peer: Peer) -> None:
        """Behave so."""
        while True:
            commands = await peer.commands()
            self.questions += 1
            await self.opened.wait()
            await peer.send(peer.wire.encode([GOOD[command] for command in commands]))


async def connect(exporter: Exporter) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection to an exporter on which nothing has been said."""
    host, _, port = exporter.url.removeprefix("http://").rpartition(":")
    return await asyncio.open_connection(host, int(port))
