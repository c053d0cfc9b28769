"""Connections that are kept, forgotten, never answered or slow: a scrape survives what a second attempt can cure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from nundb_exporter import __version__
from nundb_exporter.client.http import HttpTransport
from nundb_exporter.config.settings import Tls, parse_endpoint
from nundb_exporter.errors import ProtocolError, Reason, TargetError
from nundb_exporter.protocol.commands import METRICS_STATE
from tests.wire.behaviours import answering, saying, silent
from tests.wire.replies import GOOD
from tests.wire.scripted import Behaviour, Peer, ScriptedNode
from tests.wire.waiting import until

PATIENCE_SECONDS = 20.0


@asynccontextmanager
async def asking(behaviour: Behaviour, max_idle: float = 90.0) -> AsyncIterator[tuple[ScriptedNode, HttpTransport]]:
    """Yield a node and what asks it."""
    async with ScriptedNode(behaviour) as node:
        transport = HttpTransport(parse_endpoint("NUN_URL", node.url), Tls(), max_idle)
        try:
            yield node, transport
        finally:
            await transport.close()


async def ask(transport: HttpTransport, seconds: float = PATIENCE_SECONDS) -> bool:
    """Ask, and return whether the answer is a good one."""
    (reply,) = await transport.execute((METRICS_STATE,), asyncio.get_running_loop().time() + seconds)
    return reply.text is not None


def from_connection(number: int, first: Behaviour) -> Behaviour:
    """Behave so on all connections before the one of that number, and answer well from it on."""

    async def behave(peer: Peer) -> None:
        await (first if peer.node.connections < number else answering())(peer)

    return behave


async def test_connections_that_have_gone_silent_cost_no_scrape() -> None:
    """A router has forgotten them: no end was told. The others are dropped with the first that proves dead."""
    is_frozen = False

    async def behave(peer: Peer) -> None:
        was_frozen = is_frozen
        while True:
            commands = await peer.commands()
            if is_frozen != was_frozen:
                await peer.hang()
                return
            await peer.send(peer.wire.encode([GOOD[command] for command in commands]))

    async with asking(behave) as (node, transport):
        assert all(await asyncio.gather(*(ask(transport) for _ in range(3))))
        assert node.connections == 3
        is_frozen = True
        assert await ask(transport, 2)
        assert node.connections == 4
        assert await ask(transport)
        assert node.connections == 4
        await until(lambda: node.left == 3)


async def test_a_fresh_connection_that_is_never_answered_is_tried_again() -> None:
    """As it happens on a healthy Nun-db when connections come in a burst."""
    async with asking(from_connection(2, silent)) as (node, transport):
        assert await ask(transport, 2)
        assert node.connections == 2


async def test_an_answer_that_comes_late_on_the_first_connection_is_taken() -> None:
    """The second attempt is no reason to give up the first: a node may be slow."""
    is_asked_twice = asyncio.Event()

    async def behave(peer: Peer) -> None:
        if peer.node.connections > 1:
            is_asked_twice.set()
            await peer.hang()
            return
        commands = await peer.commands()
        await is_asked_twice.wait()
        await peer.send(peer.wire.encode([GOOD[command] for command in commands]))
        await peer.hang()

    async with asking(behave) as (node, transport):
        assert await ask(transport, 2)
        assert node.connections == 2
        await until(lambda: node.left == 1)


async def test_an_answer_that_has_begun_is_waited_for() -> None:
    """What comes slowly comes: it is not asked for again."""

    async def behave(peer: Peer) -> None:
        commands = await peer.commands()
        answer = peer.wire.encode([GOOD[command] for command in commands])
        await peer.send(answer[:40])
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await until(lambda: loop.time() > begun + 1.2)
        await peer.send(answer[40:])
        await peer.hang()

    async with asking(behave) as (node, transport):
        assert await ask(transport, 2)
        assert node.connections == 1


async def test_a_node_that_is_silent_is_not_asked_twice_each_time() -> None:
    """Two connections that wait in vain have shown it; once it answers, the next silence is checked again."""
    async with asking(silent) as (node, transport):
        for connections in (2, 3, 4):
            with pytest.raises(TargetError) as caught:
                await ask(transport, 1)
            assert caught.value.reason is Reason.TIMEOUT
            assert node.connections == connections
        node.behaviour = answering()
        assert await ask(transport)


async def test_a_connection_that_was_unused_for_long_is_not_trusted() -> None:
    """It is closed, and a fresh one asked."""
    async with asking(answering(), max_idle=0.0) as (node, transport):
        for connections in (1, 2, 3):
            assert await ask(transport)
            assert node.connections == connections
        await until(lambda: node.left == 2)


async def test_connections_are_opened_one_after_another() -> None:
    """A burst of them is what Nun-db may leave unanswered; the kept ones serve what comes later."""
    async with asking(answering()) as (node, transport):
        for _ in range(3):
            assert all(await asyncio.gather(*(ask(transport) for _ in range(3))))
        assert node.connections == 3


async def test_a_request_says_who_asks() -> None:
    """With the version, and the host as it is in the URL."""
    heads: list[bytes] = []

    async def behave(peer: Peer) -> None:
        heads.append(await peer.reader.readuntil(b"\r\n\r\n"))

    async with asking(behave) as (node, transport):
        with pytest.raises(TargetError, match="request: closed without an answer"):
            await ask(transport)
        lines = heads[0].decode().split("\r\n")
        assert f"User-Agent: nundb-exporter/{__version__}" in lines
        assert f"Host: 127.0.0.1:{node.port}" in lines


async def test_a_cancelled_request_leaves_no_connection_behind() -> None:
    """Neither the first nor the second attempt."""
    async with asking(silent) as (node, transport):
        running = asyncio.create_task(ask(transport, 1))
        await until(lambda: node.connections == 2)
        running.cancel()
        await asyncio.wait([running])
        await until(lambda: node.left == 2)


async def test_another_protocol_is_told_at_once() -> None:
    """TLS on a plain port, too, with what to do about it."""
    async with asking(saying(b"\x15\x03\x01\x00\x02\x02\x46")) as (_, transport):
        with pytest.raises(ProtocolError, match="speaks TLS: use https or wss"):
            await ask(transport)
