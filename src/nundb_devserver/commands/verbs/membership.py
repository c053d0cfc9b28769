"""Who belongs to the cluster (protocol notes 6.3)."""

from dataclasses import dataclass
from typing import ClassVar, Self

from nundb_devserver.commands.command import Arguments, Command, ParseError, Parts, one_line, succeed_after
from nundb_devserver.commands.session import Session
from nundb_devserver.data.members import Role
from nundb_devserver.numbers import parse_unsigned
from nundb_devserver.outcome import Later, Outcome
from nundb_devserver.replication.operations import Operation


@dataclass(frozen=True, slots=True)
class NodeCommand(Command):
    """A command about one node."""

    needs_admin: ClassVar = True
    node: str

    @classmethod
    def parse(cls, arguments: Arguments) -> Self:
        # Another node's words are refused as a client's are.
        word = cls.words[0].removeprefix("replicate-")
        return cls(one_line(arguments.required(1, f"{word} must contain a name")))


class Join(NodeCommand):
    """`join NODE`: a new node asks to be a member."""

    __slots__ = ()

    words: ClassVar = ("join",)
    is_from_node: ClassVar = True

    def run(self, parts: Parts, session: Session) -> Outcome | Later:
        if parts.state.role is Role.SECONDARY:
            return None
        parts.topology.join(self.node)
        return succeed_after(parts.election.start_anew())


class Leave(NodeCommand):
    """`leave NODE`: drop a member and hold an election."""

    __slots__ = ()

    words: ClassVar = ("leave",)

    def run(self, parts: Parts, session: Session) -> Outcome | Later:
        parts.topology.leave(self.node)
        return succeed_after(parts.election.start_anew())

    def operation(self, selected: str | None) -> Operation:
        return Operation(f"replicate-leave {self.node}")


class ReplicateJoin(NodeCommand):
    """`replicate-join NODE`: dial a fellow secondary."""

    __slots__ = ()

    words: ClassVar = ("replicate-join",)
    is_from_node: ClassVar = True

    def run(self, parts: Parts, session: Session) -> Outcome:
        parts.topology.meet(self.node)
        return None


class ReplicateLeave(NodeCommand):
    """`replicate-leave NODE`: drop a member, without an election."""

    __slots__ = ()

    words: ClassVar = ("replicate-leave",)

    def run(self, parts: Parts, session: Session) -> Outcome:
        parts.topology.leave(self.node)
        return None


@dataclass(frozen=True, slots=True)
class ReplicateSince(Command):
    """`replicate-since NODE OPERATION`: a member asks for what it missed."""

    words: ClassVar = ("replicate-since",)
    needs_admin: ClassVar = True
    node: str
    since: int

    @classmethod
    def parse(cls, arguments: Arguments) -> "ReplicateSince":
        node = one_line(arguments.required(1, "replicate-since must contain a node name"))
        since = parse_unsigned(one_line(arguments.required(2, "replicate-since must contain a start at")), 64)
        if since is None:
            raise ParseError("replicate-since start_at must be a u64")
        return cls(node, since)

    def run(self, parts: Parts, session: Session) -> Outcome:
        parts.topology.bring_up_to_date(self.node, self.since)
        return None
