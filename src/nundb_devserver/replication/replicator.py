"""From a successful command to the operation log and the other nodes (replication_ops.rs; protocol notes 5.2, 6.5)."""

from collections import deque
from typing import Final

from nundb_devserver.clockwork import Clockwork
from nundb_devserver.data.members import Member, Role
from nundb_devserver.data.oplog import CREATE_DB_KEY, SNAPSHOT_KEY, Kind
from nundb_devserver.log import REPLICATION
from nundb_devserver.replication.operations import Operation
from nundb_devserver.state import State

_SNAPSHOT_OPERATION_ID: Final = 0
"""Every snapshot is replicated under this id (replication_ops.rs: start_replication_thread; protocol notes 5.2)."""


class Replicator:
    """The queue between commands and the operation log: what is in it is done, but neither recorded nor sent."""

    def __init__(self, state: State, clockwork: Clockwork) -> None:
        self._state = state
        self._clockwork = clockwork
        self._queue: deque[tuple[int, Operation]] = deque()

    def offer(self, operation: Operation) -> int:
        """Queue an operation and return its new id; it is recorded and sent in the next turn."""
        operation_id = self._state.clock()
        self._queue.append((operation_id, operation))
        self._clockwork.wake()
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
                operation_id = _SNAPSHOT_OPERATION_ID
            for member in self._recipients():
                # Registered first, whether there is a way to the member or not (replication_ops.rs:
                # replicate_message_to_all).
                line = self._state.pending.register(operation_id, operation.message, member.name)
                self.send(member, line)
        self._state.oplog.append(records)

    def send_to_primary(self, operation: Operation) -> None:
        """Forward a write to the primary, unacknowledged (protocol notes 6.5)."""
        for member in self._state.members.with_role(Role.PRIMARY):
            self.send(member, operation.message)

    def send(self, member: Member, line: str) -> None:
        """Send a line to a member; the primary has no way to itself, and says so in the log."""
        if member.outlet is None:
            self._state.log.write(
                REPLICATION,
                f"start_replication_thread:: Not replicatin {line}, None sender",  # sic
            )
        else:
            member.outlet.send(line)

    def _record(
        self, records: list[tuple[int, int, int, Kind]], operation_id: int, operation: Operation, kind: Kind
    ) -> None:
        state = self._state
        if kind is Kind.CREATE_DB:
            key = CREATE_DB_KEY
        elif kind is Kind.SNAPSHOT:
            key = SNAPSHOT_KEY
        else:
            key = state.keymap.number(operation.key.replace("\n", ""))
        for name in operation.databases:
            database = state.databases.get(name)
            if database is not None:
                records.append((operation_id, key, database.number, kind))
            elif state.role is not Role.SECONDARY:
                state.fail(f"Error replicating message: Missing DB Id of {name}")

    def _recipients(self) -> list[Member]:
        state = self._state
        if state.role is Role.SECONDARY:
            return []
        return [
            member
            for member in state.members.all()
            if member.name != state.name and (state.role is Role.STARTING_UP or member.role is Role.SECONDARY)
        ]
