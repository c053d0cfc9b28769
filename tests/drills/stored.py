"""Drills of what a node has stored: its exporters read its files."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nundb_devserver import FAULTS, Node
from nundb_devserver.cluster.faults.fault import state_of
from nundb_devserver.data.oplog import SNAPSHOT_KEY, Kind
from nundb_exporter.credentials import DatabaseAccess, Secret
from nundb_exporter.monitoring.alerts import files, node

from .breaks import of_devserver
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
