"""Notices about changes of keys (protocol notes 3.4)."""

from dataclasses import dataclass
from typing import ClassVar

from nundb_devserver.commands.access import accessible, selected
from nundb_devserver.commands.command import Arguments, Command, Parts, one_line
from nundb_devserver.commands.session import Session
from nundb_devserver.outcome import Failure, Outcome


@dataclass(frozen=True, slots=True)
class Watch(Command):
    """`watch`: send a notice at every change of a key."""

    words: ClassVar = ("watch",)
    is_on_data: ClassVar = True
    key: str

    @classmethod
    def parse(cls, arguments: Arguments) -> "Watch":
        """Read `watch KEY`."""
        return cls(one_line(arguments.required(1, "watch must contain a key")))

    def run(self, parts: Parts, session: Session) -> Outcome:
        """Subscribe the session, once more with each call."""
        database = accessible(parts.state, session, self.key, "r")
        if isinstance(database, Failure):
            return database
        session.watched.add(database)
        database.watch(self.key, session)
        return None


@dataclass(frozen=True, slots=True)
class Unwatch(Command):
    """`unwatch`: no more notices about a key."""

    words: ClassVar = ("unwatch",)
    key: str

    @classmethod
    def parse(cls, arguments: Arguments) -> "Unwatch":
        """Read `unwatch KEY`."""
        return cls(one_line(arguments.required(1, "unwatch must contain a key")))

    def run(self, parts: Parts, session: Session) -> Outcome:
        """End the session's subscriptions to the key."""
        database = selected(parts.state, session)
        if isinstance(database, Failure):
            return database
        database.unwatch(self.key, session)
        return None


@dataclass(frozen=True, slots=True)
class UnwatchAll(Command):
    """`unwatch-all`: no more notices; also run at the end of every connection and HTTP request."""

    words: ClassVar = ("unwatch-all",)

    def run(self, parts: Parts, session: Session) -> Outcome:
        """End the session's subscriptions in the selected database."""
        database = selected(parts.state, session)
        if isinstance(database, Failure):
            return database
        database.unwatch_all(session)
        return None
