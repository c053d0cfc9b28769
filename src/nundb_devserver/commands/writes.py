"""The writes of a node, and what the other nodes are told of them."""

import asyncio
from typing import Final

from nundb_devserver.clockwork import Clockwork
from nundb_devserver.data import conflicts
from nundb_devserver.data.members import Role
from nundb_devserver.data.store import CONNECTIONS_KEY, PLAIN, Change, Database
from nundb_devserver.outcome import Later, Outcome
from nundb_devserver.replication import operations
from nundb_devserver.replication.operations import Operation
from nundb_devserver.replication.replicator import Replicator
from nundb_devserver.state import State

_U64: Final = (1 << 64) - 1

_POLL_SECONDS: Final = 0.002
"""How often the original's thread of a link looks for what has arrived (protocol notes 1.1)."""
_AT_ONCE: Final = 8
"""Verdicts that a link deals with before the event loop, which all nodes share, turns to others: no turn is long."""


class Writes:
    """Writes values, and forwards the verdicts of arbiters."""

    def __init__(self, state: State, clockwork: Clockwork, replicator: Replicator) -> None:
        self._state = state
        self._clockwork = clockwork
        self._replicator = replicator
        self._left = 0
        """How many further verdicts the link deals with in this turn."""

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

    def forward_verdict(self, operation: Operation) -> Outcome | Later:
        """Send an arbiter's verdict on to the primary, together with those that have arrived with it.

        It comes back from there, so one that is sent on goes round for ever. With each further secondary it comes back
        twice, and again twice: how many go round is limited by nothing but the processor (protocol notes 6.8). What has
        not been read yet is not acknowledged.
        """
        if self._left:
            self._left -= 1
            self._send_verdict(operation)
            return None
        return self._forward_later(operation)

    async def _forward_later(self, operation: Operation) -> Outcome:
        await self._clockwork.sleep(_POLL_SECONDS)
        self._send_verdict(operation)
        self._left = _AT_ONCE - 1
        asyncio.get_running_loop().call_soon(self._end_turn)
        return None

    def _end_turn(self) -> None:
        self._left = 0

    def _send_verdict(self, operation: Operation) -> None:
        if not self._state.conditions.drops_verdicts:
            self._replicator.send_to_primary(operation)

    def _replicate_change(self, database: Database, change: Change) -> None:
        """Tell the others about a write that no client asked for."""
        operation = operations.write(database.name, change.key, change.text, change.version)
        if self._state.role is Role.SECONDARY:
            self._replicator.send_to_primary(operation)
        else:
            self._replicator.offer(operation)
