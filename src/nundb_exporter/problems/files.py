"""The data directory: what is saved, what is damaged, and whether a restart is safe."""

from typing import Final

from nundb_exporter.problems.problem import Problem

OVERDUE_SECONDS: Final = 600
"""A snapshot that was asked for longer ago is not done any more: Nun-db does them every 300 s, and large ones take
seconds (protocol notes 4.5)."""
UNSAVED_SECONDS: Final = 86_400
"""After so long, changes should be saved."""
FREE_SHARE: Final = 0.05
FREE_BYTES: Final = 10 << 30
"""A file system with less than this share and less than this free is nearly full."""
FREE_INODES: Final = 10_000
"""One that can hold less than this share of its files further, and fewer than this, is nearly full in the other way."""

NEVER_SAVED_NAME: Final = "(never saved)"
"""What stands for the name of a database that no file tells."""

RESTART_UNSAFE: Final = Problem(
    name="NundbRestartUnsafe",
    severity="critical",
    title="A Nun-db node could not join its cluster again if it were killed.",
    sentence="{node} would end with code 101 each time that it joins its cluster again, if it were killed now: its "
    "operation log ends with what no snapshot has saved.",
    advice="Take a snapshot of every database before it is stopped; if it ends at each start already, delete "
    "oplog-nun.op while it is stopped.",
)
SNAPSHOT_NOT_DONE: Final = Problem(
    name="NundbSnapshotNotDone",
    severity="critical",
    title="A snapshot of a Nun-db database was asked for and is not done.",
    sentence="A snapshot of the database {database} on {node} was asked for {age} ago, and is not done.",
    advice="Copy what was not saved over the network, free disk space, and restart the node: the thread that does "
    "snapshots is dead, and SIGINT saves nothing.",
)
FILES_DAMAGED: Final = Problem(
    name="NundbFilesDamaged",
    severity="critical",
    title="Files of a Nun-db node are damaged.",
    sentence="Files of {node} are damaged: {damage} of {subject}.",
    advice="Do not restart the node: copy the database over the network first, because a start loses it, or fails.",
)
"""`damage` is a value of the label; `subject` is the database or the node."""
NEVER_SAVED: Final = Problem(
    name="NundbDatabaseNeverSaved",
    severity="warning",
    title="Databases of a Nun-db node were never saved.",
    sentence="{node} has {databases} without any snapshot: a restart forgets what was never saved.",
    advice="Send `use-db DATABASE TOKEN;snapshot` for each database, and do so regularly: nothing saves by itself.",
)
"""`databases` is a count with its noun."""
UNSAVED: Final = Problem(
    name="NundbDataUnsaved",
    severity="warning",
    title="Changes of a Nun-db database were not saved for long.",
    sentence="Changes of the database {database} on {node} are not saved: {reason}.",
    advice="Send `use-db DATABASE TOKEN;snapshot`, and do so regularly: nothing saves by itself.",
)
DISK_NEARLY_FULL: Final = Problem(
    name="NundbDiskNearlyFull",
    severity="critical",
    title="The disk of a Nun-db node is nearly full.",
    sentence=f"The file system of the data of {{node}} has {{size}} left, less than {FREE_SHARE:.0%}.",
    advice="Free space before the next snapshot: one that meets a full disk is the last, and a full operation log ends "
    "the node.",
)
INODES_RUNNING_OUT: Final = Problem(
    name="NundbInodesRunningOut",
    severity="critical",
    title="The disk of a Nun-db node can hold few further files.",
    sentence=f"The file system of the data of {{node}} can hold {{files}} more, less than {FREE_SHARE:.0%}.",
    advice="Delete files that nobody needs before the next snapshot: one that cannot create a file is the last.",
)
"""`files` is a count with its noun."""
OPLOG_INVALID: Final = Problem(
    name="NundbOplogInvalid",
    severity="info",
    title="The operation log of a Nun-db node is marked invalid.",
    sentence="The operation log of {node} is marked invalid: a start in this state deletes it and asks the cluster for "
    "everything.",
    advice="Take a snapshot: it saves the numbers of new keys, and makes the log valid.",
)
OPLOG_TORN: Final = Problem(
    name="NundbOplogTorn",
    severity="warning",
    title="A record of a Nun-db operation log is cut off.",
    sentence="A record of the operation log of {node} is cut off, and Nun-db misreads all that follow.",
    advice="Free disk space, take a snapshot of every database, stop the node, and delete its operation log.",
    has_alert=False,
)
NUMBERS_COLLIDE: Final = Problem(
    name="NundbDatabaseNumbersCollide",
    severity="warning",
    title="Databases of a Nun-db node share a number.",
    sentence="{databases} of {node} share a number: a member that comes back gets changes of one as the other's.",
    advice="Copy one of them to a new database, and snapshot every database right after it is created.",
    has_alert=False,
)
"""`databases` is a count with its noun."""
KEYS_UNSAVED: Final = Problem(
    name="NundbKeyNumbersUnsaved",
    severity="warning",
    title="The operation log of a Nun-db node has keys whose numbers are not saved.",
    sentence="The operation log of {node} is marked valid and has {keys} without a saved number: after a restart, a "
    "member that asks for them ends the node.",
    advice="Take a snapshot of any database: it saves the numbers of all keys.",
    has_alert=False,
)
"""`keys` is a count with its noun."""

PROBLEMS: Final = (
    RESTART_UNSAFE,
    SNAPSHOT_NOT_DONE,
    FILES_DAMAGED,
    NEVER_SAVED,
    UNSAVED,
    DISK_NEARLY_FULL,
    INODES_RUNNING_OUT,
    OPLOG_INVALID,
    OPLOG_TORN,
    NUMBERS_COLLIDE,
    KEYS_UNSAVED,
)
