"""Three real nodes on loopback: processes, directories, and what is said to them."""

import asyncio
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

from nundb_devserver import HOST, Client, RefusedError, connected
from tests.conformance.targets import HTTP, PASSWORD, TCP, USER, WEBSOCKET, BinaryTarget, port
from tests.drills.breaks import meanwhile
from tests.wire.clients import ask
from tests.wire.waiting import eventually

from .links import Link

NODES = 3
LINK = 5
"""The port of what is before a node, beside the node's own."""
DATABASE, TOKEN = "shop", "shop-token"
DISPUTED = "disputes"
"""Has the strategy arbiter, and its name as its token."""
SIGN_IN = f"auth {USER} {PASSWORD}"
OPEN = f"use-db {DATABASE} {TOKEN}"
KEYS = 200
LOAD_KEYS = 100
DECLUTTER_SECONDS = 5
"""Instead of 300: a snapshot is on the disk this soon."""
DISTANCE_SECONDS = 2.0
"""Between starts, as the runbook has it."""
JOINS = 5
UNITING_SECONDS = 20.0
ATTEMPTS = 3
PATIENCE_SECONDS = 90.0
MOST_PENDING_SECONDS = 300.0
MOST_LISTED = 1000
PAUSE_SECONDS = 0.25
"""Between questions: each is a new connection, and of many at once some are never answered."""
ARRIVAL_SECONDS = 1.0
"""After so long, what was written on one node is on all."""


class RealNodes:
    """The cluster of one drill."""

    def __init__(self, base: int, data: Path, binary: Path, *, log_level: str, has_links: bool) -> None:
        data.mkdir(parents=True)
        self.base = base
        self.data = data
        self.environment = {"NUN_DECLUTTER_INTERVAL": str(DECLUTTER_SECONDS), "NUN_LOG_LEVEL": log_level}
        """Of each further start."""
        self._target = BinaryTarget(base, data, binary)
        numbers = [port(base, index, TCP) for index in range(NODES)]
        self.links = [Link(port(base, index, LINK), numbers[index]) for index in range(NODES) if has_links]
        """What is before each node, for the others."""
        self.names = [link.name for link in self.links] or [f"{HOST}:{number}" for number in numbers]

    def url(self, index: int) -> str:
        """Return a node's URL for an exporter."""
        return f"http://127.0.0.1:{self.http_port(index)}"

    def http_port(self, index: int) -> int:
        """Return where it answers HTTP."""
        return port(self.base, index, HTTP)

    def websocket_port(self, index: int) -> int:
        """Return where it answers WebSocket."""
        return port(self.base, index, WEBSOCKET)

    def directory(self, index: int) -> Path:
        """Return where a node keeps its files."""
        return self.data / f"node{index}"

    def log(self, index: int) -> Path:
        """Return where its log goes."""
        return self._target.log(index)

    def process(self, index: int) -> int:
        """Return the number of its process."""
        return self._target.process(index)

    async def start(self, index: int, *, alone: bool = False) -> None:
        """Start a node, which asks the others to let it join, and wait until it has found its place."""
        await self._target.start(index, self.names[index], [] if alone else self.names, self.environment)
        await asyncio.sleep(DISTANCE_SECONDS)  # an election takes a second, and no reply tells its end

    async def send(self, index: int, name: str) -> None:
        """Send a signal to a node."""
        await self._target.signal(index, name)

    async def has_ended(self, index: int) -> bool:
        """Tell whether a node has ended by itself."""
        return await self._target.ended(index)

    async def type(self, command: str, index: int, words: Mapping[str, str] | None = None) -> None:
        """Run a shell command of the runbook as it is written, with its words in capitals filled in.

        Raises:
            ValueError: it failed.
        """
        text = command.replace("NODE:3013", f"127.0.0.1:{self.http_port(index)}")
        for word, meaning in (words or {}).items():
            text = re.sub(rf"(?<![A-Z]){word}(?![A-Z])", meaning, text)
        variables = {**os.environ, "NUN_USER": USER, "NUN_PWD": PASSWORD}
        process = await asyncio.create_subprocess_shell(text, env=variables, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        if process.returncode or b"error" in output or b"Not auth" in output:
            raise ValueError(f"{text}: {output!r}")

    async def close(self) -> None:
        """End everything."""
        await self._target.close()

    async def tell(self, index: int, *commands: str) -> str:
        """Run commands over HTTP as the administrator; an empty answer where there is none."""
        with suppress(OSError, EOFError, TimeoutError):
            async with asyncio.timeout(5):
                return await ask(self.http_port(index), SIGN_IN, *commands)
        return ""

    @asynccontextmanager
    async def talking(self, index: int, *first: str) -> AsyncIterator[Client]:
        """Open a TCP connection to a node, as the administrator."""
        async with connected(("127.0.0.1", port(self.base, index, TCP)), SIGN_IN, *first, timeout_seconds=30) as client:
            yield client

    async def primary(self) -> int:
        """Return the node that calls itself primary; the first one where several do."""
        for index in range(NODES):
            if f"{self.names[index]}(self):Primary" in await self.tell(index, "cluster-state"):
                return index
        raise LookupError("no node is primary")

    async def replica(self) -> int:
        """Return the last node that is not the primary."""
        primary = await self.primary()
        return next(index for index in reversed(range(NODES)) if index != primary)

    async def is_one_cluster(self) -> bool:
        """Tell whether every node lists all of them, and the same primary."""
        states = [await self.tell(index, "cluster-state") for index in range(NODES)]
        primaries = {name for name in self.names for state in states if _is(state, name, "Primary")}
        return len(primaries) == 1 and all(all(f"{name}(" in state for name in self.names) for state in states)

    async def unite(self) -> None:
        """Wait for one cluster; a node whose join failed is started again once more, as the runbook says."""
        for _ in range(JOINS):
            with suppress(TimeoutError):
                await eventually(self.is_one_cluster, seconds=UNITING_SECONDS, pause_seconds=PAUSE_SECONDS)
                return
            index = await self._outsider()
            await self.send(index, "SIGINT")
            await self.forgotten(index)
            await self.start(index)
        await eventually(self.is_one_cluster, seconds=UNITING_SECONDS, pause_seconds=PAUSE_SECONDS)

    async def _outsider(self) -> int:
        """Return a node that is missing from a list, but not the primary of the most."""
        states = [await self.tell(index, "cluster-state") for index in range(NODES)]
        known = [sum(f"{name}(" in state for state in states) for name in self.names]
        return min(reversed(range(NODES)), key=lambda index: (known[index], index == 0))

    async def forgotten(self, index: int) -> None:
        """Wait until no other node lists this one."""

        async def is_gone() -> bool:
            others = [await self.tell(other, "cluster-state") for other in range(NODES) if other != index]
            return not any(f"{self.names[index]}(" in state for state in others)

        await eventually(is_gone, seconds=PATIENCE_SECONDS, pause_seconds=PAUSE_SECONDS)
        await asyncio.sleep(DISTANCE_SECONDS)

    async def restart(self, index: int) -> None:
        """Restart a node as the runbook has it: SIGINT, and a start once nobody lists it."""
        await self.send(index, "SIGINT")
        await self.forgotten(index)
        await self.start(index)
        await self.unite()

    async def start_all(self) -> None:
        """Start three nodes, make the databases and fill them, and put them on every disk.

        A busy machine, or races of its own, may keep a cluster from forming: then all of it begins anew.

        Raises:
            TimeoutError: it has not formed.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._start_all()
            except (TimeoutError, OSError, RefusedError, LookupError):
                if attempt == ATTEMPTS:
                    raise
                await self.close()
                for index in range(NODES):
                    shutil.rmtree(self.directory(index), ignore_errors=True)
        raise AssertionError("unreachable")

    async def _start_all(self) -> None:
        for index in range(NODES):
            await self.start(index)
        await self.unite()
        primary = await self.primary()
        await self.tell(primary, f"create-db {DATABASE} {TOKEN} newer", f"create-db {DISPUTED} {DISPUTED} arbiter")
        await self.write_all()
        await self.snapshot(primary)

    async def write_all(self) -> None:
        """Write every key on the primary, one after another as clients do."""
        primary = await self.primary()
        async with self.talking(primary, OPEN) as client:
            for number in range(KEYS):
                await client.ask(f"set key{number} two words {number}")
            for number in range(LOAD_KEYS):
                await client.ask(f"set load{number} two words")
        await self.settled()

    async def settled(self) -> None:
        """Wait until every node has what is written last.

        That something is pending says nothing: one start in ten leaves an operation that nobody will acknowledge.
        """
        marker = f"{time.time_ns()}"
        await self.tell(await self.primary(), OPEN, f"set marker {marker} marker")

        async def is_settled() -> bool:
            said = [await self.tell(index, OPEN, "get marker") for index in range(NODES)]
            return all(f"value {marker} marker" in answer for answer in said)

        await eventually(is_settled, seconds=MOST_PENDING_SECONDS, pause_seconds=PAUSE_SECONDS)

    async def snapshot(self, index: int) -> None:
        """Take a snapshot of each database, each when `pending` no longer shows the last one, and wait for the disk."""
        for name, token in ((DATABASE, TOKEN), (DISPUTED, DISPUTED)):
            async with self.talking(index, f"use-db {name} {token}") as client:  # HTTP may be what is broken
                await client.ask("snapshot false")

                if await self._pending(client) > MOST_LISTED:  # the list would be too long, and nobody acknowledges
                    await asyncio.sleep(DISTANCE_SECONDS)
                    continue

                async def is_done(client: Client = client) -> bool:
                    return not any(", opp_id: 0," in entry for entry in await client.ask("debug pending-ops"))

                with suppress(TimeoutError):
                    await eventually(is_done, seconds=10, pause_seconds=PAUSE_SECONDS)
        await asyncio.sleep(2 * DECLUTTER_SECONDS)

    async def _pending(self, client: Client) -> int:
        (state, *_) = await client.ask("metrics-state")
        return int(state.partition("pending_ops: ")[2].partition(",")[0])

    async def copy_from_primary(self, index: int) -> None:
        """Copy the primary's files to a replica, as under NundbDatabaseStrategyDiffers, and write each key again."""
        primary = await self.primary()
        await self.snapshot(primary)
        with suppress(ProcessLookupError):
            await self.send(index, "SIGINT")
        await self.forgotten(index)
        self.copy_files(primary, index)
        await self.start(index)
        await self.unite()
        await self.write_all()

    def copy_files(self, primary: int, index: int) -> None:
        """Let a node that is down have the databases' files of the primary, and nothing else."""
        self.wipe(index)
        for file in self.directory(primary).glob("*-nun.*"):
            if file.name.split("-nun.")[0] not in ("oplog", "keys"):
                shutil.copy2(file, self.directory(index))

    def wipe(self, index: int) -> None:
        """Empty a node's directory."""
        shutil.rmtree(self.directory(index))
        self.directory(index).mkdir()

    @asynccontextmanager
    async def writing(self, per_second: float) -> AsyncIterator[None]:
        """Write to whichever node is primary, again and again; a client that is cut off reconnects."""

        async def write() -> None:
            for number in count():
                with suppress(OSError, RefusedError, LookupError, TimeoutError):
                    async with self.talking(await self.primary(), OPEN) as client:
                        while True:
                            await client.ask(f"set load{number % LOAD_KEYS} two words")
                            await asyncio.sleep(1 / per_second)
                await asyncio.sleep(1)

        async with meanwhile(write()):
            yield


def _is(state: str, name: str, role: str) -> bool:
    return any(f"{name}({link}):{role}" in state for link in ("self", "Connected", "Disconnected"))
