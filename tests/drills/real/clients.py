"""What clients do to real nodes, as their logs and processes show it; and the runbook's cures.

Entering breaks a cluster; leaving cures it as the runbook says.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from nundb_exporter.monitoring.alerts import host
from tests.drills.breaks import meanwhile

from .faults import restart_saved
from .nodes import ARRIVAL_SECONDS, NODES, OPEN, RealNodes

PLAIN = "plain"
"""Databases without a strategy, their names as their tokens."""
OPEN_PLAIN = f"use-db {PLAIN} {PLAIN}"
LARGE = "large"
OPEN_LARGE = f"use-db {LARGE} {LARGE}"
LARGE_KEYS, AT_ONCE = 30_000, 500
QUESTION_SECONDS = 5.0
IDLE_CONNECTIONS = 200
MOST_USED = 0.9
"""Of the descriptors: the rest is for those who look."""


@asynccontextmanager
async def lost_workers(nodes: RealNodes) -> AsyncIterator[None]:
    """Two panics end two HTTP workers of four; then the node restarts."""
    index = await nodes.replica()
    for _ in range(2):
        await nodes.tell(index, "election candidate x")
    yield
    await restart_saved(nodes, index)


@asynccontextmanager
async def dead_watchers(nodes: RealNodes) -> AsyncIterator[None]:
    """A client watches keys over HTTP, and selects another database; then the node restarts, which alone forgets it."""
    index = await nodes.replica()
    await nodes.tell(index, f"create-db {PLAIN} {PLAIN} none")
    await nodes.tell(index, OPEN, *(f"watch load{number}" for number in range(10)), "use-db disputes disputes")
    yield
    await restart_saved(nodes, index)


@asynccontextmanager
async def refused_writes(nodes: RealNodes) -> AsyncIterator[None]:
    """A client writes on a replica, and later with `set-safe` on the primary; then it writes the key there plainly."""
    index, primary = await nodes.replica(), await nodes.primary()
    await nodes.tell(primary, f"create-db {PLAIN} {PLAIN} none", OPEN_PLAIN, "set key two words", "snapshot false")
    await asyncio.sleep(ARRIVAL_SECONDS)
    await nodes.tell(index, OPEN_PLAIN, "set key on replica")
    await asyncio.sleep(ARRIVAL_SECONDS)
    state = await nodes.tell(primary, OPEN_PLAIN, "get-safe key")
    version = state.partition("value-version ")[2].partition(" ")[0]
    await nodes.tell(primary, OPEN_PLAIN, f"set-safe key {version} on primary")
    yield
    await nodes.tell(primary, OPEN_PLAIN, "set key on all")
    await asyncio.sleep(ARRIVAL_SECONDS)
    for other in range(NODES):
        answer = await nodes.tell(other, OPEN_PLAIN, "get key")
        if "value on all" not in answer:
            raise ValueError(f"node {other} says {answer!r}")


@asynccontextmanager
async def slow_commands(nodes: RealNodes) -> AsyncIterator[None]:
    """A client lists all keys of a large database, again and again; then it lists those of a pattern."""
    primary = await nodes.primary()
    await nodes.tell(primary, f"create-db {LARGE} {LARGE} none")
    for first in range(0, LARGE_KEYS, AT_ONCE):
        await nodes.tell(primary, OPEN_LARGE, *(f"set key{first + number} x" for number in range(AT_ONCE)))
        await nodes.settled()  # replicas are not to be behind for long
    async with _asking(nodes, primary, "keys"):
        yield
    async with _asking(nodes, primary, "keys key1234*"):
        await nodes.tell(primary, OPEN_LARGE, "snapshot")
        await nodes.snapshot(primary)


@asynccontextmanager
async def few_descriptors(nodes: RealNodes) -> AsyncIterator[None]:
    """Idle clients hold most of what a node may open; then its limit is raised while it runs."""
    index = await nodes.replica()
    process = str(nodes.process(index))
    async with AsyncExitStack() as clients:
        for _ in range(IDLE_CONNECTIONS):
            await clients.enter_async_context(nodes.talking(index))
        limit = int(_descriptors(process) / MOST_USED)
        await nodes.type(f"prlimit --nofile={limit}: --pid {process}", index)
        yield
        await nodes.type(host.RAISE_LIMIT.replace(host.PROCESS, process), index)
        await nodes.settled()


def _descriptors(process: str) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


@asynccontextmanager
async def _asking(nodes: RealNodes, index: int, command: str) -> AsyncIterator[None]:
    async def ask() -> None:
        while True:
            await nodes.tell(index, OPEN_LARGE, command)
            await asyncio.sleep(QUESTION_SECONDS)

    async with meanwhile(ask()):
        yield
