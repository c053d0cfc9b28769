"""Databases, their values and versions, and who watches them (bo.rs; protocol notes 3). Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from typing import Final, Protocol

from nundb_devserver.data.permissions import matches
from nundb_devserver.numbers import parse_i32, wrap

ADMIN_DATABASE: Final = "$admin"
TOKEN_KEY: Final = "$$token"  # noqa: S105 - the name of a key
CONNECTIONS_KEY: Final = "$connections"
CONFLICTS_KEY: Final = "$conflicts"
SECURITY_PREFIX: Final = "$$"
USER_PREFIX: Final = "$$user_"
PERMISSION_PREFIX: Final = "$$permission_$"

EMPTY: Final = "<Empty>"
PLAIN: Final = -1
"""The version of a write that does not ask for one."""
IN_CONFLICT: Final = -2
"""The stored version of a key that waits for its arbiter."""


class DiskState(IntEnum):
    """How a value relates to the disk."""

    OK = 0
    DELETED = 1
    UPDATED = 2
    NEW = 3


class Strategy(Enum):
    """What a database does with a stale write; the value is its number on disk."""

    NONE = 0
    NEWER = 1
    ARBITER = 2

    @property
    def word(self) -> str:
        """The strategy on the wire."""
        return self.name.lower()


STRATEGIES: Final = {strategy.word: strategy for strategy in Strategy}


class Receiver(Protocol):
    """What can be sent a message: a connection."""

    send: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Value:
    """A stored value, and where it is on disk: bytes from the start of the two files of a snapshot."""

    text: str
    version: int
    operation_id: int
    state: DiskState
    value_address: int = 0
    key_address: int = 0

    def changed(self, text: str, version: int, operation_id: int) -> "Value":
        """Return what a write makes of this value: it keeps its place on disk, and is newer than what is there."""
        state = DiskState.NEW if self.state is DiskState.NEW else DiskState.UPDATED
        return Value(text, version, operation_id, state, self.value_address, self.key_address)


@dataclass(frozen=True, slots=True)
class Change:
    """A write on its way into a database."""

    key: str
    text: str
    version: int
    operation_id: int
    resolves: bool = False

    def next_version(self, old: Value) -> int:
        """Return the version that this write gives to a key that has `old` (bo.rs: Change::next_version)."""
        if self.version == IN_CONFLICT:
            return self.version
        if self.resolves:
            return wrap((self.version if old.version == IN_CONFLICT else old.version) + 1)
        if old.version == IN_CONFLICT:
            return old.version
        return wrap((old.version if self.version == PLAIN else self.version) + 1)


class Database:
    """One database in memory. `clock` gives operation ids: nanoseconds since the epoch, as this node sees them."""

    def __init__(self, name: str, number: int, strategy: Strategy, clock: Callable[[], int]) -> None:
        self.name = name
        self.number = number
        self.strategy = strategy
        self.values: dict[str, Value] = {}
        self.connections = 0
        self._clock = clock
        self._watchers: dict[str, list[Receiver]] = {}
        self._watched: dict[Receiver, set[str]] = {}

    def change(self, key: str, text: str, version: int = PLAIN, *, resolves: bool = False) -> Change:
        """Return a change that is made now."""
        return Change(key, text, version, self._clock(), resolves)

    def apply(self, change: Change) -> bool:
        """Apply a change and tell the watchers; False, and nothing done, if its version is stale."""
        key = change.key
        old = self.values.get(key)
        if old is None:
            version = wrap(change.version + 1)
            self.values[key] = Value(change.text, version, change.operation_id, DiskState.NEW)
        else:
            version = change.next_version(old)
            if version <= old.version and change.version != IN_CONFLICT:
                return False
            self.values[key] = old.changed(change.text, version, change.operation_id)
        if key in self._watchers:
            self._notify_changed(key, change.text, version)
        return True

    def mark_in_conflict(self, key: str) -> None:
        """Keep a key's value, and make every further write to it a conflict."""
        old = self.values[key]
        self.values[key] = old.changed(old.text, IN_CONFLICT, old.operation_id)

    def mark_saved(self, key: str, value_address: int, key_address: int) -> None:
        """Record where a snapshot has put a value."""
        old = self.values[key]
        self.values[key] = Value(old.text, old.version, self._clock(), DiskState.OK, value_address, key_address)

    def increment(self, key: str, step: int) -> bool:
        """Add to a number, 32 bits that wrap; False if the value is not a number. Resets the version to 1."""
        old = self.values.get(key)
        current = 0 if old is None else parse_i32(old.text)
        if current is None:
            return False
        text = str(wrap(current + step))
        self.values[key] = Value(text, 1, self._clock(), DiskState.NEW)
        if key in self._watchers:
            self._notify_changed(key, text, -1)
        return True

    def remove(self, key: str) -> None:
        """Remove a key: at once if it was never saved, else it leaves a tombstone for the next snapshot."""
        old = self.values.get(key)
        if old is not None:
            if old.state is DiskState.NEW:
                del self.values[key]
            else:
                self.values[key] = replace(old, text=EMPTY, version=wrap(old.version + 1), state=DiskState.DELETED)
        for receiver in self._watchers.get(key, ()):
            receiver.send(f"removed {key}\n")

    def keys(self, pattern: str, *, is_admin: bool) -> list[str]:
        """Return the living keys that match, sorted."""
        return sorted(
            key
            for key, value in self.values.items()
            if value.state is not DiskState.DELETED
            and (is_admin or not key.startswith(SECURITY_PREFIX))
            and matches(pattern, key)
        )

    def watch(self, key: str, receiver: Receiver) -> None:
        """Tell a receiver about every change of a key: once more with each call."""
        self._watchers.setdefault(key, []).append(receiver)
        self._watched.setdefault(receiver, set()).add(key)

    def unwatch(self, key: str, receiver: Receiver) -> None:
        """End all of a receiver's subscriptions to a key."""
        remaining = [other for other in self._watchers.get(key, ()) if other is not receiver]
        # The key of the arbiters stays, even when none is left (consensus_ops.rs: has_arbiter_connected).
        if remaining or key == CONFLICTS_KEY:
            self._watchers[key] = remaining
        else:
            self._watchers.pop(key, None)
        watched = self._watched.get(receiver)
        if watched is not None:
            watched.discard(key)
            if not watched:
                del self._watched[receiver]

    def unwatch_all(self, receiver: Receiver) -> None:
        """End all of a receiver's subscriptions in this database."""
        for key in tuple(self._watched.get(receiver, ())):
            self.unwatch(key, receiver)

    @property
    def has_arbiter(self) -> bool:
        """Whether an arbiter has ever registered here since the start."""
        return CONFLICTS_KEY in self._watchers

    def tell_arbiters(self, message: str) -> None:
        """Send a message to every arbiter."""
        for receiver in self._watchers.get(CONFLICTS_KEY, ()):
            receiver.send(message)

    def _notify_changed(self, key: str, text: str, version: int) -> None:
        for receiver in self._watchers[key]:
            receiver.send(f"changed {key} {text}\n")
            receiver.send(f"changed-version {key} {version} {text}\n")
