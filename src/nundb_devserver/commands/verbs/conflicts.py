"""Conflicts that arbiters resolve (consensus_ops.rs; protocol notes 3.3)."""

from dataclasses import dataclass
from typing import ClassVar

from nundb_devserver.commands.access import NO_DATABASE, DatabaseCommand, refuse
from nundb_devserver.commands.command import Arguments, Command, Parts, i32, one_line
from nundb_devserver.commands.session import Session
from nundb_devserver.data import conflicts
from nundb_devserver.data.store import PLAIN, Change, Database
from nundb_devserver.log import REQUESTS
from nundb_devserver.outcome import Later, Outcome
from nundb_devserver.replication.operations import Operation


@dataclass(frozen=True, slots=True)
class Arbiter(DatabaseCommand):
    """`arbiter`: this connection resolves the conflicts of the selected database."""

    words: ClassVar = ("arbiter",)

    def act(self, database: Database, parts: Parts, session: Session) -> Outcome:
        conflicts.register_arbiter(database, session)
        return None


@dataclass(frozen=True, slots=True)
class Resolve(Command):
    """`resolve OPERATION DATABASE KEY VERSION TEXT`: an arbiter's verdict."""

    words: ClassVar = ("resolve",)
    operation_id: int
    database: str
    key: str
    text: str
    version: int

    @classmethod
    def parse(cls, arguments: Arguments) -> "Resolve":
        number = arguments.operation_id("Invalid opp_id", missing="opp id mandatory")
        rest = Arguments(
            arguments.required(2, "resoved must be followed by db_name, key version and value"),  # sic
            spaces=3,
        )
        key = one_line(rest.required(1, "key must be provided"))
        text = one_line(rest.required(3, "set-safe must be followed by a key"))  # sic
        return cls(number, one_line(rest.optional(0)), key, text, i32(rest.optional(2), default=PLAIN))

    def run(self, parts: Parts, session: Session) -> Outcome | Later:
        # Where there is no database, it still succeeds (process_request.rs: Request::Resolve).
        state = parts.state
        state.log.write(REQUESTS, f"Processing resolve for {self.key} to {self.text} ")
        name = self.database if session.is_admin else session.database
        database = None if name is None else state.databases.get(name)
        if database is None:
            refuse(session, NO_DATABASE)
        elif state.is_primary:
            parts.writes.resolve(database, Change(self.key, self.text, self.version, self.operation_id))
        else:
            return parts.writes.forward_verdict(self._forwarded())
        return None

    def operation(self, selected: str | None) -> Operation:
        return self._forwarded()

    def _forwarded(self) -> Operation:
        return Operation(f"resolve {self.operation_id} {self.database} {self.key} {self.version} {self.text}")
