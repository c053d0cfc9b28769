"""What the database says of itself (protocol notes 2.2, 5.3, 5.4, 6.6)."""

from dataclasses import dataclass
from typing import ClassVar, Final

from nundb_devserver.commands import reports
from nundb_devserver.commands.access import selected
from nundb_devserver.commands.command import Arguments, Command, Parts, succeed_after
from nundb_devserver.commands.session import Session
from nundb_devserver.data.store import Database
from nundb_devserver.log import DISK, REQUESTS, UNWRAPPED_ERROR
from nundb_devserver.outcome import Later, Outcome, Panic

_NOT_FOUND: Final = 'Os { code: 2, kind: NotFound, message: "No such file or directory" }'


@dataclass(frozen=True, slots=True)
class ClusterState(Command):
    """`cluster-state`: list the members."""

    words: ClassVar = ("cluster-state",)
    needs_admin: ClassVar = True

    def run(self, parts: Parts, session: Session) -> Outcome:
        session.send(reports.cluster_state(parts.state))
        return None


@dataclass(frozen=True, slots=True)
class MetricsState(Command):
    """`metrics-state`: the built-in monitoring."""

    words: ClassVar = ("metrics-state",)
    needs_admin: ClassVar = True

    def run(self, parts: Parts, session: Session) -> Outcome:
        state = parts.state
        if state.conditions.is_oplog_unreadable:
            state.log.write(DISK, _NOT_FOUND)
            raise Panic(UNWRAPPED_ERROR.format(_NOT_FOUND), "disk_ops.rs:392:22")
        session.send(reports.metrics_state(state))
        return None


@dataclass(frozen=True, slots=True)
class ListCommands(Command):
    """`list-commands`: every verb."""

    words: ClassVar = ("list-commands",)
    needs_admin: ClassVar = True

    def run(self, parts: Parts, session: Session) -> Outcome:
        session.send(f"commands-list {''.join(f',{word}' for word in parts.words)}\n")
        return None


@dataclass(frozen=True, slots=True)
class Debug(Command):
    """`debug REPORT`: one of five reports, or nothing."""

    words: ClassVar = ("debug",)
    needs_admin: ClassVar = True
    report: str

    @classmethod
    def parse(cls, arguments: Arguments) -> "Debug":
        return cls(arguments.required(1, "command is mandatory"))

    def run(self, parts: Parts, session: Session) -> Outcome | Later:
        state = parts.state
        if self.report == "force-election":
            state.log.write(REQUESTS, "Force election")
            return succeed_after(parts.election.start_anew())
        if self.report == "pendding-conflitcts":  # sic
            # An error in here does not reach the outcome (process_request.rs: Request::Debug).
            database = selected(state, session)
            if isinstance(database, Database):
                session.send(reports.conflicts(state, database))
            return None
        report = reports.debug(state, self.report)
        if report is None:
            state.log.write(REQUESTS, "Invalid debug command")
        else:
            session.send(report)
        return None
