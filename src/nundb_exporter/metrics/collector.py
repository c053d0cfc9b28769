"""A collector, and the answers that it reads, as plain data."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeVar, cast

from nundb_exporter.config.settings import DEFAULT_MAX_PENDING_OPERATIONS, TransportName
from nundb_exporter.errors import ProtocolError
from nundb_exporter.metrics.family import Family, Sample
from nundb_exporter.metrics.panel import Panel
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import Reply

T = TypeVar("T")

_MAX_KEPT_TEXT: Final = 4096
"""Characters of a node's reply whose meaning is kept for later scrapes: most say the same again. Longer ones could fill
the memory, and what is in a database does not outlive its scrape."""


@lru_cache(maxsize=32)
def _read_once(read: Callable[[str], object], text: str) -> object:
    return read(text)


@dataclass(frozen=True, slots=True)
class Options:
    """The settings that collectors need."""

    databases: tuple[str, ...] = ()
    """The databases whose token is configured."""
    max_pending_operations: int = DEFAULT_MAX_PENDING_OPERATIONS
    """Above this number `debug pending-ops` is not sent: Nun-db copies every value into the reply and its log."""
    databases_pattern: re.Pattern[str] | None = None
    """Only databases whose whole name matches are shown one by one; None shows all."""


@dataclass(slots=True)
class Answers:
    """Everything that the node has answered so far in one scrape."""

    options: Options = field(default_factory=Options)
    node: dict[Command[object], Reply] = field(default_factory=dict)
    """Replies to commands asked outside a database."""
    database: dict[tuple[str, Command[object]], Reply] = field(default_factory=dict)
    """Replies to commands asked within a database, by its name."""
    failures: dict[str, str] = field(default_factory=dict)
    """Databases whose session failed or has not ended, and why."""
    probes: dict[TransportName, float | None] = field(default_factory=dict)
    """Seconds until the transport answered, None if it did not; one that was not probed yet is missing."""
    asked_at: float = 0.0
    """When, in seconds since the epoch by our clock."""
    clock_offset: float | None = None
    """By how many seconds the node's clock is ahead of ours; None if its transport does not tell."""
    _meanings: dict[tuple[str | None, Command[object]], object] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What the other replies mean, by database and command: several collectors read the same reply."""

    def read(self, command: Command[T]) -> T | None:
        """Return what the reply means, or None if this server is older than the command.

        Raises:
            ProtocolError: the node refused the command or did not answer it, or the reply is not in its grammar.
        """
        return self._once(None, command, self.node.get(command))

    def read_in(self, database: str, command: Command[T]) -> T | None:
        """Return what the reply from within a database means, or None if this server is older than the command.

        Raises:
            ProtocolError: the database refused the command or did not answer it, or the reply is not in its grammar.
        """
        return self._once(database, command, self.database.get((database, command)))

    def _once(self, database: str | None, command: Command[T], reply: Reply | None) -> T | None:
        if reply is None:
            raise ProtocolError(f"{command}: not answered")
        if reply.text is None:
            if reply.is_unsupported:
                return None
            raise ProtocolError(f"{command}: refused")
        if database is None and len(reply.text) <= _MAX_KEPT_TEXT:
            return cast("T", _read_once(command.read, reply.text))
        key = (database, command)
        if key not in self._meanings:
            self._meanings[key] = command.read(reply.text)
        return cast("T", self._meanings[key])

    def opened_databases(self) -> Iterator[str]:
        """Yield the databases whose session succeeded: a failure of one must not affect the others' samples.

        Raises:
            ProtocolError: after the last of them, if the session of another failed.
        """
        yield from (name for name in self.options.databases if name not in self.failures)
        if self.failures:
            name, failure = next(iter(self.failures.items()))
            raise ProtocolError(f"database {name}: {failure}")


def _nothing(_: Answers) -> Iterable[Command[object]]:
    return ()


def _nothing_inside(_: Answers, __: str) -> Iterable[Command[object]]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """One subject: its commands, and how it parses the replies. Pure; the scrape sends the commands.

    A command that several collectors need is sent once. If `parse` raises ProtocolError, only that collector fails.
    """

    name: str
    help: str
    families: tuple[Family, ...]
    parse: Callable[[Answers], Iterable[Sample]]
    commands: tuple[Command[object], ...] = ()
    """Commands for the node, sent together with those of all collectors in one request."""
    database_commands: tuple[Command[object], ...] = ()
    """Commands for each database with a configured token, sent together with those of all collectors in one session."""
    follow_up: Callable[[Answers], Iterable[Command[object]]] = _nothing
    """Further commands for the node, given the first replies; each is sent in a request of its own."""
    database_follow_up: Callable[[Answers, str], Iterable[Command[object]]] = _nothing_inside
    """Further commands for the database of that name, given its first replies; sent together in one session."""
    probes: tuple[TransportName, ...] = ()
    """Transports to probe."""
    is_default: bool = True
    panels: tuple[Panel, ...] = ()
