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
    complaint: ClassVar[str]
    """What a line without a node is answered."""
    node: str

    @classmethod
    def parse(cls, arguments: Arguments) -> Self:
        """Read `VERB NODE`."""
        return cls(one_line(arguments.required(1, cls.complaint)))


class Join(NodeCommand):
    """`join`: a new node asks to be a member."""

    __slots__ = ()

    words: ClassVar = ("join",)
    complaint: ClassVar = "join must contain a name"
    is_from_node: ClassVar = True

    def run(self, parts: Parts, session: Session) -> Outcome | Later:  # noqa: ARG002 - nothing is sent
        """Take it in and hold an election, unless this node is a secondary."""
        if parts.state.role is Role.SECONDARY:
            return None
        parts.topology.join(self.node)
        return succeed_after(parts.election.start_anew())


class Leave(NodeCommand):
    """`leave`: drop a member and hold an election."""

    __slots__ = ()

    words: ClassVar = ("leave",)
    complaint: ClassVar = "leave must contain a name"

    def run(self, parts: Parts, session: Session) -> Outcome | Later:  # noqa: ARG002 - nothing is sent
        """Drop it, and stand for primary."""
        parts.topology.leave(self.node)
        return succeed_after(parts.election.start_anew())

    def operation(self, selected: str | None) -> Operation:  # noqa: ARG002 - whatever is selected
        """Return the news, by which nobody holds an election."""
        return Operation(f"replicate-leave {self.node}")


class ReplicateJoin(NodeCommand):
    """`replicate-join`: dial a fellow secondary."""

    __slots__ = ()

    words: ClassVar = ("replicate-join",)
    complaint: ClassVar = "join must contain a name"
    is_from_node: ClassVar = True

    def run(self, parts: Parts, session: Session) -> Outcome:  # noqa: ARG002 - nothing is sent
        """Dial it."""
        parts.topology.meet(self.node)
        return None


class ReplicateLeave(NodeCommand):
    """`replicate-leave`: drop a member, without an election."""

    __slots__ = ()

    words: ClassVar = ("replicate-leave",)
    complaint: ClassVar = "leave must contain a name"

    def run(self, parts: Parts, session: Session) -> Outcome:  # noqa: ARG002 - nothing is sent
        """Drop it."""
        parts.topology.leave(self.node)
        return None


@dataclass(frozen=True, slots=True)
class ReplicateSince(Command):
    """`replicate-since`: a member asks for what it missed."""

    words: ClassVar = ("replicate-since",)
    needs_admin: ClassVar = True
    node: str
    since: int

    @classmethod
    def parse(cls, arguments: Arguments) -> "ReplicateSince":
        """Read `replicate-since NODE OPERATION`."""
        node = one_line(arguments.required(1, "replicate-since must contain a node name"))
        since = parse_unsigned(one_line(arguments.required(2, "replicate-since must contain a start at")), 64)
        if since is None:
            raise ParseError("replicate-since start_at must be a u64")
        return cls(node, since)

    def run(self, parts: Parts, session: Session) -> Outcome:  # noqa: ARG002 - it goes out on the link to the member
        """Send it."""
        parts.topology.bring_up_to_date(self.node, self.since)
        return None
