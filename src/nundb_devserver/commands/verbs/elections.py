"""Who leads the cluster (election_ops.rs; protocol notes 6.4)."""

from dataclasses import dataclass
from typing import ClassVar, Final

from nundb_devserver.commands.command import Arguments, Command, Parts, one_line, succeed_after
from nundb_devserver.commands.session import ClusterMark, Session
from nundb_devserver.commands.verbs.membership import NodeCommand
from nundb_devserver.data.members import Role
from nundb_devserver.log import REQUESTS, UNWRAPPED_ERROR
from nundb_devserver.numbers import parse_unsigned
from nundb_devserver.outcome import Later, Outcome, Panic
from nundb_devserver.replication.operations import Operation

_U128_BITS: Final = 128
_NO_NODE: Final = "no-server"


class ElectionMessage(Command):
    """`election`: one of three messages, as its second word says."""

    __slots__ = ()

    words: ClassVar = ("election",)

    @classmethod
    def parse(cls, arguments: Arguments) -> Command:
        word = arguments.optional(1)
        if word == "win":
            return ElectionWin()
        if word != "candidate":
            return ElectionActive(arguments.optional(2, _NO_NODE))
        text = arguments.required(2, "candidate must contain process id and server name")
        process_id, separator, node = text.partition(" ")
        number = parse_unsigned(process_id, _U128_BITS)
        if number is None:
            kind = "PosOverflow" if process_id.isdecimal() else "InvalidDigit" if process_id else "Empty"
            error = f"ParseIntError {{ kind: {kind} }}"
            raise Panic(UNWRAPPED_ERROR.format(error), "parse_request.rs:308:48")
        return ElectionCandidate(number, one_line(node) if separator else _NO_NODE)


@dataclass(frozen=True, slots=True)
class ElectionActive(Command):
    """`election WORD NODE`, with any other word: a node is alive."""

    node: str

    def run(self, parts: Parts, session: Session) -> Outcome:
        return None

    def operation(self, selected: str | None) -> Operation:
        return Operation(f"election active {self.node}")


@dataclass(frozen=True, slots=True)
class ElectionCandidate(Command):
    """`election candidate PROCESS NODE`: a node stands for primary."""

    needs_admin: ClassVar = True
    process_id: int
    node: str

    def run(self, parts: Parts, session: Session) -> Outcome | Later:
        return succeed_after(parts.election.answer(self.process_id, self.node))

    def operation(self, selected: str | None) -> Operation:
        return Operation(f"election candidate {self.process_id} {self.node}")


@dataclass(frozen=True, slots=True)
class ElectionWin(Command):
    """`election win`: become primary now."""

    needs_admin: ClassVar = True

    def run(self, parts: Parts, session: Session) -> Outcome:
        parts.election.win()
        return None


class SetPrimary(NodeCommand):
    """`set-primary NODE`: a node says that it is the primary."""

    __slots__ = ()

    words: ClassVar = ("set-primary",)
    is_from_node: ClassVar = True

    def run(self, parts: Parts, session: Session) -> Outcome | Later:
        state = parts.state
        if state.is_primary:
            state.log.write(
                REQUESTS,
                f"Got a set primary from {self.node} but already is a primary... There is going to be war!!",
            )
            return succeed_after(parts.election.start_anew())
        state.log.write(REQUESTS, f"Setting {self.node} as primary!")
        parts.topology.follow(self.node)
        state.role = Role.SECONDARY
        session.mark = ClusterMark(self.node, Role.PRIMARY)
        return None


class SetSecondary(NodeCommand):
    """`set-secoundary NODE` (sic): a node says that it is a secondary."""

    __slots__ = ()

    words: ClassVar = ("set-secoundary",)  # sic
    is_from_node: ClassVar = True

    def run(self, parts: Parts, session: Session) -> Outcome:
        parts.state.log.write(REQUESTS, f"Setting {self.node} as secondary!")
        session.mark = ClusterMark(self.node, Role.SECONDARY)
        return None
