"""Notices about changes of keys (protocol notes 3.4)."""

from dataclasses import dataclass
from typing import ClassVar, Self

from nundb_devserver.commands.access import DatabaseCommand, KeyCommand
from nundb_devserver.commands.command import Arguments, Parts, one_line
from nundb_devserver.commands.session import Session
from nundb_devserver.data.store import Database
from nundb_devserver.outcome import Outcome


class Watch(KeyCommand):
    """`watch KEY`: send a notice at every change of a key, once more with each call."""

    __slots__ = ()

    words: ClassVar = ("watch",)
    kind: ClassVar = "r"

    def act(self, database: Database, parts: Parts, session: Session) -> Outcome:
        database.watch(self.key, session)
        return None


@dataclass(frozen=True, slots=True)
class Unwatch(DatabaseCommand):
    """`unwatch KEY`: no more notices about a key."""

    words: ClassVar = ("unwatch",)
    key: str

    @classmethod
    def parse(cls, arguments: Arguments) -> Self:
        return cls(one_line(arguments.required(1, "unwatch must contain a key")))

    def act(self, database: Database, parts: Parts, session: Session) -> Outcome:
        database.unwatch(self.key, session)
        return None


@dataclass(frozen=True, slots=True)
class UnwatchAll(DatabaseCommand):
    """`unwatch-all`: no more notices; also run at the end of every connection and HTTP request."""

    words: ClassVar = ("unwatch-all",)

    def act(self, database: Database, parts: Parts, session: Session) -> Outcome:
        database.unwatch_all(session)
        return None
