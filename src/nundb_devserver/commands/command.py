"""What a verb of the database is made of: the base class of all verbs, and what their grammars and effects share."""

from dataclasses import dataclass
from typing import ClassVar, Final

from nundb_devserver.clockwork import Work
from nundb_devserver.commands.session import Session
from nundb_devserver.commands.writes import Writes
from nundb_devserver.numbers import parse_i32, parse_unsigned
from nundb_devserver.outcome import Failure, Later, Outcome
from nundb_devserver.replication.election import Election
from nundb_devserver.replication.operations import Operation
from nundb_devserver.replication.replicator import Replicator
from nundb_devserver.replication.topology import Topology
from nundb_devserver.state import State

NOT_ADMIN: Final = Failure("Not auth")
_U64_BITS: Final = 64


class ParseError(Exception):
    """A line that is no command; the text is what the client is told."""


class Arguments:
    """A command line cut at single spaces; the verb is the argument 0, and the last one may hold further spaces."""

    __slots__ = ("_parts",)

    def __init__(self, text: str, spaces: int = 2) -> None:
        self._parts = text.split(" ", spaces)

    def optional(self, index: int, default: str = "") -> str:
        """Return an argument; the default if there is none."""
        parts = self._parts
        return parts[index] if len(parts) > index else default

    def required(self, index: int, complaint: str) -> str:
        """Return an argument.

        Raises:
            ParseError: there is none.
        """
        parts = self._parts
        if len(parts) <= index:
            raise ParseError(complaint)
        return parts[index]

    def operation_id(self, complaint: str, missing: str | None = None) -> int:
        """Return the first argument, an operation id.

        Raises:
            ParseError: there is none, or it is not a number.
        """
        number = parse_unsigned(self.required(1, missing or complaint), _U64_BITS)
        if number is None:
            raise ParseError(complaint)
        return number


def one_line(text: str) -> str:
    """Return a text without newlines: they are dropped exactly where the original drops them."""
    return text.replace("\n", "")


def i32(text: str, default: int) -> int:
    """Read a number; what is none counts as the default."""
    number = parse_i32(one_line(text))
    return default if number is None else number


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a node that verbs act on; `words` are those of all verbs."""

    state: State
    replicator: Replicator
    topology: Topology
    election: Election
    writes: Writes
    words: tuple[str, ...]


class Command:
    """One command, parsed. A verb is a subclass: a frozen dataclass of its arguments (bo.rs: enum Request)."""

    __slots__ = ()

    words: ClassVar[tuple[str, ...]] = ()
    """What it starts with: matching is exact and case sensitive (protocol notes 2)."""
    needs_admin: ClassVar[bool] = False
    """Whether others are answered `Not auth` (security.rs: apply_if_auth)."""
    is_on_data: ClassVar[bool] = False
    """Whether a node that is made slow is slow at it."""
    is_from_node: ClassVar[bool] = False
    """Whether another node makes itself known by it."""

    @classmethod
    def parse(cls, arguments: Arguments) -> "Command":  # noqa: ARG003 - most verbs have arguments
        """Read a command line that starts with one of the words.

        Raises:
            ParseError: it is wrong, in the original's words.
            Panic: the original's handler thread would die.
        """
        return cls()

    def run(self, parts: Parts, session: Session) -> Outcome | Later:
        """Do it: queue messages in the session, and return what it has come to.

        Raises:
            Panic: the original's handler thread would die.
        """
        raise NotImplementedError

    def operation(self, selected: str | None) -> Operation | None:  # noqa: ARG002 - most do not act on the selection
        """Return what it is for the other nodes once it has succeeded; `selected` is the database selected before it.

        Raises:
            Panic: the original's handler thread would die.
        """
        return None


def succeed_after(work: Work | None) -> Later | None:
    """Return the success that comes once an election is over: now, if it is over already."""
    return None if work is None else _await(work)


async def _await(work: Work) -> Outcome:
    await work
    return None
