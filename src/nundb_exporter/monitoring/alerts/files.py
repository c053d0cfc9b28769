"""The data directory: what is saved, what is damaged, and whether the disk has room."""

from typing import Final

from nundb_exporter.files import families as files
from nundb_exporter.monitoring.rule import NODE, Alert, Group, ask, counted, prose, told
from nundb_exporter.problems import files as problems

_NEEDS: Final = "--collector.files"
_REPORT: Final = "nundb-exporter files $NUN_DBS_DIR"

_DATABASE: Final = f'{{{{ or $labels.database "{problems.NEVER_SAVED_NAME}" }}}}'
_AGE: Final = "{{ $value | humanizeDuration }}"
_SUBJECT: Final = "{{ if $labels.database }}the database {{ $labels.database }}{{ else }}the node{{ end }}"

RESTART_UNSAFE: Final = Alert(
    **told(problems.RESTART_UNSAFE, node=NODE),
    expression=f"{files.RESTART_SAFE} == 0",
    wait="5m",
    meaning=prose("""
        A node that joins is asked for everything from its own last operation on, also by itself, and ends with code 101
        at a database or a key that its files do not know. So one unclean end now makes it end at each start, and each
        failing join makes the primary hold an election; after some of them the primary ends, too. It comes of changes
        to a database that was never saved, or of a second unclean end before anything was saved.
    """),
    confirm=(_REPORT,),
    evidence="It names the database or the key that no snapshot has saved.",
    remedy=prose("""
        A snapshot of every database heals it, within NUN_DECLUTTER_INTERVAL (300 s by default): run the report again
        before you stop the node. If the node ends at each start already, stop whatever restarts it, and give it the
        primary's files in an empty directory, as under NundbDatabaseStrategyDiffers. Where there are none, delete
        `oplog-nun.op` in its directory: it then asks the cluster for everything, and databases that it had not saved
        come without their strategy. Restarting it once more makes it worse: each attempt disturbs the primary.
    """),
    other_causes=prose("""
        A snapshot in progress looks like this for seconds, which does not fire. A node without a cluster starts all the
        same, but a member that joins it later ends it.
    """),
    needs=_NEEDS,
)
SNAPSHOT_NOT_DONE: Final = Alert(
    **told(problems.SNAPSHOT_NOT_DONE, node=NODE, database=_DATABASE, age=_AGE),
    expression=f"time() - {files.ASKED} > {problems.OVERDUE_SECONDS}",
    wait="1m",
    meaning=prose("""
        One thread does all snapshots, and it is dead: a disk that was full for a moment, a database whose name has a
        `/`, or a directory that was gone or read-only ends it for good. `snapshot` goes on answering success, the
        operation log is not pruned any more, and SIGINT neither saves nor ends the process.
    """),
    confirm=(
        _REPORT,
        "df --human-readable $NUN_DBS_DIR",
        "grep \"thread 'Timer thread'\" THE_LOG_OF_THE_NODE",
    ),
    evidence="The snapshot is listed as asked for. The log has a panic of the timer thread, and no heartbeat since.",
    remedy=prose("""
        Freeing the disk does not heal it; only a restart does, and it loses what was not saved. So remove the cause
        (free space; remove the database with `/` in its name by not creating it again), then copy what is at risk:
        read the keys over HTTP, or let a replica that is well take over: its data is complete. Take snapshots there.
        Then kill the node, as SIGINT has no effect, start it, and ask for the snapshot again: the alert fires until it
        is done. Do not ask for more snapshots before: they are forgotten.
    """),
    other_causes=prose("""
        NUN_DECLUTTER_INTERVAL is longer than ten minutes. The node has restarted since: a snapshot that was asked for
        before is forgotten; ask again.
    """),
    needs=_NEEDS,
)
FILES_DAMAGED: Final = Alert(
    **told(problems.FILES_DAMAGED, node=NODE, damage="{{ $labels.damage }}", subject=_SUBJECT),
    expression=f"{files.DAMAGED} == 1",
    wait="1m",
    meaning=prose("""
        Of keys or values: the next start fails with code 101, or comes up without some data; while the node runs, all
        is in its memory. The usual cause is `snapshot true` after `remove`, and then another snapshot, which
        overwrites the new file at the old places. Of metadata: the first snapshot of a database broke off. reclaim: a
        snapshot that reclaimed space was killed, and the values of before are gone. key_map: no start succeeds.
    """),
    confirm=(_REPORT, "ls --full-time $NUN_DBS_DIR"),
    evidence="It says at which byte of which file, or which file is missing. No snapshot is in progress.",
    remedy=prose("""
        While the node runs, nothing is lost yet. Copy the database first: read every key over the network and write it
        into a database of another name, or let a replica take over whose files are well. Then send
        `use-db DATABASE TOKEN;snapshot true` to the node itself, which writes all its keys anew, and no other snapshot.
        As soon as the report finds no damage, restart the node, and write each key again on the primary: until then it
        knows what was removed, and each plain snapshot damages the files again, as does the rejoin of another member,
        which makes it take one. In a cluster do so with one node after the other, the primary last. If the node is down
        already, put back the files of a backup or of a replica, all of them.
    """),
    other_causes="The disk was full, files were copied in part, or somebody has edited them.",
    needs=_NEEDS,
)
NEVER_SAVED: Final = Alert(
    **told(problems.NEVER_SAVED, node=NODE, databases=counted("database")),
    expression=f"{files.NEVER_SAVED} > 0",
    wait="20m",
    meaning=prose("""
        Nun-db saves nothing by itself. After a restart these databases do not exist, their tokens are refused, and the
        numbers go to the next databases that are created. As long as the operation log is valid, a member that comes
        back and asks from before their creation ends the node.
    """),
    confirm=(_REPORT, ask("debug list-dbs")),
    evidence="A database that `debug list-dbs` names is not among the saved ones.",
    remedy="Use a timer for it: a snapshot without changes costs nothing.",
    other_causes=prose("""
        The snapshots are sent and never done: NundbSnapshotNotDone fires, too. A database that a restart has forgotten
        stays in the operation log until that is pruned, or deleted at a start in invalid state.
    """),
    needs=_NEEDS,
)
UNSAVED: Final = Alert(
    **told(
        problems.UNSAVED, node=NODE, database="{{ $labels.database }}", reason=f"its last snapshot ended {_AGE} ago"
    ),
    expression=f"time() - {files.SNAPSHOT} > {problems.UNSAVED_SECONDS} "
    f"and on (job, instance, database) {files.UNSAVED} > 0",
    wait="15m",
    meaning=prose("""
        A crash, SIGTERM or a full disk would lose all changes of the database since then. SIGINT would lose them too,
        because it saves only databases for which a snapshot was asked.
    """),
    confirm=(_REPORT,),
    evidence="It counts the changes that a crash would lose, by database.",
    remedy="If a timer sends it, find out why it does not: the token has changed, or the node was down then.",
    other_causes="After a crash, changes that were lost in it count until the next snapshot.",
    needs=_NEEDS,
)
DISK_NEARLY_FULL: Final = Alert(
    **told(problems.DISK_NEARLY_FULL, node=NODE, size="{{ $value | humanize1024 }}B"),
    expression=f"{files.FREE} < {problems.FREE_SHARE} * {files.CAPACITY} and {files.FREE} < {problems.FREE_BYTES}",
    wait="5m",
    meaning=prose("""
        A snapshot that meets a full disk ends the thread that does snapshots, for good and without an error to the
        client. An operation log that meets it ends the node with code 101, and what was not saved is lost.
    """),
    confirm=("df --human-readable $NUN_DBS_DIR", "du --human-readable --max-depth=1 $NUN_DBS_DIR", _REPORT),
    evidence="`df` shows less than a twentieth free.",
    remedy=prose("""
        Remove what is not Nun-db's. Segments in `oplog/` may be deleted, the oldest first: members that were away for
        longer then ask for everything. `snapshot true` shrinks files of values, but first needs room for a second
        copy, and damages databases from which keys were removed (NundbFilesDamaged). Never delete `oplog-nun.op` while
        the node runs: it goes on writing into the deleted file.
    """),
    other_causes="Something else fills the same file system. Quotas are not seen.",
    needs=_NEEDS,
)
INODES_RUNNING_OUT: Final = Alert(
    **told(problems.INODES_RUNNING_OUT, node=NODE, files=counted("file")),
    expression=f"{files.FREE_INODES} < {problems.FREE_SHARE} * {files.INODES} "
    f"and {files.FREE_INODES} < {problems.FREE_INODES}",
    wait="5m",
    meaning=prose("""
        A disk may have room and still take no further file. The first snapshot of a database creates three, and
        `snapshot true` creates two anew. One that cannot ends the thread that does snapshots, for good and without an
        error to the client; `snapshot true` has renamed the file of keys by then (NundbFilesDamaged). Other snapshots
        of databases that were saved before succeed until then.
    """),
    confirm=("df --inodes $NUN_DBS_DIR", _REPORT),
    evidence="`df` shows less than a twentieth free under `IFree`.",
    remedy=prose("""
        Nun-db has a handful of files for each database, so look for the many small ones of something else: `du --inodes
        --one-file-system` on the mount point that `df` shows counts them by directory. Delete what nobody needs, or
        give the data a file system of its own. How many files ext4 can hold is chosen when it is made, and only grows
        with it.
    """),
    other_causes="Quotas are not seen. File systems without a limit, as Btrfs, never fire this.",
    needs=_NEEDS,
)
DISK_FILLING: Final = Alert(
    name="NundbDiskFilling",
    severity="warning",
    summary="The disk of a Nun-db node will be full within a day.",
    description=f"The file system of the data of {NODE} will be full within a day, if it goes on filling as in the "
    "last six hours.",
    expression=f"predict_linear({files.FREE}[6h], 86400) < 0 and {files.FREE} < 0.5 * {files.CAPACITY}",
    wait="1h",
    meaning=prose("""
        Values are only appended, until `snapshot true`; a key that is incremented appends another record at each
        snapshot; the operation log grows to its limit. A full disk ends first snapshots and then the node.
    """),
    confirm=("df --human-readable $NUN_DBS_DIR", "du --human-readable --max-depth=1 $NUN_DBS_DIR", _REPORT),
    evidence="The dashboard *Nun-db storage* shows which kind of file grows.",
    remedy="Make room, or give it a larger disk, before NundbDiskNearlyFull fires.",
    other_causes="Something else fills the same file system. A large file that was copied once counts for six hours.",
    needs=_NEEDS,
)
OPLOG_INVALID: Final = Alert(
    **told(problems.OPLOG_INVALID, node=NODE),
    expression=f"{files.VALID} == 0",
    wait="2h",
    meaning=prose("""
        The first new key after a save marks the log so, until keys are saved with the next snapshot. A start in this
        state deletes the log and asks the cluster for everything; values that a replica gets in that way lack their
        first word until they are written again.
    """),
    confirm=(_REPORT, "od --address-radix=n --format=u1 $NUN_DBS_DIR/is-oplog.valid"),
    evidence="The byte is 0.",
    remedy="A snapshot of any database saves the keys of all.",
    other_causes="New keys are written all the time, and snapshots are rare: then this is the usual state.",
    needs=_NEEDS,
)
GROUP: Final = Group(
    "nundb-files",
    "Files",
    (
        RESTART_UNSAFE,
        SNAPSHOT_NOT_DONE,
        FILES_DAMAGED,
        NEVER_SAVED,
        UNSAVED,
        DISK_NEARLY_FULL,
        INODES_RUNNING_OUT,
        DISK_FILLING,
        OPLOG_INVALID,
    ),
)
