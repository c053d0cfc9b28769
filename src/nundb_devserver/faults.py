"""What can go wrong with a cluster, each switchable while it runs.

A fault puts a node into a condition, or does what an operator, a client or a network may do; what monitoring then shows
comes of the messages that the nodes send each other. A healthy run has none of these. Snapshots always go out under
operation id 0, as with the real server: they leak only where two overlap, which the fault makes happen and a healthy
workload does not. Likewise a replica's values are damaged only when it joins a cluster that has data.
"""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from nundb_devserver.connection import Connection
from nundb_devserver.errors import FaultError, NotReadyError, UnknownError
from nundb_devserver.http import HttpConnection
from nundb_devserver.process import Process
from nundb_devserver.snapshots import SUFFIXES
from nundb_devserver.store import (
    ADMIN_DATABASE,
    CONFLICTS_KEY,
    CONNECTIONS_KEY,
    SECURITY_PREFIX,
    TOKEN_KEY,
    State,
)
from nundb_devserver.tcp import TcpConnection
from nundb_devserver.visitor import Visitor
from nundb_devserver.websocket import WebSocketConnection

if TYPE_CHECKING:
    from nundb_devserver.cluster import Cluster
    from nundb_devserver.node import Node

DATABASE = "faults"
"""What faults write into, created when it is first needed; its token is its name."""
DISPUTED = "disputes"
"""Likewise, with strategy arbiter."""
LATE = "late"
"""Created while a replica does not listen."""

GHOST = "127.0.0.1:1"
"""A primary that does not exist."""

LOST_WRITES = 3
CONFLICTS = 3
SMALL_LIMIT_BYTES = 100_000
NEARLY_FULL = 0.97
SLOW_COMMAND_SECONDS = 0.25
SLOW_LINK_SECONDS = 0.2
CLOCK_ERROR_NANOSECONDS = 3_600 * 1_000_000_000
RESTART_SECONDS = 2.0
REJOINING_SECONDS = 2.0
ELECTION_SECONDS = 1.5
LEAK_SECONDS = 0.1
POLL_SECONDS = 0.01


class Fault(NamedTuple):
    """One fault. Entering `run` for a node switches it on, leaving it cures it."""

    name: str
    description: str
    is_for_primary: bool
    run: "Callable[[Cluster, int], AbstractAsyncContextManager[None]]"
    is_momentary: bool = False
    needs_replica: bool = False


@asynccontextmanager
async def _hung_node(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    cluster.nodes[index].hang()
    yield
    cluster.nodes[index].go_on()


@asynccontextmanager
async def _hung_replica(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    _mute(cluster.nodes[index], is_mute=True)
    yield
    _mute(cluster.nodes[index], is_mute=False)


@asynccontextmanager
async def _dead_replica(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    node = cluster.nodes[index]
    _mute(node, is_mute=True)
    primary = _primary(cluster)
    async with Visitor(primary) as visitor:
        await _use(visitor, DATABASE)
        await visitor.run(*(f"set lost{number} two words" for number in range(LOST_WRITES)))
    await cluster.until(lambda: len(_process(primary).pending) >= LOST_WRITES)
    await cluster.kill(index)
    node.conditions.is_mute = False
    yield
    await cluster.start(index)


@asynccontextmanager
async def _dead_node(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    await cluster.kill(index)
    yield
    await cluster.start(index)


@asynccontextmanager
async def _snapshot_leak(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    async with Visitor(cluster.nodes[index]) as visitor:
        await _use(visitor, DATABASE)
        await visitor.run("snapshot false", "snapshot true")
    yield


@asynccontextmanager
async def _two_primaries(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    node = cluster.nodes[index]
    node.conditions.is_severed = True
    _process(node).sever()
    await cluster.until(lambda: _process(node).is_primary)
    yield
    node.conditions.is_severed = False
    await cluster.restart(index)


@asynccontextmanager
async def _isolated_member(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    node = cluster.nodes[index]
    node.conditions.is_alone = True
    await cluster.restart(index)
    await cluster.until(lambda: _process(node).is_primary)
    yield
    node.conditions.is_alone = False
    await cluster.restart(index)


@asynccontextmanager
async def _no_primary(cluster: "Cluster", _index: int) -> AsyncIterator[None]:
    # An older candidate makes every node step back, and a primary that nobody can dial keeps its place for as long as
    # the connections stay that have spoken for it (protocol notes 6.4, 6.6).
    async with AsyncExitStack() as visitors:
        for node in cluster.nodes:
            if node.is_running:
                visitor = await visitors.enter_async_context(Visitor(node))
                await visitor.run(f"election candidate 1 {GHOST}", f"set-primary {GHOST}")
        yield


def _dead_listener(
    listener: type[Connection], field: str
) -> "Callable[[Cluster, int], AbstractAsyncContextManager[None]]":
    @asynccontextmanager
    async def run(cluster: "Cluster", index: int) -> AsyncIterator[None]:
        node = cluster.nodes[index]
        setattr(node.conditions, field, False)
        _process(node).stop_listening(listener)
        yield
        setattr(node.conditions, field, True)
        if node.process is not None:
            node.process.listen(listener)

    return run


@asynccontextmanager
async def _resolve_storm(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    async with Visitor(cluster.nodes[index]) as visitor:
        await _use(visitor, DISPUTED)
        answer = await visitor.run("arbiter", "set storm one", "set storm two", "set-safe storm 0 stale")
        found = re.search(r"resolve (\d+) \S+ (-?\d+) storm ", answer)
        if found is None:
            raise FaultError("nobody was asked to resolve the conflict")
        await visitor.run(f"resolve {found[1]} {DISPUTED} storm {found[2]} settled")
    yield
    for node in cluster.nodes:
        node.conditions.drops_verdicts = True
    await _until_quiet(cluster)
    for node in cluster.nodes:
        node.conditions.drops_verdicts = False


@asynccontextmanager
async def _sync_damage(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    async with Visitor(_primary(cluster)) as visitor:
        await _use(visitor, DATABASE)
        await visitor.run("set damaged two words", "set gone oneword")
    await cluster.kill(index)
    await cluster.parted(index)
    cluster.nodes[index].wipe()
    await cluster.start(index)
    await cluster.ready()
    yield
    await _restore(cluster, index)


@asynccontextmanager
async def _missing_database(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    async with Visitor(_primary(cluster)) as visitor:
        await visitor.run(f"replicate-leave {cluster.nodes[index].name}", f"create-db {LATE} {LATE} newer")
    yield
    # A mere restart asks for what is newer than the replica's own last operation, which may be newer than the database.
    await _restore(cluster, index)


@asynccontextmanager
async def _slow_command(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    cluster.nodes[index].conditions.slow_seconds = SLOW_COMMAND_SECONDS
    yield
    cluster.nodes[index].conditions.slow_seconds = 0.0


@asynccontextmanager
async def _slow_link(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    conditions = cluster.nodes[index].conditions
    conditions.link_delay_seconds += SLOW_LINK_SECONDS
    yield
    conditions.link_delay_seconds -= SLOW_LINK_SECONDS


@asynccontextmanager
async def _wrong_clock(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    cluster.nodes[index].conditions.clock_offset_nanoseconds = CLOCK_ERROR_NANOSECONDS
    await cluster.restart(index)
    yield
    cluster.nodes[index].conditions.clock_offset_nanoseconds = 0
    await cluster.restart(index)


@asynccontextmanager
async def _wrong_password(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    cluster.nodes[index].conditions.password = "changed"  # noqa: S105 - that it is another one is the point
    yield
    cluster.nodes[index].conditions.password = None


@asynccontextmanager
async def _restart(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    await cluster.restart(index)
    yield


@asynccontextmanager
async def _restart_loop(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    async with _repeated(lambda: cluster.restart(index), RESTART_SECONDS):
        yield
    # The last of them may have been missed by somebody, as a node may that comes and goes (protocol notes 6.3).
    try:
        await cluster.ready(REJOINING_SECONDS)
    except NotReadyError:
        await cluster.restart(index)


@asynccontextmanager
async def _flapping_elections(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    async def elect() -> None:
        async with Visitor(cluster.nodes[index]) as visitor:
            await visitor.run("debug force-election")

    async with _repeated(elect, ELECTION_SECONDS):
        yield


@asynccontextmanager
async def _connection_leak(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    async with Visitor(_primary(cluster)) as visitor:
        await _use(visitor, DATABASE)
    node = cluster.nodes[index]
    await cluster.until(lambda: DATABASE in _process(node).databases)

    async def leak() -> None:
        # A second use-db on the same connection counts twice and is taken back once (protocol notes 3.4).
        async with Visitor(node) as visitor:
            await visitor.run(f"use-db {DATABASE} {DATABASE}", f"use-db {DATABASE} {DATABASE}")

    async with _repeated(leak, LEAK_SECONDS):
        yield


@asynccontextmanager
async def _unresolved_conflicts(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    keys = [f"disputed{number}" for number in range(CONFLICTS)]
    async with Visitor(cluster.nodes[index]) as visitor:
        await _use(visitor, DISPUTED)
        await visitor.run("arbiter")
        for key in keys:
            await visitor.run(f"set {key} one", f"set {key} two", f"set-safe {key} 0 stale")
    yield
    async with Visitor(_primary(cluster)) as visitor:
        await _use(visitor, DISPUTED)
        stored = re.search(r"^keys (.*)$", await visitor.run(f"keys {CONFLICTS_KEY}_disputed"), re.MULTILINE)
        names = [name for name in stored[1].split(",") if name] if stored else []
        await visitor.run(*(f"remove {name}" for name in (*names, *keys)))


@asynccontextmanager
async def _oplog_near_limit(cluster: "Cluster", index: int) -> AsyncIterator[None]:
    node = cluster.nodes[index]
    node.conditions.oplog_limit = SMALL_LIMIT_BYTES
    oplog = _process(node).oplog
    configured, oplog.limit = oplog.limit, SMALL_LIMIT_BYTES
    async with Visitor(_primary(cluster)) as visitor:
        await _use(visitor, DATABASE)
        while oplog.size() < SMALL_LIMIT_BYTES * NEARLY_FULL:
            await visitor.run(*(f"set filler{number} x" for number in range(50)))
    yield
    node.conditions.oplog_limit = None
    if node.process is not None:
        node.process.oplog.limit = configured


FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("hung-node", "The whole process stops, its sockets stay open.", False, _hung_node),
        Fault(
            "hung-replica",
            "A replica stops acknowledging and still serves clients.",
            False,
            _hung_replica,
            needs_replica=True,
        ),
        Fault(
            "dead-replica",
            "A replica dies with operations unacknowledged, which stay pending until the primary's process ends.",
            False,
            _dead_replica,
            needs_replica=True,
        ),
        Fault("dead-node", "A process is killed and does not come back.", False, _dead_node),
        Fault(
            "snapshot-leak",
            "Two snapshots overlap, and their shared operation id 0 stays pending until the primary's process ends.",
            True,
            _snapshot_leak,
            needs_replica=True,
        ),
        Fault(
            "two-primaries",
            "A replica is cut off from the others and elects itself.",
            False,
            _two_primaries,
            needs_replica=True,
        ),
        Fault(
            "isolated-member",
            "A node starts, joins nobody, and is a cluster of its own.",
            False,
            _isolated_member,
            needs_replica=True,
        ),
        Fault("no-primary", "Every node follows a primary that does not exist.", True, _no_primary),
        Fault(
            "http-dead",
            "The HTTP listener is gone, TCP and WebSocket live on.",
            False,
            _dead_listener(HttpConnection, "has_http"),
        ),
        Fault(
            "websocket-dead",
            "The WebSocket listener is gone, HTTP and TCP live on.",
            False,
            _dead_listener(WebSocketConnection, "has_websocket"),
        ),
        Fault(
            "tcp-dead",
            "The TCP listener is gone, HTTP and WebSocket live on.",
            False,
            _dead_listener(TcpConnection, "has_tcp"),
        ),
        Fault(
            "resolve-storm",
            "One resolved conflict goes round between the nodes without end.",
            True,
            _resolve_storm,
            needs_replica=True,
        ),
        Fault(
            "sync-damage",
            "A replica joins with an empty directory and gets values without their first word.",
            False,
            _sync_damage,
            needs_replica=True,
        ),
        Fault(
            "strategy-mismatch",
            "A replica joins with an empty directory and gets databases without their strategy.",
            False,
            _sync_damage,
            needs_replica=True,
        ),
        Fault(
            "missing-database",
            "The primary forgets a replica, which misses a database that is created then.",
            False,
            _missing_database,
            needs_replica=True,
        ),
        Fault("slow-command", "Every command on data takes a quarter of a second.", False, _slow_command),
        Fault(
            "slow-link",
            "What other nodes send takes a fifth of a second longer to arrive.",
            False,
            _slow_link,
            needs_replica=True,
        ),
        Fault(
            "wrong-clock",
            "The clock is an hour ahead, as from the next start, which follows at once.",
            False,
            _wrong_clock,
        ),
        Fault("wrong-password", "The administrator's password is another one.", False, _wrong_password),
        Fault("restart", "A process ends and starts again, once.", False, _restart, is_momentary=True),
        Fault("restart-loop", "A process starts again every two seconds.", False, _restart_loop),
        Fault(
            "flapping-elections", "The primary is made to hold an election again and again.", True, _flapping_elections
        ),
        Fault(
            "connection-leak",
            "Clients select a database twice and leave, so that it counts them for ever.",
            False,
            _connection_leak,
        ),
        Fault("unresolved-conflicts", "Conflicts wait for an arbiter that has left.", True, _unresolved_conflicts),
        Fault("oplog-near-limit", "The operation log's limit is small and nearly reached.", True, _oplog_near_limit),
    )
}
"""Every fault, by its name."""


def fault_named(name: str) -> Fault:
    """Return a fault.

    Raises:
        UnknownError: there is none of this name.
    """
    if name not in FAULTS:
        raise UnknownError(f"fault: {name} is not known; use one of {', '.join(FAULTS)}")
    return FAULTS[name]


def _mute(node: "Node", *, is_mute: bool) -> None:
    node.conditions.is_mute = is_mute
    if node.process is not None:
        node.process.refresh_connections()


def _primary(cluster: "Cluster") -> "Node":
    if cluster.primary is None:
        raise FaultError("there is no primary")
    return cluster.nodes[cluster.primary]


def _process(node: "Node") -> Process:
    if node.process is None:
        raise FaultError(f"{node.name} is not running")
    return node.process


async def _use(visitor: Visitor, name: str) -> None:
    """Select a database of the faults; one that is there already answers create-db with an error, which is fine."""
    strategy = "arbiter" if name == DISPUTED else "newer"
    await visitor.run(f"create-db {name} {name} {strategy}", f"use-db {name} {name}")


async def _until_quiet(cluster: "Cluster") -> None:
    before = -1
    while (now := sum(node.process.oplog.size() for node in cluster.nodes if node.process is not None)) != before:
        before = now
        await asyncio.sleep(POLL_SECONDS * 20)


@asynccontextmanager
async def _repeated(action: Callable[[], Awaitable[None]], seconds: float) -> AsyncIterator[None]:
    async def repeat() -> None:
        while True:
            # Other faults may be on: whoever is not there now may be there the next time.
            with suppress(OSError, TimeoutError):
                await action()
            await asyncio.sleep(seconds)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _restore(cluster: "Cluster", index: int) -> None:
    """Do what an operator would: copy the primary's snapshots to the replica, and write every key again."""
    primary, replica = _primary(cluster), cluster.nodes[index]
    databases = [database for database in _process(primary).databases.values() if database.name != ADMIN_DATABASE]
    for database in databases:
        _process(primary).queue_snapshot(database.name, reclaim=True)
    _process(primary).save_snapshots()
    await cluster.stop(index)
    await cluster.parted(index)
    replica.wipe()
    for database in databases:
        for suffix in SUFFIXES:
            shutil.copy(primary.data / f"{database.name}{suffix}", replica.data)
    await cluster.start(index)
    await cluster.ready()
    async with Visitor(primary) as visitor:
        for database in databases:
            await visitor.run(f"use-db {database.name} {database.values[TOKEN_KEY].text}")
            for key, value in tuple(database.values.items()):
                is_own = key == CONNECTIONS_KEY or key.startswith((SECURITY_PREFIX, CONFLICTS_KEY))
                if not is_own and value.state is not State.DELETED:
                    await visitor.run(f"set {key} {value.text}")
