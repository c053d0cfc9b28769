"""What is saved of real nodes, what is not, and what ends their next start; and the runbook's cures.

Entering breaks a cluster; leaving cures it as the runbook says.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.drills.program import printed
from tests.wire.waiting import eventually

from .exporters import ADMINISTRATOR
from .faults import restart_saved
from .nodes import ARRIVAL_SECONDS, DATABASE, DECLUTTER_SECONDS, NODES, OPEN, PATIENCE_SECONDS, PAUSE_SECONDS, RealNodes

UNSAVED = "unsaved"
"""A database that no node has saved; its name as its token."""
OPEN_UNSAVED = f"use-db {UNSAVED} {UNSAVED}"
KEY, VALUE = "key1", "two words"
STARTS = 4
DAYS_SECONDS = 2 * 86_400.0
REMOVED = 10


async def create_unsaved(nodes: RealNodes) -> None:
    """Create it, and end each operation log with it: of a key whose name is known, so that the log counts as valid."""
    primary = await nodes.primary()
    await nodes.tell(primary, f"create-db {UNSAVED} {UNSAVED} newer")
    await nodes.settled()
    await write_unsaved(nodes)
    await asyncio.sleep(ARRIVAL_SECONDS)


async def write_unsaved(nodes: RealNodes) -> None:
    """Write its key."""
    async with nodes.talking(await nodes.primary(), OPEN_UNSAVED) as client:
        await client.ask(f"set {KEY} {VALUE}")


async def save_unsaved(nodes: RealNodes) -> None:
    """Write its key again, take a snapshot of it, and see that all nodes have it on their disks.

    Raises:
        ValueError: one has not, or has another value.
    """
    await write_unsaved(nodes)
    await nodes.tell(await nodes.primary(), OPEN_UNSAVED, "snapshot")
    await asyncio.sleep(2 * DECLUTTER_SECONDS)
    for index in range(NODES):
        answer = await nodes.tell(index, OPEN_UNSAVED, f"get {KEY}")
        if f"value {VALUE}" not in answer or not (nodes.directory(index) / f"{UNSAVED}-nun.data.keys").exists():
            raise ValueError(f"node {index} says {answer!r}")


@asynccontextmanager
async def never_saved(nodes: RealNodes) -> AsyncIterator[None]:
    """A database is created, and nobody takes a snapshot of it; then somebody does, and a replica restarts with it."""
    await create_unsaved(nodes)
    yield
    await save_unsaved(nodes)
    await restart_saved(nodes, await nodes.replica())
    await save_unsaved(nodes)


@asynccontextmanager
async def unsaved(nodes: RealNodes) -> AsyncIterator[None]:
    """The last snapshot was days ago, by the times of its files; then another one is taken."""
    primary = await nodes.primary()
    for index in range(NODES):
        file = nodes.directory(index) / f"{DATABASE}-nun.madadata"  # sic
        long_ago = file.stat().st_mtime - DAYS_SECONDS
        os.utime(file, (long_ago, long_ago))
    yield
    await nodes.tell(primary, OPEN, "snapshot")


@asynccontextmanager
async def restart_unsafe(nodes: RealNodes) -> AsyncIterator[None]:
    """The logs end with what nobody has saved; then it is, as `files` says, and a killed replica joins again."""
    await create_unsaved(nodes)
    yield
    await nodes.snapshot(await nodes.primary())
    await save_unsaved(nodes)
    index = await nodes.replica()
    report = await files(nodes, index)
    if not report["may_restart"]:
        raise ValueError(f"`files` says {report['findings']!r}")
    await nodes.send(index, "SIGKILL")
    await nodes.forgotten(index)
    await nodes.start(index)
    await nodes.unite()
    await nodes.write_all()
    await save_unsaved(nodes)


@asynccontextmanager
async def panics_at_each_start(nodes: RealNodes) -> AsyncIterator[None]:
    """A replica's operation log names a database that it never saved; then it gets the primary's files."""
    index = await nodes.replica()
    await create_unsaved(nodes)
    for _ in range(STARTS):
        await nodes.send(index, "SIGKILL")
        await nodes.forgotten(index)
        with suppress(TimeoutError):  # it may have ended before it listened on each port
            await nodes.start(index)
        if await nodes.has_ended(index):
            break
        await nodes.settled()
        await write_unsaved(nodes)
        await asyncio.sleep(ARRIVAL_SECONDS)
    else:
        raise ValueError("it has not panicked")
    yield
    await nodes.tell(await nodes.primary(), OPEN_UNSAVED, "snapshot")
    await nodes.copy_from_primary(index)
    await save_unsaved(nodes)


@asynccontextmanager
async def dead_snapshot_thread(nodes: RealNodes) -> AsyncIterator[None]:
    """A file cannot be written while a snapshot wants to; then the node is killed, and starts with what it saved."""
    index = await nodes.replica()
    file = nodes.directory(index) / f"{DATABASE}-nun.data.values"
    aside = file.with_suffix(".aside")
    file.rename(aside)
    file.mkdir()
    await nodes.tell(index, OPEN, "snapshot")

    async def has_panicked() -> bool:
        return "thread 'Timer thread'" in nodes.log(index).read_text("utf-8", "replace")

    await eventually(has_panicked, seconds=PATIENCE_SECONDS, pause_seconds=PAUSE_SECONDS)
    file.rmdir()
    aside.rename(file)
    await nodes.tell(index, OPEN, "snapshot")
    yield
    await nodes.snapshot(await nodes.primary())
    await nodes.send(index, "SIGKILL")
    await nodes.forgotten(index)
    await nodes.start(index)
    await nodes.unite()
    await nodes.write_all()
    await nodes.snapshot(await nodes.primary())


@asynccontextmanager
async def damaged_keys(nodes: RealNodes) -> AsyncIterator[None]:
    """Snapshots after a removal overwrite files at old places; then each node writes its files anew, and restarts.

    The primary is the last: its restart is the one failover. A rejoin makes the other nodes take snapshots, which
    damage their files again while they know what was removed: so a node restarts as soon as its files are well.
    """
    primary = await nodes.primary()
    async with nodes.talking(primary, OPEN) as client:
        for number in range(REMOVED):
            await client.ask(f"remove key{number}")
        await client.ask("snapshot true")
        await asyncio.sleep(2 * DECLUTTER_SECONDS)
        await client.ask("set key50 two words 50")
        await client.ask("snapshot false")
    yield
    for index in (*(index for index in range(NODES) if index != primary), primary):
        async with nodes.talking(index, OPEN) as client:
            await client.ask("snapshot true")
        await asyncio.sleep(2 * DECLUTTER_SECONDS)
        await nodes.restart(index)
        await nodes.write_all()
    await nodes.snapshot(await nodes.primary())
    for index in range(NODES):
        report = await files(nodes, index)
        if any(database["damage"] for database in report["databases"]):
            raise ValueError(f"`files` says {report['databases']!r} of node {index}")


async def files(nodes: RealNodes, index: int) -> dict[str, Any]:
    """Return what `nundb-exporter files` says of a node's directory."""
    return await printed(ADMINISTRATOR, "files", "--json", str(nodes.directory(index)))
