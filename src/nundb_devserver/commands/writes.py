"""The writes of a node, and what the other nodes are told of them."""

from collections import deque
from typing import Final

from nundb_devserver.clockwork import Clockwork
from nundb_devserver.data import conflicts
from nundb_devserver.data.members import Role
from nundb_devserver.data.store import CONNECTIONS_KEY, PLAIN, Change, Database
from nundb_devserver.outcome import Outcome
from nundb_devserver.replication import operations
from nundb_devserver.replication.operations import Operation
from nundb_devserver.replication.replicator import Replicator
from nundb_devserver.state import State

_U64: Final = (1 << 64) - 1

_VERDICT_SECONDS: Final = 0.002
"""Between two verdicts that a secondary forwards: the original's polling sets a storm's pace (protocol notes 6.8)."""


class Writes:
    """Writes values; its queue holds the verdicts of arbiters that a secondary has yet to forward."""

    def __init__(self, state: State, clockwork: Clockwork, replicator: Replicator) -> None:
        self._state = state
        self._clockwork = clockwork
        self._replicator = replicator
        self._verdicts: deque[Operation] = deque()

    def write(self, database: Database, key: str, text: str, version: int) -> Outcome:
        """Write a value, and deal with a conflict as the database wants it.

        Raises:
            Panic: the key is in conflict and no conflict of it is stored.
        """
        change = database.change(key, text, version)
        return conflicts.write(database, change, self._state.log, self._replicate_change)

    def resolve(self, database: Database, change: Change) -> None:
        """Apply an arbiter's verdict."""
        conflicts.resolve(database, change, self._replicate_change)

    def count_connection(self, database: Database, step: int) -> None:
        """Count a session in or out; the number is also a value, which is not replicated (protocol notes 3.4)."""
        database.connections = (database.connections + step) & _U64
        self.write(database, CONNECTIONS_KEY, str(database.connections), PLAIN)

    def forward_unless_primary(self, database: Database, key: str, text: str, version: int) -> None:
        """Send a client's write on to the primary, unless this node acts as one: from there it comes back."""
        if not self._state.is_primary:
            self._replicator.send_to_primary(operations.write(database.name, key, text, version))

    def forward_verdict(self, operation: Operation) -> None:
        """Send an arbiter's verdict on to the primary, each a little after the one before."""
        self._verdicts.append(operation)
        if len(self._verdicts) == 1:
            self._clockwork.spawn(self._forward_verdicts())

    async def _forward_verdicts(self) -> None:
        while self._verdicts:
            await self._clockwork.sleep(_VERDICT_SECONDS)
            if self._state.conditions.drops_verdicts:
                self._verdicts.clear()
            else:
                self._replicator.send_to_primary(self._verdicts.popleft())

    def _replicate_change(self, database: Database, change: Change) -> None:
        """Tell the others about a write that no client asked for."""
        operation = operations.write(database.name, change.key, change.text, change.version)
        if self._state.role is Role.SECONDARY:
            self._replicator.send_to_primary(operation)
        else:
            self._replicator.offer(operation)
