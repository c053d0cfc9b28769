"""What the server knows of one connection, or of one HTTP request (bo.rs: Client)."""

from collections.abc import Callable
from dataclasses import dataclass

from nundb_devserver.data.members import Role


@dataclass(frozen=True, slots=True)
class ClusterMark:
    """Which member a connection belongs to; its end means that the member has left."""

    name: str
    role: Role


class Session:
    """Rights, selection and outgoing messages of one connection. `send` queues a message; `worker` is for the log."""

    __slots__ = ("database", "is_admin", "mark", "send", "user", "worker")

    def __init__(self, send: Callable[[str], None], worker: int, *, is_admin: bool = False) -> None:
        self.send = send
        self.worker = worker
        self.is_admin = is_admin
        self.database: str | None = None
        self.user: str | None = None
        self.mark: ClusterMark | None = None


def discard(_message: str) -> None:
    """Send nowhere: for sessions without a client."""
