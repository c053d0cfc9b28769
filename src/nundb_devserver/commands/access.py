"""Commands on the selected database, and who may do what with its keys (security.rs; protocol notes 3.5)."""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from nundb_devserver.commands.command import Arguments, Command, Parts, one_line
from nundb_devserver.commands.session import Session
from nundb_devserver.data.permissions import allows, parse_permissions
from nundb_devserver.data.store import PERMISSION_PREFIX, SECURITY_PREFIX, Database
from nundb_devserver.outcome import Failure, Outcome
from nundb_devserver.state import State

NO_DATABASE: Final = Failure("error no-db-selected\n")
INVALID_DATABASE: Final = Failure("Not a valid database name")
_DENIED: Final = Failure("permission denied\n")
_SECURED: Final = Failure("To read security keys you must auth as an admin!")

_EVERYBODY: Final = "all"
"""Whose permissions apply where no user is selected."""


class DatabaseCommand(Command):
    """A command on the selected database."""

    __slots__ = ()

    def run(self, parts: Parts, session: Session) -> Outcome:
        """Act on the database, if one is selected and the session may."""
        database = self._database(parts.state, session)
        return database if isinstance(database, Failure) else self.act(database, parts, session)

    def act(self, database: Database, parts: Parts, session: Session) -> Outcome:
        """Do it.

        Raises:
            Panic: the original's handler thread would die.
        """
        raise NotImplementedError

    def _database(self, state: State, session: Session) -> Database | Failure:
        return selected(state, session)


@dataclass(frozen=True, slots=True)
class KeyCommand(DatabaseCommand):
    """A command on a key of the selected database."""

    kind: ClassVar[str]
    """The permission that it needs."""
    is_on_data: ClassVar = True
    key: str

    @classmethod
    def parse(cls, arguments: Arguments) -> Self:
        """Read `WORD KEY`."""
        return cls(one_line(arguments.required(1, f"{cls.words[0]} must contain a key")))

    def _database(self, state: State, session: Session) -> Database | Failure:
        return accessible(state, session, self.key, self.kind)


def selected(state: State, session: Session) -> Database | Failure:
    """Return the selected database."""
    database = None if session.database is None else state.databases.get(session.database)
    if database is None:
        return refuse(session, NO_DATABASE)
    return database


def accessible(state: State, session: Session, key: str, kind: str) -> Database | Failure:
    """Return the selected database, if this session may do something of this kind to this key."""
    is_secured = key.startswith(SECURITY_PREFIX)
    if is_secured and not session.is_admin:
        return _SECURED
    database = selected(state, session)
    if isinstance(database, Failure) or is_secured or _may(session, database, key, kind):
        return database
    return refuse(session, _DENIED)


def refuse(session: Session, failure: Failure) -> Failure:
    """Return a failure whose message goes out twice: queued here, and as the transport's error (protocol notes 1.1)."""
    session.send(failure.message)
    return failure


def _may(session: Session, database: Database, key: str, kind: str) -> bool:
    user = _EVERYBODY if session.user is None else session.user
    permissions = database.values.get(f"{PERMISSION_PREFIX}{user}")
    if permissions is None:
        return user == _EVERYBODY
    return allows(parse_permissions(permissions.text), kind, key)
