"""Situations of the data directory."""

from typing import Final

from nundb_exporter.files import families as files
from nundb_exporter.metrics import UP
from nundb_exporter.monitoring.alerts import files as alerts
from nundb_exporter.monitoring.cases.case import Case, Series, of, on
from nundb_exporter.monitoring.cases.situations import merged
from nundb_exporter.monitoring.cases.values import Values, absent, held, rising

_GIB: Final = 1 << 30


def _node(*series: Series) -> tuple[Series, ...]:
    """A node whose directory is read, and in which nothing else is wrong."""
    return (merged(of(UP, held(1)), of(files.VALID, held(1)), of(files.RESTART_SAFE, held(1)), *series),)


def _saved(at: Values, changes: Values) -> Series:
    return merged(of(files.SNAPSHOT, at, database="shop"), of(files.UNSAVED, changes, database="shop"))


def _disk(free: Values) -> Series:
    return merged(of(files.FREE, free), of(files.CAPACITY, held(100 * _GIB)))


def _inodes(free: Values, number: int) -> Series:
    return merged(of(files.FREE_INODES, free), of(files.INODES, held(number)))


CASES: Final = (
    Case(
        about="a node's last operation is on a database that was never saved",
        series=_node(of(files.RESTART_SAFE, held(0))),
        at="6m",
        fires=(
            on(
                alerts.RESTART_UNSAFE,
                text="The node behind a (job nundb) would end with code 101 each time that it joins its cluster again, "
                "if it were killed now: its operation log ends with what no snapshot has saved.",
            ),
        ),
        misses=(alerts.OPLOG_INVALID,),
    ),
    Case(
        about="a database is created and saved with the next snapshots",
        series=_node(of(files.RESTART_SAFE, held(0, "4m") + held(1)), of(files.NEVER_SAVED, held(1, "4m") + held(0))),
        at="65m",
        misses=(alerts.RESTART_UNSAFE, alerts.NEVER_SAVED),
    ),
    Case(
        about="a snapshot was asked for a quarter of an hour ago, and the thread that should do it is dead",
        series=_node(of(files.ASKED, absent("1m") + held(60), database="shop")),
        at="16m",
        fires=(
            on(
                alerts.SNAPSHOT_NOT_DONE,
                database="shop",
                text="A snapshot of the database shop on the node behind a (job nundb) was asked for 15m 0s ago, and "
                "is not done.",
            ),
        ),
    ),
    Case(
        about="a snapshot is done five minutes after it was asked for",
        series=_node(of(files.ASKED, held(0, "5m") + absent(), database="shop")),
        at="16m",
        misses=(alerts.SNAPSHOT_NOT_DONE,),
    ),
    Case(
        about="a node's keys file is overwritten at the places of removed keys",
        series=_node(of(files.DAMAGED, held(1), database="shop", damage="keys")),
        at="2m",
        fires=(
            on(
                alerts.FILES_DAMAGED,
                database="shop",
                damage="keys",
                text="Files of the node behind a (job nundb) are damaged: keys of the database shop.",
            ),
        ),
    ),
    Case(
        about="nothing in the files of a node is damaged",
        series=_node(
            of(files.DAMAGED, held(0), database="shop", damage="keys"),
            of(files.DAMAGED, held(0), database="", damage="key_map"),
        ),
        at="2m",
        misses=(alerts.FILES_DAMAGED,),
    ),
    Case(
        about="two databases exist for half an hour, and no snapshot has saved them",
        series=_node(of(files.NEVER_SAVED, held(2))),
        at="30m",
        fires=(
            on(
                alerts.NEVER_SAVED,
                text="The node behind a (job nundb) has 2 databases without any snapshot: a restart forgets what was "
                "never saved.",
            ),
        ),
    ),
    Case(
        about="changes of a database are older than a day and not saved",
        series=_node(_saved(held(-90_000), held(7))),
        at="30m",
        fires=(
            on(
                alerts.UNSAVED,
                database="shop",
                text="Changes of the database shop on the node behind a (job nundb) are not saved: its last snapshot "
                "ended 1d 1h 30m 0s ago.",
            ),
        ),
    ),
    Case(
        about="a database was saved more than a day ago, and has not changed since",
        series=_node(_saved(held(-90_000), held(0))),
        at="30m",
        misses=(alerts.UNSAVED,),
    ),
    Case(
        about="a disk of 100 GiB has 2 GiB left",
        series=_node(_disk(held(2 * _GIB))),
        at="6m",
        fires=(
            on(
                alerts.DISK_NEARLY_FULL,
                text="The file system of the data of the node behind a (job nundb) has 2GiB left, less than 5%.",
            ),
        ),
        misses=(alerts.DISK_FILLING,),
    ),
    Case(
        about="a disk with room for 100,000 files can take 900 more",
        series=_node(_disk(held(40 * _GIB)), _inodes(held(900), 100_000)),
        at="6m",
        fires=(
            on(
                alerts.INODES_RUNNING_OUT,
                text="The file system of the data of the node behind a (job nundb) can hold 900 files more, less than "
                "5%.",
            ),
        ),
        misses=(alerts.DISK_NEARLY_FULL,),
    ),
    Case(
        about="a disk with room for 10 million files can take 400,000 more",
        series=_node(_inodes(held(400_000), 10_000_000)),
        at="6m",
        misses=(alerts.INODES_RUNNING_OUT,),
    ),
    Case(
        about="a disk with room for 2,000 files can take 900 more",
        series=_node(_inodes(held(900), 2_000)),
        at="6m",
        misses=(alerts.INODES_RUNNING_OUT,),
    ),
    Case(
        about="a disk of 100 GiB has 40 GiB left, and loses 3 GiB an hour",
        series=_node(_disk(rising(46 * _GIB, -3 * _GIB / 3600))),
        at="2h",
        fires=(
            on(
                alerts.DISK_FILLING,
                text="The file system of the data of the node behind a (job nundb) will be full within a day, if it "
                "goes on filling as in the last six hours.",
            ),
        ),
        misses=(alerts.DISK_NEARLY_FULL,),
    ),
    Case(
        about="a snapshot takes 1 GiB of a large disk at once",
        series=_node(_disk(held(40 * _GIB, "1h") + held(39 * _GIB))),
        at="2h",
        misses=(alerts.DISK_FILLING, alerts.DISK_NEARLY_FULL),
    ),
    Case(
        about="new keys were written, and nothing was saved for two hours",
        series=_node(of(files.VALID, held(0))),
        at="2h5m",
        fires=(
            on(
                alerts.OPLOG_INVALID,
                text="The operation log of the node behind a (job nundb) is marked invalid: a start in this state "
                "deletes it and asks the cluster for everything.",
            ),
        ),
        misses=(alerts.RESTART_UNSAFE,),
    ),
    Case(
        about="new keys make the log invalid until the snapshot of the hour",
        series=_node(of(files.VALID, (held(0, "50m") + held(1, "10m")) * 3)),
        at="2h30m",
        misses=(alerts.OPLOG_INVALID,),
    ),
)
