"""Faults of data: operations that stay pending, conflicts, databases that differ, files that grow."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from typing import Final

from nundb_devserver.cluster.faults.fault import (
    DATABASE,
    DISPUTED,
    administrator,
    fault,
    primary_of,
    repeated,
    state_of,
)
from nundb_devserver.cluster.nodes import Nodes
from nundb_devserver.data.snapshots import SUFFIXES
from nundb_devserver.data.store import (
    ADMIN_DATABASE,
    CONFLICTS_KEY,
    CONNECTIONS_KEY,
    SECURITY_PREFIX,
    TOKEN_KEY,
    Database,
    DiskState,
)
from nundb_devserver.errors import FaultError

_MISSED: Final = "late"
"""A database that is created while a replica does not listen."""

_CONFLICTS: Final = 3
_SMALL_LIMIT_BYTES: Final = 100_000
_NEARLY_FULL: Final = 0.97
_LEAK_SECONDS: Final = 0.1
_QUIET_SECONDS: Final = 0.2


@fault(
    "snapshot-leak",
    "Two snapshots overlap, and their shared operation id 0 stays pending until the primary's process ends.",
    is_for_primary=True,
    needs_replica=True,
)
async def snapshot_leak(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Ask for two in one write."""
    async with administrator(nodes.nodes[index], DATABASE) as client:
        await client.run("snapshot false", "snapshot true")
    yield


@fault(
    "resolve-storm",
    "One resolved conflict goes round between the nodes without end.",
    is_for_primary=True,
    needs_replica=True,
)
async def resolve_storm(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Resolve a conflict, and end it by letting secondaries forward no verdict."""
    async with administrator(nodes.nodes[index], DISPUTED) as client:
        answer = await client.run("arbiter", "set storm one", "set storm two", "set-safe storm 0 stale")
        found = re.search(r"resolve (\d+) \S+ (-?\d+) storm ", answer)
        if found is None:
            raise FaultError("nobody was asked to resolve the conflict")
        await client.run(f"resolve {found[1]} {DISPUTED} storm {found[2]} settled")
    yield
    for node in nodes.nodes:
        node.conditions.drops_verdicts = True
    await _until_oplogs_stand_still(nodes)
    for node in nodes.nodes:
        node.conditions.drops_verdicts = False


async def _empty_replica(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Let a replica join with an empty directory: it is sent values without versions, and databases without strategy.

    A healthy workload does not show this: values are damaged only when a replica joins a cluster that has data
    (protocol notes 6.7).
    """
    async with administrator(primary_of(nodes), DATABASE) as client:
        await client.run("set damaged two words", "set gone oneword")
    await nodes.kill(index)
    await nodes.forgotten(index)
    nodes.nodes[index].wipe()
    await nodes.start(index)
    await nodes.ready()
    yield
    await restore(nodes, index)


sync_damage = fault(
    "sync-damage",
    "A replica joins with an empty directory and gets values without their first word.",
    needs_replica=True,
)(_empty_replica)
strategy_mismatch = fault(
    "strategy-mismatch",
    "A replica joins with an empty directory and gets databases without their strategy.",
    needs_replica=True,
)(_empty_replica)
"""One fault under the names of its two symptoms."""


@fault(
    "missing-database",
    "The primary forgets a replica, which misses a database that is created then.",
    needs_replica=True,
)
async def missing_database(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Make the primary drop the replica from its list."""
    async with administrator(primary_of(nodes)) as client:
        await client.run(f"replicate-leave {nodes.nodes[index].name}", f"create-db {_MISSED} {_MISSED} newer")
    yield
    # A mere restart asks for what is newer than the replica's own last operation, which may be newer than the database.
    await restore(nodes, index)


@fault("connection-leak", "Clients select a database twice and leave, so that it counts them for ever.")
async def connection_leak(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Let clients come and go."""
    async with administrator(primary_of(nodes), DATABASE):
        pass
    node = nodes.nodes[index]
    await nodes.until(lambda: DATABASE in state_of(node).databases)

    async def leak() -> None:
        # A second use-db on the same connection counts twice and is taken back once (protocol notes 3.4).
        async with administrator(node) as client:
            await client.run(f"use-db {DATABASE} {DATABASE}", f"use-db {DATABASE} {DATABASE}")

    async with repeated(leak, _LEAK_SECONDS):
        yield


@fault("unresolved-conflicts", "Conflicts wait for an arbiter that has left.", is_for_primary=True)
async def unresolved_conflicts(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Make some, and remove them and their keys in the end."""
    keys = [f"disputed{number}" for number in range(_CONFLICTS)]
    async with administrator(nodes.nodes[index], DISPUTED) as client:
        await client.run("arbiter")
        for key in keys:
            await client.run(f"set {key} one", f"set {key} two", f"set-safe {key} 0 stale")
    yield
    async with administrator(primary_of(nodes), DISPUTED) as client:
        stored = re.search(r"^keys (.*)$", await client.run(f"keys {CONFLICTS_KEY}_disputed"), re.MULTILINE)
        names = [name for name in stored[1].split(",") if name] if stored else []
        await client.run(*(f"remove {name}" for name in (*names, *keys)))


@fault("oplog-near-limit", "The operation log's limit is small and nearly reached.", is_for_primary=True)
async def oplog_near_limit(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Lower the limit, and write up to it."""
    node = nodes.nodes[index]
    node.conditions.oplog_limit = _SMALL_LIMIT_BYTES
    oplog = state_of(node).oplog
    configured, oplog.limit = oplog.limit, _SMALL_LIMIT_BYTES
    async with administrator(primary_of(nodes), DATABASE) as client:
        while oplog.size() < _SMALL_LIMIT_BYTES * _NEARLY_FULL:
            await client.run(*(f"set filler{number} x" for number in range(50)))
    yield
    node.conditions.oplog_limit = None
    if node.process is not None:
        node.process.state.oplog.limit = configured


async def _until_oplogs_stand_still(nodes: Nodes) -> None:
    before = -1
    while (now := sum(node.process.state.oplog.size() for node in nodes.nodes if node.process is not None)) != before:
        before = now
        await asyncio.sleep(_QUIET_SECONDS)


async def restore(nodes: Nodes, index: int) -> None:
    """Do what an operator would: copy the primary's snapshots to the replica, and write every key again."""
    primary, replica = primary_of(nodes), nodes.nodes[index]
    state = state_of(primary)
    databases = [database for database in state.databases.values() if database.name != ADMIN_DATABASE]
    for database in databases:
        state.queue_snapshot(database.name, reclaim=True)
    state.save_snapshots()
    await nodes.stop(index)
    await nodes.forgotten(index)
    replica.wipe()
    for database in databases:
        for suffix in SUFFIXES:
            shutil.copy(primary.data / f"{database.name}{suffix}", replica.data)
    await nodes.start(index)
    await nodes.ready()
    async with administrator(primary) as client:
        for database in databases:
            await client.run(f"use-db {database.name} {database.values[TOKEN_KEY].text}")
            for command in _writes(database):
                await client.run(command)


def _writes(database: Database) -> list[str]:
    """Return the commands that write a client's keys again."""
    return [
        f"set {key} {value.text}"
        for key, value in database.values.items()
        if not (key == CONNECTIONS_KEY or key.startswith((SECURITY_PREFIX, CONFLICTS_KEY)))
        and value.state is not DiskState.DELETED
    ]
