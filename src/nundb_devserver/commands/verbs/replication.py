"""What other nodes tell of changes, and acknowledge (replication_ops.rs; protocol notes 2.3, 5.2)."""

from dataclasses import dataclass
from typing import ClassVar

from nundb_devserver.commands.access import INVALID_DATABASE
from nundb_devserver.commands.command import Arguments, Command, ParseError, Parts, i32, one_line
from nundb_devserver.commands.session import Session
from nundb_devserver.commands.verbs.data import remove
from nundb_devserver.data.store import PLAIN
from nundb_devserver.outcome import Failure, Outcome
from nundb_devserver.replication import operations
from nundb_devserver.replication.operations import Operation


@dataclass(frozen=True, slots=True)
class Acknowledge(Command):
    """`ack OPERATION NODE`: a peer has received an operation."""

    words: ClassVar = ("ack",)
    needs_admin: ClassVar = True
    operation_id: int
    server: str

    @classmethod
    def parse(cls, arguments: Arguments) -> "Acknowledge":
        operation_id = arguments.operation_id("Invalid request Id")
        server = arguments.optional(2)
        if not server:
            raise ParseError("Invalid server name")
        return cls(operation_id, server)

    def run(self, parts: Parts, session: Session) -> Outcome:
        parts.state.pending.acknowledge(self.operation_id, self.server)
        return None


@dataclass(frozen=True, slots=True)
class ReplicateRequest(Command):
    """`rp OPERATION COMMAND`: a command that wants an acknowledgement. The engine unwraps it and runs the command."""

    words: ClassVar = ("rp",)
    operation_id: int
    text: str

    @classmethod
    def parse(cls, arguments: Arguments) -> "ReplicateRequest":
        operation_id = arguments.operation_id("Invalid request Id")
        text = arguments.optional(2)
        if not text:
            raise ParseError("Invalid replication request str")
        return cls(operation_id, text)


@dataclass(frozen=True, slots=True)
class Replicate(Command):
    """`replicate DATABASE KEY VERSION TEXT`: a peer's set."""

    words: ClassVar = ("replicate",)
    needs_admin: ClassVar = True
    database: str
    key: str
    text: str
    version: int

    @classmethod
    def parse(cls, arguments: Arguments) -> "Replicate":
        key, _, rest = arguments.required(2, "no command sent").partition(" ")
        version, _, text = rest.partition(" ")
        return cls(arguments.optional(1), one_line(key), one_line(text), i32(version, default=PLAIN))

    def run(self, parts: Parts, session: Session) -> Outcome:
        database = parts.state.databases.get(self.database)
        if database is None:
            return INVALID_DATABASE
        return parts.writes.write(database, self.key, self.text, self.version)

    def operation(self, selected: str | None) -> Operation:
        return operations.write(self.database, self.key, self.text, self.version)


@dataclass(frozen=True, slots=True)
class ReplicateIncrement(Command):
    """`replicate-increment DATABASE KEY [STEP]`: a peer's increment."""

    words: ClassVar = ("replicate-increment",)
    needs_admin: ClassVar = True
    database: str
    key: str
    step: int

    @classmethod
    def parse(cls, arguments: Arguments) -> "ReplicateIncrement":
        database = one_line(arguments.required(1, "replicate-snapshot must contain a db name"))  # sic
        key, _, step = arguments.required(2, "replicate-increment must be followed by a key").partition(" ")
        return cls(database, key, i32(step, default=1))

    def run(self, parts: Parts, session: Session) -> Outcome:
        # A value that is no number stays as it is, and nobody is told (process_request.rs: ReplicateIncrement).
        database = parts.state.databases.get(self.database)
        if database is None:
            return INVALID_DATABASE
        database.increment(self.key, self.step)
        return None

    def operation(self, selected: str | None) -> Operation:
        return operations.increment(self.database, self.key, self.step)


@dataclass(frozen=True, slots=True)
class ReplicateRemove(Command):
    """`replicate-remove DATABASE KEY`: a peer's remove."""

    words: ClassVar = ("replicate-remove",)
    needs_admin: ClassVar = True
    database: str
    key: str

    @classmethod
    def parse(cls, arguments: Arguments) -> "ReplicateRemove":
        return cls(arguments.optional(1), one_line(arguments.optional(2)))

    def run(self, parts: Parts, session: Session) -> Outcome:
        database = parts.state.databases.get(self.database)
        return INVALID_DATABASE if database is None else remove(database, self.key)

    def operation(self, selected: str | None) -> Operation:
        return operations.remove(self.database, self.key)


@dataclass(frozen=True, slots=True)
class ReplicateSnapshot(Command):
    """`replicate-snapshot NAME|NAME [RECLAIM]`: a peer's snapshot."""

    words: ClassVar = ("replicate-snapshot",)
    needs_admin: ClassVar = True
    databases: tuple[str, ...]
    reclaim: bool

    @classmethod
    def parse(cls, arguments: Arguments) -> "ReplicateSnapshot":
        names = one_line(arguments.required(1, "replicate-snapshot must contain a db name"))
        return cls(tuple(names.split("|")), one_line(arguments.optional(2)) == "true")

    def run(self, parts: Parts, session: Session) -> Outcome:
        outcome: Outcome = None
        for name in self.databases:
            if not parts.state.queue_snapshot(name, reclaim=self.reclaim):
                outcome = Failure(f"Error trying to snapshot database: Database {name} not found")
        return outcome

    def operation(self, selected: str | None) -> Operation:
        return operations.snapshot(self.databases, reclaim=self.reclaim)
