"""The faults that real nodes can be given from outside, the alerts that must fire, and the runbook's cures.

Entering breaks a cluster; leaving cures it as the runbook says.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp

from nundb_devserver import RefusedError
from nundb_exporter.monitoring.alerts import cluster, databases, node, oplog, replication
from nundb_exporter.monitoring.rule import Alert
from nundb_exporter.problems.oplog import LIMIT_BYTES

from .nodes import DISPUTED, NODES, OPEN, RealNodes

Break = Callable[[RealNodes], AbstractAsyncContextManager[None]]
NOWHERE = "127.0.0.1:1"
STARTS = 4
ARRIVAL_SECONDS = 1.0
CUT_OFF = (OSError, RefusedError, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class RealDrill:
    """One fault, on three nodes."""

    name: str
    about: str
    fires: tuple[Alert, ...] = ()
    """All must fire; with none, no critical alert may fire while the fault is watched."""
    is_prompt: bool = False
    """Whether something critical must fire within two minutes."""
    cure: str
    """What the runbook says, in short."""
    writes_per_second: float = 2.0
    takes_all_cores: bool = False
    """Whether no other cluster should be judged meanwhile."""
    run: Break


@asynccontextmanager
async def killed_replica(nodes: RealNodes) -> AsyncIterator[None]:
    """SIGKILL; then its files from the primary, and each key again."""
    index = await nodes.replica()
    await nodes.send(index, "SIGKILL")
    yield
    await nodes.copy_from_primary(index)


@asynccontextmanager
async def killed_primary(nodes: RealNodes) -> AsyncIterator[None]:
    """SIGKILL of the primary; it comes back as a replica."""
    index = await nodes.primary()
    await nodes.send(index, "SIGKILL")
    yield
    await nodes.copy_from_primary(index)


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
    """Let a replica die with operations unacknowledged, and join again."""
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
    primary = await nodes.primary()
    await nodes.snapshot(primary)
    await nodes.restart(primary)
    await nodes.write_all()


@asynccontextmanager
async def leaked(nodes: RealNodes) -> AsyncIterator[None]:
    """Debts of a replica that has died; they end with the primary's process."""
    index = await leak(nodes)
    yield
    await nodes.copy_from_primary(index)
    primary = await nodes.primary()
    await nodes.snapshot(primary)
    await nodes.restart(primary)
    await nodes.write_all()


@asynccontextmanager
async def dead_http(nodes: RealNodes) -> AsyncIterator[None]:
    """Four panics end HTTP."""
    index = await nodes.replica()
    for _ in range(4):
        await nodes.tell(index, "election candidate x")
    yield
    await nodes.snapshot(index)
    await nodes.restart(index)
    await nodes.write_all()


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
    await nodes.snapshot(index)
    await nodes.restart(index)
    await nodes.write_all()


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


async def conflict(nodes: RealNodes) -> None:
    """Make a conflict on the primary, whose arbiter leaves at once."""
    async with nodes.talking(await nodes.primary(), f"use-db {DISPUTED} {DISPUTED}") as client:
        await client.run("arbiter", "set contested one", "set contested two", "set-safe contested 0 stale")


async def undo_conflict(nodes: RealNodes, key: str) -> None:
    """Type what the runbook has under NundbConflictsUnresolved, for each record of the key."""
    primary = await nodes.primary()
    async with nodes.talking(primary, f"use-db {DISPUTED} {DISPUTED}") as client:
        (listed,) = await client.ask(f"keys $conflicts_{key}_")
    for record in filter(None, listed.removeprefix("keys ").split(",")):
        operation = record.rpartition("_")[2]
        words = {"DATABASE": DISPUTED, "TOKEN": DISPUTED, "KEY": key, "OPERATION": operation, "VALUE": "settled"}
        await nodes.type(databases.UNDO_CONFLICT, primary, words)


@asynccontextmanager
async def unresolved_conflict(nodes: RealNodes) -> AsyncIterator[None]:
    """A conflict that nobody resolves; then the runbook's commands, in their order."""
    await conflict(nodes)
    yield
    await undo_conflict(nodes, "contested")
    primary = await nodes.primary()
    open_it = f"use-db {DISPUTED} {DISPUTED}"
    for index in range(NODES):  # every node has it, and takes the next write
        answer = await nodes.tell(index, open_it, "get contested")
        if "value settled" not in answer:
            raise ValueError(f"node {index} says {answer!r}")
    await nodes.tell(primary, open_it, "set contested again")
    await nodes.tell(primary, open_it, "set contested settled")


@asynccontextmanager
async def storm(nodes: RealNodes) -> AsyncIterator[None]:
    """A verdict goes round; then all secondaries stop, get the primary's files, and start again."""
    primary = await nodes.primary()
    async with nodes.talking(primary, f"use-db {DISPUTED} {DISPUTED}") as client:
        answer = await client.run("arbiter", "set storm one", "set storm two", "set-safe storm 0 stale")
        found = re.search(r"resolve (\d+) \S+ (-?\d+) storm ", answer)
        if found is None:
            raise ValueError("nobody was asked to resolve the conflict")
        with suppress(*CUT_OFF):
            await client.run(f"resolve {found[1]} {DISPUTED} storm {found[2]} settled")
    yield
    others = [index for index in range(NODES) if index != primary]
    for index in others:
        with suppress(ProcessLookupError):
            await nodes.send(index, "SIGKILL")
    for index in others:
        with suppress(TimeoutError):
            await nodes.forgotten(index)
    await nodes.snapshot(primary)
    for index in others:
        nodes.copy_files(primary, index)
        await nodes.start(index)
    await nodes.unite()
    await nodes.write_all()
    await nodes.restart(primary)
    await nodes.write_all()
    await undo_conflict(nodes, "storm")


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
    await nodes.snapshot(primary)
    await nodes.restart(primary)
    await nodes.write_all()


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
async def panics_at_each_start(nodes: RealNodes) -> AsyncIterator[None]:
    """A replica's operation log names a database that it never saved; then it gets the primary's files."""
    index, primary = await nodes.replica(), await nodes.primary()
    await nodes.tell(primary, "create-db unsaved unsaved newer")
    for _ in range(STARTS):
        await nodes.settled()
        async with nodes.talking(primary, "use-db unsaved unsaved") as client:
            await client.ask("set key1 b")  # a name that is known: then the log counts as valid
        await asyncio.sleep(ARRIVAL_SECONDS)
        await nodes.send(index, "SIGKILL")
        await nodes.forgotten(index)
        with suppress(TimeoutError):  # it may have ended before it listened on each port
            await nodes.start(index)
        if await nodes.has_ended(index):
            break
    else:
        raise ValueError("it has not panicked")
    yield
    async with nodes.talking(primary, "use-db unsaved unsaved") as client:
        await client.ask("snapshot false")
    await nodes.copy_from_primary(index)


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
    nodes.grow_oplog(index, int(1.3 * LIMIT_BYTES))
    yield
    await nodes.copy_from_primary(index)


DRILLS = (
    RealDrill(
        name="unresolved conflict",
        about="A conflict waits for an arbiter that has left.",
        fires=(databases.CONFLICTS_UNRESOLVED,),
        cure="the record is removed, the key is removed, the key is set",
        run=unresolved_conflict,
    ),
    RealDrill(
        name="oplog over its limit",
        about="The operation log of a replica has 1.3 GiB, and is not pruned.",
        fires=(oplog.OVER_LIMIT,),
        cure="an empty directory with the primary's files, and each key again",
        run=large_oplog,
    ),
    RealDrill(
        name="overlapping snapshots",
        about="Two snapshots overlap.",
        fires=(replication.SNAPSHOT_STUCK,),
        cure="a snapshot on every replica itself, then the primary restarts, and each key again",
        run=overlapping_snapshots,
    ),
    RealDrill(
        name="dead replica",
        about="A replica is killed.",
        fires=(node.DOWN,),
        cure="the primary's files, and each key again",
        run=killed_replica,
    ),
    RealDrill(
        name="dead primary",
        about="The primary is killed.",
        fires=(node.DOWN,),
        cure="the new primary's files, and each key again",
        run=killed_primary,
    ),
    *(
        RealDrill(
            name=f"hung replica, {rate} writes/s",
            about="A replica is stopped with SIGSTOP under load.",
            fires=(node.HUNG,),
            is_prompt=True,
            cure="SIGCONT",
            writes_per_second=rate,
            run=stopped(),
        )
        for rate in (2, 25, 200)
    ),
    RealDrill(
        name="leak, then hung replica",
        about="A replica has old debts, then hangs at 2 writes a second.",
        fires=(node.HUNG,),
        is_prompt=True,
        cure="SIGCONT, then the primary restarts, and each key again",
        run=leak_and_stop,
    ),
    RealDrill(
        name="hung primary",
        about="The primary is stopped with SIGSTOP.",
        fires=(node.HUNG,),
        cure="SIGCONT",
        run=stopped(is_primary=True),
    ),
    RealDrill(
        name="dead HTTP",
        about="Four panics have ended the HTTP listener.",
        fires=(node.DOWN, node.TRANSPORT_DOWN),
        cure="snapshot, restart, each key again",
        run=dead_http,
    ),
    RealDrill(
        name="dead WebSocket",
        about="A frame that is not UTF-8 has ended the WebSocket listener.",
        fires=(node.TRANSPORT_DOWN,),
        cure="snapshot, restart, each key again",
        run=dead_websocket,
    ),
    RealDrill(
        name="leak",
        about="A replica dies with operations unacknowledged.",
        fires=(node.DOWN, replication.LEAKED),
        cure="the primary's files, then the primary restarts, and each key again",
        run=leaked,
    ),
    RealDrill(
        name="isolated member",
        about="A replica starts alone and elects itself.",
        fires=(cluster.SEVERAL_PRIMARIES, cluster.SEVERAL_ACTING_PRIMARIES, cluster.MEMBERS_DISAGREE),
        cure="stopped, started with the primary's files, and each key again",
        run=alone,
    ),
    RealDrill(
        name="emptied replica",
        about="A replica joins with an empty directory.",
        fires=(databases.STRATEGY_DIFFERS,),
        cure="the primary's files, and each key again",
        run=emptied_replica,
    ),
    RealDrill(
        name="missed database",
        about="The primary forgets a replica, and a database is created then.",
        fires=(databases.MISSING, cluster.MEMBERS_DISAGREE),
        cure="the primary's files, and each key again",
        run=missed_database,
    ),
    RealDrill(
        name="primary that steps back",
        about="The primary hears of an older node that does not exist.",
        fires=(cluster.ROLE_NOT_ACTED, cluster.NO_ACTING_PRIMARY),
        cure="debug force-election",
        run=steps_back,
    ),
    RealDrill(
        name="primary that does not act",
        about="The same.",
        fires=(cluster.ROLE_NOT_ACTED, cluster.NO_ACTING_PRIMARY),
        cure="snapshot, restart, each key again",
        run=does_not_act,
    ),
    RealDrill(
        name="no primary",
        about="Every node follows a primary that does not exist.",
        fires=(cluster.NO_PRIMARY, cluster.NO_ACTING_PRIMARY),
        cure="debug force-election",
        run=ghost,
    ),
    RealDrill(
        name="panic at each start",
        about="A replica's operation log names a database that it never saved.",
        fires=(node.DOWN,),
        cure="an empty directory with the primary's files, and each key again",
        writes_per_second=0.02,  # the last record must be that of the database
        run=panics_at_each_start,
    ),
    RealDrill(
        name="restart",
        about="A replica is saved and restarts.",
        cure="each key again",
        run=restarted,
    ),
    RealDrill(
        name="removal on a replica",
        about="A key is removed on a secondary.",
        cure="each key again",
        run=removed_on_replica,
    ),
    RealDrill(
        name="storm",
        about="One resolved conflict goes round between three nodes.",
        fires=(oplog.RESOLVE_STORM,),
        cure="all secondaries stop, get the primary's files, and start; the primary restarts; each key again",
        takes_all_cores=True,
        run=storm,
    ),
)
