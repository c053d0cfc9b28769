"""The families of a data directory, their panels, and what they are called together."""

from typing import Final

from nundb_exporter.files.settings import HELP, NAME
from nundb_exporter.metrics import Family, Panel, ShownAs, Subject

UNNAMED: Final = ""
"""The label of databases that were never saved: no file tells their names."""

SNAPSHOT: Final = Family(
    "nundb_database_snapshot_timestamp_seconds",
    "gauge",
    "When the last snapshot of a database ended, changed or not, in seconds since the epoch",
    "files: NAME-nun.madadata",  # sic
    since=None,
    labels=("database",),
    caveat="At most the 500 first databases by name.",
)
UNSAVED: Final = Family(
    "nundb_database_unsaved_operations",
    "gauge",
    "Changes of a database that are newer than its last snapshot: a crash would lose them now; databases that were "
    "never saved together have an empty name",
    "files: oplog-nun.op",
    since=None,
    labels=("database",),
    caveat="Changes of $connections are not logged. After a crash, what was lost in it counts until the next snapshot. "
    "Of databases with one number, each has the changes of all.",
)
ASKED: Final = Family(
    "nundb_database_snapshot_asked_timestamp_seconds",
    "gauge",
    "When a snapshot was first asked for that is not done yet, in seconds since the epoch; absent if there is none; "
    "databases that were never saved together have an empty name",
    "files: oplog-nun.op",
    since=None,
    labels=("database",),
    caveat="Nun-db does snapshots every NUN_DECLUTTER_INTERVAL, 300 s by default. `snapshot` answers success even "
    "if the thread that does them is dead.",
)
NEVER_SAVED: Final = Family(
    "nundb_databases_never_saved",
    "gauge",
    "Databases in the operation log that no snapshot has saved: a restart forgets them",
    "files: oplog-nun.op",
    since=None,
)
SIZE: Final = Family(
    "nundb_data_file_size_bytes",
    "gauge",
    "Size of a file: keys, values, metadata and old_keys of a database; key_map and oplog of the node",
    "files",
    since=None,
    labels=("database", "file"),
)
DAMAGED: Final = Family(
    "nundb_data_damaged",
    "gauge",
    "Whether files are damaged: the keys, the values or the metadata of a database, or a snapshot that reclaimed space "
    "and was killed; the key_map of the node",
    "files",
    since=None,
    labels=("database", "damage"),
    caveat="Told when two looks agree and the files have not changed between them; absent in between.",
)
COLLIDING: Final = Family(
    "nundb_databases_colliding",
    "gauge",
    "Databases that share their number with another one: changes of one are replicated as the other's",
    "files: NAME-nun.madadata",  # sic
    since=None,
)
VALID: Final = Family(
    "nundb_oplog_valid",
    "gauge",
    "Whether a start would keep the operation log; if not, it deletes it and asks the cluster for everything",
    "files: is-oplog.valid",
    since=None,
    caveat="After a start in invalid state it says valid although it is not, until keys are saved; "
    "nundb_restart_safe sees that.",
)
RESTART_SAFE: Final = Family(
    "nundb_restart_safe",
    "gauge",
    "Whether the node could join its cluster again if it were killed now; 0: it would end with code 101 at each start, "
    "because its operation log ends with a database or a key that no snapshot has saved",
    "files: oplog-nun.op, keys-nun.keys, NAME-nun.madadata",  # sic
    since=None,
    caveat="Told when two looks agree; absent in between. It says nothing of what would be lost.",
)
UNKNOWN_KEYS: Final = Family(
    "nundb_oplog_unknown_keys",
    "gauge",
    "Keys in the operation log whose numbers are not saved; after a restart, a member that asks from before them ends "
    "the node, if the log is valid",
    "files: oplog-nun.op, keys-nun.keys",
    since=None,
)
TORN: Final = Family(
    "nundb_oplog_torn",
    "gauge",
    "Whether a record of the operation log is cut off, by a full disk or a crash",
    "files: oplog-nun.op",
    since=None,
)
FILES: Final = Family(
    "nundb_oplog_files", "gauge", "Files of the operation log: segments and the current one", "files: oplog", since=None
)
OLDEST: Final = Family(
    "nundb_oplog_oldest_operation_timestamp_seconds",
    "gauge",
    "When the oldest operation in the log took place, in seconds since the epoch; absent if there is none",
    "files: oplog-nun.op",
    since=None,
)
NEWEST: Final = Family(
    "nundb_oplog_newest_operation_timestamp_seconds",
    "gauge",
    "When the newest operation in the log took place, in seconds since the epoch; absent if there is none",
    "files: oplog-nun.op",
    since=None,
)
UNREAD: Final = Family(
    "nundb_files_unread_bytes",
    "gauge",
    "Bytes of the operation log and of files of keys that the exporter has not read yet; until it has read the log, "
    "what the log says is absent",
    "files",
    since=None,
)
FREE: Final = Family(
    "nundb_data_filesystem_available_bytes",
    "gauge",
    "Free space of the data directory's file system; Nun-db ends when it cannot write its operation log",
    "files: statvfs",
    since=None,
)
CAPACITY: Final = Family(
    "nundb_data_filesystem_size_bytes",
    "gauge",
    "Size of the data directory's file system",
    "files: statvfs",
    since=None,
)
FREE_INODES: Final = Family(
    "nundb_data_filesystem_available_inodes",
    "gauge",
    "Files that can still be created in the data directory's file system; absent if it does not limit them",
    "files: statvfs",
    since=None,
)
INODES: Final = Family(
    "nundb_data_filesystem_inodes",
    "gauge",
    "Files that the data directory's file system can hold; absent if it does not limit them",
    "files: statvfs",
    since=None,
)
FAMILIES: Final = (
    SNAPSHOT,
    UNSAVED,
    ASKED,
    NEVER_SAVED,
    SIZE,
    DAMAGED,
    COLLIDING,
    VALID,
    RESTART_SAFE,
    UNKNOWN_KEYS,
    TORN,
    FILES,
    OLDEST,
    NEWEST,
    UNREAD,
    FREE,
    CAPACITY,
    FREE_INODES,
    INODES,
)

_BY_DATABASE: Final = "{{database}} at {{instance}}"
_SIZE_OF_DATABASES: Final = SIZE.select('database!=""')  # without the operation log, which belongs to none

_OPT_IN: Final = "Needs --collector.files, which is off by default."
_PANELS: Final = (
    Panel(
        "Age of the last snapshot",
        f"time() - {SNAPSHOT.selected}",
        "s",
        "Since a database was saved. Nothing saves by itself: somebody must send `snapshot`.",
        _BY_DATABASE,
    ),
    Panel(
        "Changes that a crash would lose",
        UNSAVED.selected,
        "short",
        "Changes since the last snapshot. No name: databases that were never saved.",
        _BY_DATABASE,
    ),
    Panel(
        "Snapshots that are due",
        f"time() - {ASKED.selected}",
        "s",
        "How long ago a snapshot was asked for that is not done. Beyond NUN_DECLUTTER_INTERVAL, 300 s by default, "
        "the thread that does them is dead.",
        _BY_DATABASE,
    ),
    Panel(
        "Databases never saved",
        NEVER_SAVED.selected,
        "short",
        "Databases that a restart forgets.",
        warning=1,
    ),
    Panel(
        "Operation log valid",
        VALID.selected,
        "short",
        "Whether a start keeps the log. Invalid: it asks the cluster for everything.",
        kind="states",
        shown_as=(ShownAs(0, "invalid", "yellow"), ShownAs(1, "valid", "green")),
    ),
    Panel(
        "Safe to restart",
        RESTART_SAFE.selected,
        "short",
        "Whether the node could join again if it were killed now. It says nothing of what would be lost.",
        kind="states",
        shown_as=(ShownAs(0, "would end at each start", "red"), ShownAs(1, "safe", "green")),
    ),
    Panel(
        "Damaged files",
        f"{DAMAGED.selected} == 1",
        "short",
        "Files that a start cannot read, or that have lost data. Empty: none.",
        kind="table",
    ),
    Panel(
        "Files of the operation log",
        FILES.selected,
        "short",
        "Segments and the current file. Pruning keeps nine.",
    ),
    Panel(
        "Reach of the operation log",
        f"{NEWEST.selected} - {OLDEST.selected}",
        "s",
        "Time between its oldest and its newest operation.",
    ),
    Panel(
        "Size of files",
        f"sum by (instance, file) ({SIZE.selected})",
        "bytes",
        "Sizes by kind of file. Values only grow, until `snapshot true` reclaims space.",
        "{{file}} at {{instance}}",
    ),
    Panel(
        "Largest databases",
        f"topk(10, sum by (instance, database) ({_SIZE_OF_DATABASES}))",
        "bytes",
        "The ten databases that take most space.",
        _BY_DATABASE,
    ),
    Panel(
        "Free space",
        FREE.selected,
        "bytes",
        "Free space of the file system. Nun-db ends when it is used up, and a snapshot that meets a full disk is "
        "the last one.",
    ),
    Panel(
        "Free space, share",
        f"{FREE.selected} / {CAPACITY.selected}",
        "percentunit",
        "Share of the file system that is free.",
    ),
    Panel(
        "Full in",
        f"{FREE.selected} / (-deriv({FREE.selected}[$__rate_interval]) > 0)",
        "s",
        "Time until the file system is full, if it goes on filling like this. Empty: it does not fill.",
    ),
    Panel(
        "Free inodes",
        FREE_INODES.selected,
        "short",
        "Files that can still be created.",
    ),
    Panel(
        "Not read yet",
        UNREAD.selected,
        "bytes",
        "What the exporter has not read yet; it reads a little at a time.",
    ),
)

SUBJECT: Final = Subject(
    name=NAME,
    help=HELP,
    families=FAMILIES,
    panels=tuple(panel._replace(description=f"{panel.description} {_OPT_IN}") for panel in _PANELS),
)
