"""Reading and writing values (protocol notes 3)."""

from dataclasses import dataclass
from typing import ClassVar, Final

from nundb_devserver.commands.access import accessible, selected
from nundb_devserver.commands.command import Arguments, Command, Parts, i32, one_line
from nundb_devserver.commands.session import Session
from nundb_devserver.data.store import EMPTY, PLAIN, TOKEN_KEY, Database
from nundb_devserver.outcome import Failure, Outcome
from nundb_devserver.replication import operations
from nundb_devserver.replication.operations import Operation

_NOT_NUMERIC: Final = Failure("Key is not numeric")
_TOKEN_STAYS: Final = Failure("$$token key cannot be removed")

_ABSENT_VERSION: Final = 1
"""The version that `get-safe` shows for a key that has never been there."""


@dataclass(frozen=True, slots=True)
class Get(Command):
    """`get`: read a value."""

    words: ClassVar = ("get",)
    is_on_data: ClassVar = True
    key: str

    @classmethod
    def parse(cls, arguments: Arguments) -> "Get":
        """Read `get KEY`."""
        return cls(one_line(arguments.required(1, "get must contain a key")))

    def run(self, parts: Parts, session: Session) -> Outcome:
        """Send the value."""
        database = accessible(parts.state, session, self.key, "r")
        if isinstance(database, Failure):
            return database
        value = database.values.get(self.key)
        session.send(f"value {EMPTY if value is None else value.text}\n")
        return None


@dataclass(frozen=True, slots=True)
class GetSafe(Command):
    """`get-safe`: read a value and its version."""

    words: ClassVar = ("get-safe",)
    is_on_data: ClassVar = True
    key: str

    @classmethod
    def parse(cls, arguments: Arguments) -> "GetSafe":
        """Read `get-safe KEY`."""
        return cls(one_line(arguments.required(1, "get-safe must contain a key")))

    def run(self, parts: Parts, session: Session) -> Outcome:
        """Send the version and the value."""
        database = accessible(parts.state, session, self.key, "r")
        if isinstance(database, Failure):
            return database
        value = database.values.get(self.key)
        if value is None:
            session.send(f"value-version {_ABSENT_VERSION} {EMPTY}\n")
        else:
            session.send(f"value-version {value.version} {value.text}\n")
        return None


@dataclass(frozen=True, slots=True)
class Set(Command):
    """`set`: write a value."""

    words: ClassVar = ("set",)
    is_on_data: ClassVar = True
    key: str
    text: str
    version: int = PLAIN

    @classmethod
    def parse(cls, arguments: Arguments) -> "Set":
        """Read `set KEY TEXT`."""
        return cls(arguments.optional(1), one_line(arguments.optional(2)))

    def run(self, parts: Parts, session: Session) -> Outcome:
        """Write it; a secondary forwards even what it has refused itself (process_request.rs: Request::Set)."""
        database = accessible(parts.state, session, self.key, "w")
        if isinstance(database, Failure):
            return database
        outcome = parts.writes.write(database, self.key, self.text, self.version)
        parts.writes.forward_unless_primary(database, self.key, self.text, self.version)
        return outcome

    def operation(self, selected: str | None) -> Operation:
        """Return the write."""
        return operations.write(str(selected), self.key, self.text, self.version)


@dataclass(frozen=True, slots=True)
class SetSafe(Set):
    """`set-safe`: write a value if its version is not stale."""

    words: ClassVar = ("set-safe",)

    @classmethod
    def parse(cls, arguments: Arguments) -> "SetSafe":
        """Read `set-safe KEY VERSION TEXT`."""
        rest = Arguments(arguments.required(2, "set-safe must be followed by a version and key"), spaces=1)
        text = rest.required(1, "set-safe must be followed by a key")
        return cls(arguments.optional(1), one_line(text), i32(rest.optional(0), default=PLAIN))


@dataclass(frozen=True, slots=True)
class Increment(Command):
    """`increment`: add to a number."""

    words: ClassVar = ("increment",)
    is_on_data: ClassVar = True
    key: str
    step: int

    @classmethod
    def parse(cls, arguments: Arguments) -> "Increment":
        """Read `increment KEY [STEP]`."""
        return cls(arguments.optional(1), i32(arguments.optional(2), default=1))

    def run(self, parts: Parts, session: Session) -> Outcome:
        """Add, on the primary; a secondary only asks it to."""
        database = accessible(parts.state, session, self.key, "i")
        if isinstance(database, Failure):
            return database
        if parts.state.is_primary:
            return None if database.increment(self.key, self.step) else _NOT_NUMERIC
        parts.replicator.send_to_primary(operations.increment(database.name, self.key, self.step))
        return None

    def operation(self, selected: str | None) -> Operation:
        """Return the increment."""
        return operations.increment(str(selected), self.key, self.step)


@dataclass(frozen=True, slots=True)
class Remove(Command):
    """`remove`: remove a key."""

    words: ClassVar = ("remove",)
    is_on_data: ClassVar = True
    key: str

    @classmethod
    def parse(cls, arguments: Arguments) -> "Remove":
        """Read `remove KEY`."""
        return cls(arguments.optional(1))

    def run(self, parts: Parts, session: Session) -> Outcome:
        """Remove it, where it was asked for."""
        database = accessible(parts.state, session, self.key, "x")
        return database if isinstance(database, Failure) else remove(database, self.key)

    def operation(self, selected: str | None) -> Operation:
        """Return the removal."""
        return operations.remove(str(selected), self.key)


@dataclass(frozen=True, slots=True)
class Keys(Command):
    """`keys` and `ls`: list the keys that match."""

    words: ClassVar = ("keys", "ls")
    is_on_data: ClassVar = True
    pattern: str

    @classmethod
    def parse(cls, arguments: Arguments) -> "Keys":
        """Read `keys [PATTERN]`."""
        return cls(one_line(arguments.optional(1)))

    def run(self, parts: Parts, session: Session) -> Outcome:
        """Send the list, a comma before each key."""
        database = selected(parts.state, session)
        if isinstance(database, Failure):
            return database
        found = "".join(f",{key}" for key in database.keys(self.pattern, is_admin=session.is_admin))
        session.send(f"keys {found}\n")
        return None


def remove(database: Database, key: str) -> Outcome:
    """Remove a key of a client, or of another node; the token stays."""
    if key == TOKEN_KEY:
        return _TOKEN_STAYS
    database.remove(key)
    return None
