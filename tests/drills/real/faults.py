"""The faults that real nodes can be given from outside, and the runbook's cures.

Entering breaks a cluster; leaving cures it as the runbook says.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import aiohttp

from nundb_exporter.monitoring.alerts import cluster
from nundb_exporter.monitoring.rule import FORGET_COMMAND
from nundb_exporter.problems.oplog import LIMIT_BYTES

from .drill import Break
from .nodes import NODES, OPEN, RealNodes

RECORD_BYTES = 25
"""Of an operation log."""
LIFE_SECONDS = 20.0
"""How long a primary lives that is ended again and again: longer than from one scrape to the next."""
NOWHERE = "127.0.0.1:1"


async def restart_saved(nodes: RealNodes, index: int) -> None:
    """Take a snapshot on a node, restart it, and write each key again, as the runbook has it."""
    await nodes.snapshot(index)
    await nodes.restart(index)
    await nodes.write_all()


def killed(*, is_primary: bool = False) -> Break:
    """SIGKILL; then the primary's files, and each key again: a primary comes back as a replica."""

    @asynccontextmanager
    async def run(nodes: RealNodes) -> AsyncIterator[None]:
        index = await nodes.primary() if is_primary else await nodes.replica()
        await nodes.send(index, "SIGKILL")
        yield
        await nodes.copy_from_primary(index)

    return run


def stopped(*, is_primary: bool = False) -> Break:
    """SIGSTOP; then SIGCONT."""

    @asynccontextmanager
    async def run(nodes: RealNodes) -> AsyncIterator[None]:
        index = await nodes.primary() if is_primary else await nodes.replica()
        await nodes.send(index, "SIGSTOP")
        yield
        await nodes.send(index, "SIGCONT")
        await nodes.settled()

    return run


async def leak(nodes: RealNodes) -> int:
    """Let a replica die with operations unacknowledged, and return it."""
    index = await nodes.replica()
    await nodes.send(index, "SIGSTOP")
    async with nodes.talking(await nodes.primary(), OPEN) as client:
        for number in range(20):
            await client.ask(f"set key{number} two words {number}")
    await nodes.send(index, "SIGKILL")
    return index


@asynccontextmanager
async def leak_and_stop(nodes: RealNodes) -> AsyncIterator[None]:
    """Old debts, and then a replica that hangs."""
    index = await leak(nodes)
    await nodes.forgotten(index)
    await nodes.start(index)
    await nodes.unite()
    await nodes.send(index, "SIGSTOP")
    yield
    await nodes.send(index, "SIGCONT")
    await asyncio.sleep(5)
    await restart_saved(nodes, await nodes.primary())


@asynccontextmanager
async def leaked(nodes: RealNodes) -> AsyncIterator[None]:
    """Debts of a replica that has died; they end with the primary's process."""
    index = await leak(nodes)
    yield
    await nodes.copy_from_primary(index)
    await restart_saved(nodes, await nodes.primary())


@asynccontextmanager
async def dead_http(nodes: RealNodes) -> AsyncIterator[None]:
    """Four panics end HTTP."""
    index = await nodes.replica()
    for _ in range(4):
        await nodes.tell(index, "election candidate x")
    yield
    await restart_saved(nodes, index)


@asynccontextmanager
async def dead_websocket(nodes: RealNodes) -> AsyncIterator[None]:
    """One binary frame that is not UTF-8."""
    index = await nodes.replica()
    async with aiohttp.ClientSession() as session:
        with suppress(aiohttp.ClientError):
            async with session.ws_connect(f"http://127.0.0.1:{nodes.websocket_port(index)}/") as client:
                await client.send_bytes(b"\xff\xfe")
                await client.receive(timeout=5)
    yield
    await restart_saved(nodes, index)


@asynccontextmanager
async def overlapping_snapshots(nodes: RealNodes) -> AsyncIterator[None]:
    """Two in one write; then one on every replica itself, and a restart of the primary."""
    primary = await nodes.primary()
    async with nodes.talking(primary, OPEN) as client:
        await client.run("snapshot false", "snapshot false")
    yield
    for index in range(NODES):
        await nodes.snapshot(index)
    await nodes.restart(primary)
    await nodes.write_all()


@asynccontextmanager
async def alone(nodes: RealNodes) -> AsyncIterator[None]:
    """A replica starts without its peers, as after a failed join."""
    index = await nodes.replica()
    await nodes.send(index, "SIGINT")
    await nodes.forgotten(index)
    await nodes.start(index, alone=True)
    yield
    await nodes.copy_from_primary(index)


@asynccontextmanager
async def emptied_replica(nodes: RealNodes) -> AsyncIterator[None]:
    """A replica joins with an empty directory; then it gets the primary's files."""
    index = await nodes.replica()
    await nodes.send(index, "SIGINT")
    await nodes.forgotten(index)
    nodes.wipe(index)
    await nodes.start(index)
    await nodes.unite()
    yield
    await nodes.copy_from_primary(index)


@asynccontextmanager
async def missed_database(nodes: RealNodes) -> AsyncIterator[None]:
    """The primary forgets a replica, and a database is created then."""
    index, primary = await nodes.replica(), await nodes.primary()
    await nodes.tell(primary, f"replicate-leave {nodes.names[index]}", "create-db late late newer")
    yield
    async with nodes.talking(primary, "use-db late late") as client:
        await client.ask("set a b")
        await client.ask("snapshot false")
    await nodes.copy_from_primary(index)


@asynccontextmanager
async def steps_back(nodes: RealNodes) -> AsyncIterator[None]:
    """The primary hears of an older node that does not exist; then an election is forced, by the runbook's command."""
    primary = await nodes.primary()
    await nodes.tell(primary, f"election candidate 1 {NOWHERE}")
    yield
    await nodes.type(cluster.FORCE_ELECTION, primary)


@asynccontextmanager
async def does_not_act(nodes: RealNodes) -> AsyncIterator[None]:
    """The same; then the node restarts."""
    primary = await nodes.primary()
    await nodes.tell(primary, f"election candidate 1 {NOWHERE}")
    yield
    await restart_saved(nodes, primary)


@asynccontextmanager
async def ghost(nodes: RealNodes) -> AsyncIterator[None]:
    """Every node follows a primary that does not exist; then an election is forced where the oldest node is."""
    first = await nodes.primary()
    async with AsyncExitStack() as clients:
        for index in range(NODES):
            client = await clients.enter_async_context(nodes.talking(index))
            await client.run(f"election candidate 1 {NOWHERE}", f"set-primary {NOWHERE}")
        yield
        await nodes.type(cluster.FORCE_ELECTION, first)


@asynccontextmanager
async def ended_primaries(nodes: RealNodes) -> AsyncIterator[None]:
    """Whatever runs the nodes ends the one that is primary and starts it again; then it is told not to."""
    is_told = False

    async def end_and_start() -> None:
        while not is_told:
            index = await nodes.primary()
            await nodes.send(index, "SIGKILL")
            await nodes.forgotten(index)
            await nodes.start(index)
            await nodes.unite()
            await asyncio.sleep(LIFE_SECONDS)

    ending = asyncio.create_task(end_and_start())
    try:
        yield
        is_told = True
        await ending
    finally:
        ending.cancel()
    await nodes.write_all()


@asynccontextmanager
async def listed_twice(nodes: RealNodes) -> AsyncIterator[None]:
    """A replica hears of a member whose name reads like that of two, and tells the other; then both forget it."""
    name = f"{NOWHERE}(Connected):Secoundary,{NOWHERE}"  # sic
    await nodes.tell(await nodes.replica(), f"replicate-join {name}")
    yield
    for index in range(NODES):
        if name in await nodes.tell(index, "cluster-state"):
            await nodes.type(FORGET_COMMAND, index, {"MEMBER": name})


@asynccontextmanager
async def restarted(nodes: RealNodes) -> AsyncIterator[None]:
    """One replica restarts, saved before, as in an upgrade."""
    index = await nodes.replica()
    await nodes.snapshot(index)
    await nodes.restart(index)
    yield
    await nodes.write_all()


@asynccontextmanager
async def removed_on_replica(nodes: RealNodes) -> AsyncIterator[None]:
    """A key is removed on a secondary, which tells nobody; then it is written again on the primary."""
    await nodes.tell(await nodes.replica(), OPEN, "remove key1", "remove key2")
    yield
    await nodes.write_all()


@asynccontextmanager
async def large_oplog(nodes: RealNodes) -> AsyncIterator[None]:
    """The log is over its limit and is not pruned; an emptied directory begins a new one."""
    index = await nodes.replica()
    file = nodes.directory(index) / "oplog-nun.op"
    os.truncate(file, file.stat().st_size + int(1.3 * LIMIT_BYTES) // RECORD_BYTES * RECORD_BYTES)  # a hole
    yield
    await nodes.copy_from_primary(index)
