"""Drills of what a node has stored: its exporters read its files."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from nundb_devserver import FAULTS, Node
from nundb_devserver.cluster.faults.fault import state_of
from nundb_devserver.data.oplog import SNAPSHOT_KEY, Kind
from nundb_exporter.credentials import DatabaseAccess, Secret
from nundb_exporter.monitoring.alerts import files, node

from .breaks import meanwhile, of_devserver
from .disk import CAPACITY_BYTES, INODES
from .drill import LEFT_BEHIND, Drill, Lane
from .exporters import FAULTS_DATABASE
from .field import Field
from .setting import Setting


@asynccontextmanager
async def snapshot_never_done(field: Field) -> AsyncIterator[None]:
    """A snapshot met a full disk a quarter of an hour ago: times are set back, where nobody waits for so long.

    The restart that repairs the node has forgotten it: it is asked for once more.
    """
    async with of_devserver("disk-full", at_primary=False)(field):
        replica = field.cluster.nodes[field.replica]
        _set_back(replica, "faults", seconds=3600)
        state = state_of(replica)
        asked = time.time_ns() - 900 * 1_000_000_000
        state.oplog.append([(asked, SNAPSHOT_KEY, state.databases["faults"].number, Kind.SNAPSHOT)])
        yield
    await field.unite()
    await field.take_snapshots(FAULTS_DATABASE)


@asynccontextmanager
async def unsaved_for_days(field: Field) -> AsyncIterator[None]:
    """A database was saved two days ago, and has changed since; a snapshot repairs it."""
    _set_back(field.cluster.nodes[field.replica], "faults", seconds=2 * 86_400)
    await field.tell_primary("use-db faults faults", "set changed two words")
    yield
    await field.take_snapshots(FAULTS_DATABASE)


@asynccontextmanager
async def never_saved(field: Field) -> AsyncIterator[None]:
    """A database is created, and saved only in the end."""
    forgotten = DatabaseAccess("forgotten", Secret("forgotten"))
    await field.tell_primary("create-db forgotten forgotten newer")
    yield
    await field.take_snapshots(forgotten)


@asynccontextmanager
async def new_key(field: Field) -> AsyncIterator[None]:
    """A key is written that was not there before, and no snapshot follows for hours of the rules' time."""
    await field.tell_primary("use-db faults faults", "set unheard-of two words")
    yield
    await field.take_snapshots(FAULTS_DATABASE)


@asynccontextmanager
async def filling_disk(field: Field) -> AsyncIterator[None]:
    """What is not Nun-db's fills more than half of the disk, and goes on; then it is removed."""

    async def fill() -> None:
        for number in count():
            _leave(field, max(0.4 - 0.001 * number, 0.15))
            await asyncio.sleep(field.pace.scrape_seconds)

    async with meanwhile(fill()):
        yield
    _ballast(field).unlink()


@asynccontextmanager
async def nearly_full_disk(field: Field) -> AsyncIterator[None]:
    """What is not Nun-db's leaves 3 % of the disk; then it is removed."""
    _leave(field, 0.03)
    yield
    _ballast(field).unlink()


@asynccontextmanager
async def few_inodes(field: Field) -> AsyncIterator[None]:
    """What is not Nun-db's leaves 3 % of the files that the disk can hold; then it is removed."""
    directory = _ballast(field)
    directory.mkdir()
    for number in range(os.statvfs(field.disk).f_favail - INODES * 3 // 100):
        (directory / str(number)).touch()
    yield
    shutil.rmtree(directory)


def _leave(field: Field, share: float) -> None:
    """Leave so much of the disk free, by something beside what the nodes have written."""
    system = os.statvfs(field.disk)
    with _ballast(field).open("ab") as file:
        wanted = file.tell() + system.f_bavail * system.f_frsize - int(share * CAPACITY_BYTES)
        if wanted > file.tell():
            os.posix_fallocate(file.fileno(), 0, wanted)


def _ballast(field: Field) -> Path:
    return field.disk / "not-nun-db"


def _set_back(node: Node, database: str, seconds: int) -> None:
    """Make the last snapshot of a database so much older."""
    path = node.data / f"{database}-nun.madadata"  # sic
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


STORED = Lane(
    (
        Drill(
            name="disk-full",
            about=FAULTS["disk-full"].description,
            fires=(files.SNAPSHOT_NOT_DONE,),
            may_fire=LEFT_BEHIND,
            run=snapshot_never_done,
        ),
        Drill(
            name="reclaim-damage",
            about=FAULTS["reclaim-damage"].description,
            fires=(files.FILES_DAMAGED,),
            may_fire=LEFT_BEHIND,
            run=of_devserver("reclaim-damage", at_primary=False),
        ),
        Drill(
            name="unsaved for days",
            about="A database was saved two days ago, and has changed since.",
            fires=(files.UNSAVED,),
            run=unsaved_for_days,
        ),
        Drill(
            name="never saved",
            about="A database is created, and no snapshot follows.",
            fires=(files.NEVER_SAVED,),
            run=never_saved,
        ),
        Drill(
            name="unsafe-restart",
            about=FAULTS["unsafe-restart"].description,
            fires=(files.RESTART_UNSAFE, node.DOWN),
            may_fire=(*LEFT_BEHIND, files.NEVER_SAVED),
            run=of_devserver("unsafe-restart"),
        ),
    ),
    Setting(reads_files=True),
)
INVALID = Lane(
    (
        Drill(
            name="new key and no snapshot",
            about="A key is written that was not there before, and no snapshot saves its number.",
            fires=(files.OPLOG_INVALID,),
            run=new_key,
        ),
    ),
    Setting(reads_files=True, takes_snapshots=False),
)
DISKS = Lane(
    (
        Drill(
            name="filling disk",
            about="Something else fills the nodes' disk, slowly.",
            fires=(files.DISK_FILLING,),
            run=filling_disk,
        ),
        Drill(
            name="nearly full disk",
            about="Something else has left 3 % of the nodes' disk.",
            fires=(files.DISK_NEARLY_FULL,),
            may_fire=(files.DISK_FILLING,),
            run=nearly_full_disk,
        ),
        Drill(
            name="few inodes",
            about="Something else has left 3 % of the files that the nodes' disk can hold.",
            fires=(files.INODES_RUNNING_OUT,),
            run=few_inodes,
        ),
    ),
    Setting(reads_files=True, has_own_disk=True),
)
