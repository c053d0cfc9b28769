"""What the server knows of one connection, or of one HTTP request (bo.rs: Client), and what a command comes to."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, NamedTuple

from nundb_devserver.members import Role

if TYPE_CHECKING:
    from nundb_devserver.store import Database


class Failure(NamedTuple):
    """A command that failed. `is_version_error` is told apart because TCP answers `ok` to it (protocol notes 1.1)."""

    message: str
    is_version_error: bool = False


Outcome = Failure | None
"""What a command comes to: None is success. Its messages have been queued on the way."""

Later = Coroutine[object, None, Outcome]
"""The rest of a command that takes its time."""


class ClusterMark(NamedTuple):
    """Which member a connection belongs to; its end means that the member has left."""

    name: str
    role: Role


class Session:
    """Rights, selection and outgoing messages of one connection. `send` queues a message; `worker` is for the log."""

    __slots__ = ("database", "is_admin", "mark", "send", "user", "watched", "worker")

    def __init__(self, send: Callable[[str], None], worker: int, *, is_admin: bool = False) -> None:
        self.send = send
        self.worker = worker
        self.is_admin = is_admin
        self.database: str | None = None
        self.user: str | None = None
        self.mark: ClusterMark | None = None
        self.watched: set[Database] = set()


def discard(_message: str) -> None:
    """Send nowhere: for sessions that nobody listens to."""
