"""What one run of a node knows, from its start to its end (main.rs; bo.rs: Databases)."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Final

from nundb_devserver.conditions import Conditions
from nundb_devserver.data import snapshots
from nundb_devserver.data.averages import MovingAverage
from nundb_devserver.data.keymap import KeyMap
from nundb_devserver.data.members import Members, Role
from nundb_devserver.data.oplog import Oplog
from nundb_devserver.data.oplog import discard as discard_oplog
from nundb_devserver.data.pending import PendingOperations
from nundb_devserver.data.store import ADMIN_DATABASE, TOKEN_KEY, Database, Strategy
from nundb_devserver.log import DISK, NODE, REPLICATION, STORAGE, UNWRAPPED_ERROR, Log
from nundb_devserver.options import NodeOptions
from nundb_devserver.outcome import Panic
from nundb_devserver.releases import RELEASES

_STORAGE_FULL: Final = 'Os { code: 28, kind: StorageFull, message: "No space left on device" }'
_FIRST_WORKER: Final = 140_000_000_000_000
_WORKER_STEP: Final = 2_101_248
"""Worker numbers that look like the original's thread ids: a stack apart."""


class State:
    """Everything that a process holds in memory, but for what happens next.

    `conditions` outlives it. `exit_process` ends the process where the original's main thread would die.
    """

    def __init__(
        self, options: NodeOptions, directory: Path, conditions: Conditions, exit_process: Callable[[], None]
    ) -> None:
        self.options = options
        self.release = RELEASES[options.release]
        self.conditions = conditions
        self.name = options.name
        self.elapsed = options.clock.elapsed
        self._now = options.clock.now
        self.process_id = self.clock() // 1_000_000
        self.log = Log(None if options.log is None else self._keep, self.clock)
        self.query_average = MovingAverage()
        self.replication_average = MovingAverage()
        self.role = Role.STARTING_UP
        self.members = Members()
        self.databases: dict[str, Database] = {}
        self.pending = PendingOperations(
            self.elapsed, self.replication_average, lambda message: self.log.write(REPLICATION, message)
        )
        self._exit_process = exit_process
        self._directory = directory
        self._queued_snapshots: list[tuple[str, bool]] = []
        self.is_snapshot_thread_dead = False
        self._workers = itertools.count(_FIRST_WORKER, _WORKER_STEP)
        self.log.write(NODE, "nundb starting!")
        self.keymap = KeyMap(directory)
        if not self.keymap.was_valid:
            self.log.write(
                NODE,
                "Nun-db has restarted with op-log in a invalid state, oplog and keys metadafile will be deleted!",
            )
            discard_oplog(directory)
            self.keymap.forget_validity()
        self._load_databases()
        self.oplog = Oplog(directory, conditions.oplog_limit or options.max_oplog_bytes, self.clock)

    def clock(self) -> int:
        """Return nanoseconds since the epoch, as this node sees them: process id, operation ids and log."""
        return self._now() + self.conditions.clock_offset_nanoseconds

    def _keep(self, entry: str) -> None:
        """Take an entry of the log."""
        if self.options.log is not None and not self.conditions.is_log_lost:
            self.options.log(entry)

    @property
    def password(self) -> str:
        """The administrator's password."""
        changed = self.conditions.password
        return self.options.password if changed is None else changed

    @property
    def is_primary(self) -> bool:
        """Whether the node acts as the primary."""
        return self.role is Role.PRIMARY

    def next_worker(self) -> int:
        """Return a number for the log: the original shows the thread that ran a command."""
        return next(self._workers)

    def fail(self, reason: str) -> bool:
        """Note that the original's main thread would die; True if this process has ended as well."""
        self.log.write(REPLICATION, reason)
        if self.options.is_faithful:
            self._exit_process()
        return self.options.is_faithful

    def tell_panic(self, error: Exception, worker: int) -> None:
        """Log that a thread dies of this, as the original does; of what the original survives, it says nothing."""
        if isinstance(error, Panic) and error.place:
            self.log.panic(worker, error.place, str(error))

    def add_database(self, database: Database) -> bool:
        """Add a database; False if its name is taken."""
        if database.name in self.databases:
            return False
        self.databases[database.name] = database
        admin = self.databases[ADMIN_DATABASE]
        admin.apply(admin.change(database.name, "{}"))
        return True

    def queue_snapshot(self, name: str, *, reclaim: bool) -> bool:
        """Queue a database to be written to disk; False if there is none of this name."""
        if name not in self.databases:
            return False
        self._queued_snapshots.append((name, reclaim))
        return True

    def declutter(self) -> None:
        """Save what is queued and prune the operation log, unless the thread that does so has ended."""
        self.save_snapshots()
        if not self.is_snapshot_thread_dead:
            self.oplog.prune()

    def save_snapshots(self) -> None:
        """Write the queued snapshots, and the keys with them (disk_ops.rs: snapshot_all_pendding_dbs).

        Where that fails, the original's thread ends by a panic: nothing is ever saved again, and `snapshot` goes on
        answering success (protocol notes 4.6).
        """
        if self.is_snapshot_thread_dead:
            return
        queued, self._queued_snapshots = self._queued_snapshots, []
        self.log.write(DISK, f"snapshot_all_pendding_dbs | queue_len == {len(queued)}")  # sic
        if not queued:
            return
        self.keymap.save()
        if self.conditions.is_disk_full:
            self.is_snapshot_thread_dead = True
            words = UNWRAPPED_ERROR.format(_STORAGE_FULL)
            self.log.panic(self.next_worker(), "storage/disk.rs:193:40", words, "Timer thread")
            return
        for name, reclaim in reversed([entry for entry, _ in itertools.groupby(queued)]):
            if "/" in name or "\0" in name:
                self.log.write(DISK, f"Database not found {name}")
            else:
                snapshots.save(self.databases[name], self._directory, reclaim=reclaim)

    def _load_databases(self) -> None:
        self.log.write(
            DISK,
            "Will load all databases from using the strategy Defalt: Disk, Read: Disk, Write: Disk",  # sic
        )
        admin = Database(ADMIN_DATABASE, 0, Strategy.NEWER, self.clock)
        admin.apply(admin.change(TOKEN_KEY, self.options.password))
        self.add_database(admin)
        for name in snapshots.others(self._directory):
            self.log.write(STORAGE, f"Files {name} does not ends with {snapshots.KEYS_SUFFIX} will ignore")  # sic
        for name in snapshots.names(self._directory):
            self.add_database(snapshots.load(name, self._directory, self.clock, len(self.databases)))
