"""Reading and writing values (protocol notes 3)."""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from nundb_devserver.commands.access import DatabaseCommand, KeyCommand
from nundb_devserver.commands.command import Arguments, Parts, i32, one_line
from nundb_devserver.commands.session import Session
from nundb_devserver.data.store import EMPTY, PLAIN, TOKEN_KEY, Database
from nundb_devserver.outcome import Failure, Outcome
from nundb_devserver.replication import operations
from nundb_devserver.replication.operations import Operation

_NOT_NUMERIC: Final = Failure("Key is not numeric")
_TOKEN_STAYS: Final = Failure("$$token key cannot be removed")

_ABSENT_VERSION: Final = 1
"""The version that `get-safe` shows for a key that has never been there."""


class Get(KeyCommand):
    """`get KEY`: read a value."""

    __slots__ = ()

    words: ClassVar = ("get",)
    kind: ClassVar = "r"

    def act(self, database: Database, parts: Parts, session: Session) -> Outcome:
        value = database.values.get(self.key)
        session.send(f"value {EMPTY if value is None else value.text}\n")
        return None


class GetSafe(KeyCommand):
    """`get-safe KEY`: read a value and its version."""

    __slots__ = ()

    words: ClassVar = ("get-safe",)
    kind: ClassVar = "r"

    def act(self, database: Database, parts: Parts, session: Session) -> Outcome:
        value = database.values.get(self.key)
        version, text = (_ABSENT_VERSION, EMPTY) if value is None else (value.version, value.text)
        session.send(f"value-version {version} {text}\n")
        return None


@dataclass(frozen=True, slots=True)
class Set(KeyCommand):
    """`set KEY TEXT`: write a value."""

    words: ClassVar = ("set",)
    kind: ClassVar = "w"
    text: str
    version: int = PLAIN

    @classmethod
    def parse(cls, arguments: Arguments) -> Self:
        return cls(arguments.optional(1), one_line(arguments.optional(2)))

    def act(self, database: Database, parts: Parts, session: Session) -> Outcome:
        outcome = parts.writes.write(database, self.key, self.text, self.version)
        # A secondary forwards even what it has refused itself (process_request.rs: Request::Set).
        parts.writes.forward_unless_primary(database, self.key, self.text, self.version)
        return outcome

    def operation(self, selected: str | None) -> Operation:
        return operations.write(str(selected), self.key, self.text, self.version)


class SetSafe(Set):
    """`set-safe KEY VERSION TEXT`: write a value if its version is not stale."""

    __slots__ = ()

    words: ClassVar = ("set-safe",)

    @classmethod
    def parse(cls, arguments: Arguments) -> Self:
        rest = Arguments(arguments.required(2, "set-safe must be followed by a version and key"), spaces=1)
        text = rest.required(1, "set-safe must be followed by a key")
        return cls(arguments.optional(1), one_line(text), i32(rest.optional(0), default=PLAIN))


@dataclass(frozen=True, slots=True)
class Increment(KeyCommand):
    """`increment KEY [STEP]`: add to a number; a secondary only asks the primary to."""

    words: ClassVar = ("increment",)
    kind: ClassVar = "i"
    step: int

    @classmethod
    def parse(cls, arguments: Arguments) -> Self:
        return cls(arguments.optional(1), i32(arguments.optional(2), default=1))

    def act(self, database: Database, parts: Parts, session: Session) -> Outcome:
        if parts.state.is_primary:
            return None if database.increment(self.key, self.step) else _NOT_NUMERIC
        parts.replicator.send_to_primary(operations.increment(database.name, self.key, self.step))
        return None

    def operation(self, selected: str | None) -> Operation:
        return operations.increment(str(selected), self.key, self.step)


class Remove(KeyCommand):
    """`remove KEY`: remove a key, where it was asked for."""

    __slots__ = ()

    words: ClassVar = ("remove",)
    kind: ClassVar = "x"

    @classmethod
    def parse(cls, arguments: Arguments) -> Self:
        return cls(arguments.optional(1))

    def act(self, database: Database, parts: Parts, session: Session) -> Outcome:
        return remove(database, self.key)

    def operation(self, selected: str | None) -> Operation:
        return operations.remove(str(selected), self.key)


@dataclass(frozen=True, slots=True)
class Keys(DatabaseCommand):
    """`keys [PATTERN]` and `ls`: list the keys that match, a comma before each."""

    words: ClassVar = ("keys", "ls")
    is_on_data: ClassVar = True
    pattern: str

    @classmethod
    def parse(cls, arguments: Arguments) -> Self:
        return cls(one_line(arguments.optional(1)))

    def act(self, database: Database, parts: Parts, session: Session) -> Outcome:
        found = "".join(f",{key}" for key in database.keys(self.pattern, is_admin=session.is_admin))
        session.send(f"keys {found}\n")
        return None


def remove(database: Database, key: str) -> Outcome:
    """Remove a key of a client, or of another node; the token stays."""
    if key == TOKEN_KEY:
        return _TOKEN_STAYS
    database.remove(key)
    return None
