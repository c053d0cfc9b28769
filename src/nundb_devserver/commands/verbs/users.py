"""Administrators, users of a database, and what these may do (security.rs; protocol notes 3.5)."""

from dataclasses import dataclass
from typing import ClassVar

from nundb_devserver.commands.access import accessible
from nundb_devserver.commands.command import Arguments, Command, Parts, one_line
from nundb_devserver.commands.session import Session
from nundb_devserver.data.permissions import Permission, parse_permissions
from nundb_devserver.data.store import PERMISSION_PREFIX, PLAIN, SECURITY_PREFIX, USER_PREFIX
from nundb_devserver.outcome import Failure, Outcome
from nundb_devserver.replication import operations
from nundb_devserver.replication.operations import Operation


@dataclass(frozen=True, slots=True)
class Auth(Command):
    """`auth USER PASSWORD`: become an administrator."""

    words: ClassVar = ("auth",)
    user: str
    password: str

    @classmethod
    def parse(cls, arguments: Arguments) -> "Auth":
        return cls(arguments.optional(1), one_line(arguments.optional(2)))

    def run(self, parts: Parts, session: Session) -> Outcome:
        # Who is an administrator stays one, whatever the credentials are.
        if self.user == parts.state.options.user and self.password == parts.state.password:
            session.is_admin = True
        session.send("valid auth\n" if session.is_admin else "invalid auth\n")
        return None


class _WriteOfSecuredKey(Command):
    """A write under a key that only administrators see."""

    __slots__ = ()

    @property
    def entry(self) -> tuple[str, str]:
        raise NotImplementedError

    def run(self, parts: Parts, session: Session) -> Outcome:
        database = accessible(parts.state, session, SECURITY_PREFIX, "w")
        if isinstance(database, Failure):
            return database
        outcome = parts.writes.write(database, *self.entry, PLAIN)
        if outcome is None:
            parts.writes.forward_unless_primary(database, *self.entry, PLAIN)
        return outcome

    def operation(self, selected: str | None) -> Operation:
        return operations.write(str(selected), *self.entry, PLAIN)


@dataclass(frozen=True, slots=True)
class CreateUser(_WriteOfSecuredKey):
    """`create-user USER TOKEN`: give a user a token for the selected database."""

    words: ClassVar = ("create-user",)
    user: str
    token: str

    @classmethod
    def parse(cls, arguments: Arguments) -> "CreateUser":
        return cls(arguments.optional(1), one_line(arguments.optional(2)))

    @property
    def entry(self) -> tuple[str, str]:
        return f"{USER_PREFIX}{self.user}", self.token


@dataclass(frozen=True, slots=True)
class SetPermissions(_WriteOfSecuredKey):
    """`set-permissions USER KINDS PATTERN,PATTERN|…`: what a user may do with which keys."""

    words: ClassVar = ("set-permissions",)
    user: str
    permissions: tuple[Permission, ...]

    @classmethod
    def parse(cls, arguments: Arguments) -> "SetPermissions":
        user = arguments.required(1, "user is mandatory")
        return cls(user, parse_permissions(arguments.required(2, "permission list is mandatory")))

    @property
    def entry(self) -> tuple[str, str]:
        return f"{PERMISSION_PREFIX}{self.user}", "|".join(str(permission) for permission in self.permissions)
