"""Creating, selecting and saving databases (protocol notes 2, 4.5)."""

from dataclasses import dataclass
from typing import ClassVar, Final

from nundb_devserver.commands.access import INVALID_DATABASE
from nundb_devserver.commands.command import Arguments, Command, Parts, one_line
from nundb_devserver.commands.session import Session
from nundb_devserver.data.members import Role
from nundb_devserver.data.oplog import Kind
from nundb_devserver.data.store import STRATEGIES, TOKEN_KEY, USER_PREFIX, Database, Strategy
from nundb_devserver.outcome import Failure, Outcome, Panic
from nundb_devserver.replication import operations
from nundb_devserver.replication.operations import Operation

_INVALID_TOKEN: Final = Failure("Invalid token")


@dataclass(frozen=True, slots=True)
class CreateDb(Command):
    """`create-db NAME TOKEN [STRATEGY]`: create a database."""

    words: ClassVar = ("create-db",)
    needs_admin: ClassVar = True
    name: str
    token: str
    strategy: Strategy

    @classmethod
    def parse(cls, arguments: Arguments) -> "CreateDb":
        token, _, word = arguments.required(2, "create-db must be followed by a token").partition(" ")
        return cls(arguments.optional(1), one_line(token), STRATEGIES.get(one_line(word), Strategy.NONE))

    def run(self, parts: Parts, session: Session) -> Outcome:
        state = parts.state
        is_from_primary = session.mark is not None and session.mark.role is Role.PRIMARY
        if not (state.is_primary or is_from_primary):
            return Failure("Create database only allow from primary!")
        database = Database(self.name, len(state.databases), self.strategy, state.clock)
        database.apply(database.change(TOKEN_KEY, self.token))
        if not state.add_database(database):
            return Failure("database already exists")
        session.send("create-db success\n")
        return None

    def operation(self, selected: str | None) -> Operation:
        message = f"create-db {self.name} {self.token} {self.strategy.word}"
        return Operation(message, Kind.CREATE_DB, (self.name,))


@dataclass(frozen=True, slots=True)
class UseDb(Command):
    """`use-db NAME [USER] TOKEN` and `use`: select a database, as a user of it or by its token."""

    words: ClassVar = ("use-db", "use")
    name: str
    token: str
    user: str | None

    @classmethod
    def parse(cls, arguments: Arguments) -> "UseDb":
        rest = arguments.required(2, "set-safe must be followed by a version and key")  # sic
        first, separator, second = rest.partition(" ")
        first = one_line(first)
        name = arguments.optional(1)
        return cls(name, second, first) if separator else cls(name, first, None)

    def run(self, parts: Parts, session: Session) -> Outcome:
        database = parts.state.databases.get(self.name)
        if database is None:
            return INVALID_DATABASE
        token = database.values.get(TOKEN_KEY if self.user is None else f"{USER_PREFIX}{self.user}")
        if token is None or token.text != self.token:
            return _INVALID_TOKEN
        session.database = self.name
        if self.user is not None:
            session.user = self.user
        parts.writes.count_connection(database, 1)
        return None


@dataclass(frozen=True, slots=True)
class Snapshot(Command):
    """`snapshot [RECLAIM [NAME|NAME]]`: queue databases to be written to disk; no names means the selected database."""

    words: ClassVar = ("snapshot",)
    needs_admin: ClassVar = True
    databases: tuple[str, ...]
    reclaim: bool

    @classmethod
    def parse(cls, arguments: Arguments) -> "Snapshot":
        names = tuple(name for name in arguments.optional(2).split("|") if name)
        return cls(names, arguments.optional(1) == "true")

    def run(self, parts: Parts, session: Session) -> Outcome:
        state = parts.state
        if not self.databases:
            if session.database is None:
                return Failure("No database selected")
            state.queue_snapshot(session.database, reclaim=self.reclaim)
            return None
        missing = [name for name in self.databases if name not in state.databases]
        if len(missing) == 1:
            return Failure(f"{missing[0]} is not a valid database name")
        if missing:
            return Failure("".join(f"{name}, " for name in missing) + "are not a valid database names")
        for name in self.databases:
            state.queue_snapshot(name, reclaim=self.reclaim)
        return None

    def operation(self, selected: str | None) -> Operation:
        # The original expects a selected database even where the command names others (protocol notes 1.2).
        if selected is None:
            raise Panic("db_name should be set for snapshot replication", "replication_ops.rs:316:26")
        return operations.snapshot(self.databases or (selected,), reclaim=self.reclaim)
