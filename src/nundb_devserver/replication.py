"""From a successful command to the operation log and the other nodes (replication_ops.rs; protocol notes 5.2, 6.5)."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from nundb_devserver.commands import (
    Command,
    CreateDb,
    CreateUser,
    ElectionActive,
    ElectionCandidate,
    Increment,
    Leave,
    Remove,
    Replicate,
    ReplicateIncrement,
    ReplicateRemove,
    ReplicateSnapshot,
    Resolve,
    Set,
    SetPermissions,
    Snapshot,
)
from nundb_devserver.log import REPLICATION
from nundb_devserver.members import Member, Role
from nundb_devserver.oplog import CREATE_DB_KEY, SNAPSHOT_KEY, Kind
from nundb_devserver.parse import Panic
from nundb_devserver.store import PERMISSION_PREFIX, PLAIN, USER_PREFIX

if TYPE_CHECKING:
    from nundb_devserver.process import Process

SNAPSHOT_OPERATION_ID = 0
"""Every snapshot is replicated under this id (replication_ops.rs: start_replication_thread; protocol notes 5.2)."""


class Operation(NamedTuple):
    """What other nodes are told, and what the operation log records of it: nothing where `kind` is None."""

    message: str
    kind: Kind | None = None
    databases: tuple[str, ...] = ()
    key: str = ""


def write_operation(database: str, key: str, text: str, version: int) -> Operation:
    """Return the operation that a write is for the others."""
    return Operation(f"replicate {database} {key} {version} {text}", Kind.UPDATE, (database,), key)


def increment_operation(database: str, key: str, step: int) -> Operation:
    """Return the operation that an increment is for the others."""
    return Operation(f"replicate-increment {database} {key} {step}", Kind.UPDATE, (database,), key)


def resolve_operation(command: Resolve) -> Operation:
    """Return the operation that a verdict is for the others; the operation log does not know it."""
    return Operation(
        f"resolve {command.operation_id} {command.database} {command.key} {command.version} {command.text}"
    )


def _remove(database: str, key: str) -> Operation:
    return Operation(f"replicate-remove {database} {key}", Kind.REMOVE, (database,), key)


def _snapshot(databases: tuple[str, ...], reclaim: bool) -> Operation:
    names = "|".join(databases)
    return Operation(f"replicate-snapshot {names} {str(reclaim).lower()}", Kind.SNAPSHOT, tuple(names.split("|")))


def _client_snapshot(command: Snapshot, database: str | None) -> Operation:
    if database is None:
        # The original expects a selected database even where the command names others (protocol notes 1.2).
        raise Panic("db_name should be set for snapshot replication")
    return _snapshot(command.databases or (database,), command.reclaim)


def operation_of(command: Command, database: str | None) -> Operation | None:
    """Return what a command that succeeded is for the others, or None; `database` was selected before it ran.

    Raises:
        Panic: a snapshot of named databases by a session that has selected none.
    """
    factory = OPERATIONS.get(type(command))
    return None if factory is None else factory(command, database)


OPERATIONS: dict[type, Callable[..., Operation]] = {
    CreateDb: lambda command, _: Operation(
        f"create-db {command.name} {command.token} {command.strategy.word}", Kind.CREATE_DB, (command.name,)
    ),
    CreateUser: lambda command, database: write_operation(
        database, f"{USER_PREFIX}{command.user}", command.token, PLAIN
    ),
    ElectionActive: lambda command, _: Operation(f"election active {command.node}"),
    ElectionCandidate: lambda command, _: Operation(f"election candidate {command.process_id} {command.node}"),
    Increment: lambda command, database: increment_operation(database, command.key, command.step),
    Leave: lambda command, _: Operation(f"replicate-leave {command.node}"),
    Remove: lambda command, database: _remove(database, command.key),
    Replicate: lambda command, _: write_operation(command.database, command.key, command.text, command.version),
    ReplicateIncrement: lambda command, _: increment_operation(command.database, command.key, command.step),
    ReplicateRemove: lambda command, _: _remove(command.database, command.key),
    ReplicateSnapshot: lambda command, _: _snapshot(command.databases, command.reclaim),
    Resolve: lambda command, _: resolve_operation(command),
    Set: lambda command, database: write_operation(database, command.key, command.text, command.version),
    SetPermissions: lambda command, database: write_operation(
        database,
        f"{PERMISSION_PREFIX}{command.user}",
        "|".join(str(permission) for permission in command.permissions),
        PLAIN,
    ),
    Snapshot: _client_snapshot,
}
"""The commands that change something elsewhere (replication_ops.rs: replicate_request)."""


class Replicator:
    """The queue between commands and the operation log: what is in it is done, but neither recorded nor sent."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._queue: deque[tuple[int, Operation]] = deque()

    def offer(self, operation: Operation) -> int:
        """Queue an operation and return its new id; it is recorded and sent in the next turn of the event loop."""
        operation_id = self._process.clock()
        self._queue.append((operation_id, operation))
        self._process.wake()
        return operation_id

    def drain(self) -> None:
        """Record and send everything that is queued."""
        queue = self._queue
        if not queue:
            return
        records: list[tuple[int, int, int, Kind]] = []
        while queue:
            operation_id, operation = queue.popleft()
            if operation.kind is not None:
                self._record(records, operation_id, operation, operation.kind)
            if operation.kind is Kind.SNAPSHOT:
                operation_id = SNAPSHOT_OPERATION_ID
            for member in self._targets():
                self._send(member, operation_id, operation.message)
        self._process.oplog.append(records)

    def send_to_primary(self, operation: Operation) -> None:
        """Forward a write to the primary, unacknowledged (protocol notes 6.5)."""
        for member in self._process.members.with_role(Role.PRIMARY):
            self.hand_over(member, operation.message)

    def hand_over(self, member: Member, line: str) -> None:
        """Send a line to a member; the primary has no way to itself, and says so in the log."""
        if member.outlet is None:
            self._process.log.write(
                REPLICATION,
                f"start_replication_thread:: Not replicatin {line}, None sender",  # sic
            )
        else:
            member.outlet.send(line)

    def _record(
        self, records: list[tuple[int, int, int, Kind]], operation_id: int, operation: Operation, kind: Kind
    ) -> None:
        process = self._process
        if kind is Kind.CREATE_DB:
            key = CREATE_DB_KEY
        elif kind is Kind.SNAPSHOT:
            key = SNAPSHOT_KEY
        else:
            key = process.keymap.number(operation.key.replace("\n", ""))
        for name in operation.databases:
            database = process.databases.get(name)
            if database is not None:
                records.append((operation_id, key, database.number, kind))
            elif process.role is not Role.SECONDARY:
                process.fail(f"Error replicating message: Missing DB Id of {name}")

    def _targets(self) -> list[Member]:
        process = self._process
        if process.role is Role.SECONDARY:
            return []
        return [
            member
            for member in process.members.all()
            if member.name != process.name and (process.role is Role.STARTING_UP or member.role is Role.SECONDARY)
        ]

    def _send(self, member: Member, operation_id: int, message: str) -> None:
        # Registered first, whether there is a way to the member or not (replication_ops.rs: replicate_message_to_all).
        self.hand_over(member, self._process.pending.register(operation_id, message, member.name))
