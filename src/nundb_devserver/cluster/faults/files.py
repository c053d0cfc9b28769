"""Faults of a node's files: a disk that was full, a log that a start cannot use, a damaged file of keys."""

from collections.abc import AsyncIterator
from typing import Final

from nundb_devserver.cluster.faults.data import restore
from nundb_devserver.cluster.faults.fault import DATABASE, administrator, fault, primary_of, state_of
from nundb_devserver.cluster.nodes import Nodes
from nundb_devserver.data import snapshots
from nundb_devserver.data.oplog import Kind
from nundb_devserver.data.store import DiskState
from nundb_devserver.state import State

_UNSAVED: Final = "unsaved"
"""A database that is created and not saved."""
_KEYS: Final = tuple(f"reclaimed{'x' * number}" for number in range(20))
"""Of different lengths: what is written at the place of one then hits the middle of another."""
_REMOVED: Final = _KEYS[:10]


@fault("disk-full", "A snapshot meets a full disk: no error is answered, and this node saves nothing any more.")
async def disk_full(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Let the next snapshot fail; only a restart starts the thread that does them again."""
    node = nodes.nodes[index]
    node.conditions.is_disk_full = True
    state = state_of(node)
    async with administrator(primary_of(nodes), DATABASE) as client:
        await nodes.until(lambda: DATABASE in state.databases)
        await client.run("snapshot false")

    def is_dead() -> bool:
        state.declutter()
        return state.is_snapshot_thread_dead

    await nodes.until(is_dead)
    yield
    node.conditions.is_disk_full = False
    await nodes.restart(index)


@fault(
    "unsafe-restart",
    "A replica is killed right after a change of a database that was never saved, and its log counts as valid.",
    needs_replica=True,
)
async def unsafe_restart(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Kill it, and in the end give it the primary's files in an empty directory."""
    node = nodes.nodes[index]
    state = state_of(node)
    async with administrator(primary_of(nodes), _UNSAVED):
        await nodes.until(lambda: _UNSAVED in state.databases)
    # In one go: no other operation may come after this one.
    state.keymap.save()
    state.oplog.append([(state.clock(), 0, state.databases[_UNSAVED].number, Kind.UPDATE)])
    node.kill()
    await nodes.forgotten(index)
    yield
    await restore(nodes, index)
    async with administrator(primary_of(nodes), _UNSAVED) as client:
        await client.run("snapshot false")


@fault("reclaim-damage", "A snapshot overwrites the file of keys where keys were that had been removed.")
async def reclaim_damage(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Save keys, remove some, reclaim their space, and save again; a further reclaim heals the file."""
    node = nodes.nodes[index]
    state = state_of(node)
    async with administrator(primary_of(nodes), DATABASE) as client:
        await client.run(*(f"set {key} value" for key in _KEYS))
        await nodes.until(lambda: DATABASE in state.databases and _holds(state, _KEYS[-1]))
        _save(state, reclaim=False)
        places = {key: state.databases[DATABASE].values[key].key_address for key in _REMOVED}
        await client.run(*(f"remove {key}" for key in _REMOVED))
        await nodes.until(lambda: not any(_holds(state, key) for key in _REMOVED))
    _save(state, reclaim=True)
    snapshots.mark_removed(DATABASE, node.data, places)
    yield
    _save(state_of(node), reclaim=True)


def _holds(state: State, key: str) -> bool:
    value = state.databases[DATABASE].values.get(key)
    return value is not None and value.state is not DiskState.DELETED


def _save(state: State, *, reclaim: bool) -> None:
    state.queue_snapshot(DATABASE, reclaim=reclaim)
    state.save_snapshots()
