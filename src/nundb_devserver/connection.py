"""What every socket of a node has in common: it can be held up, and it dies with its process."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from nundb_devserver.lane import Work
from nundb_devserver.parse import Panic
from nundb_devserver.session import Failure, Later, Outcome, Session

if TYPE_CHECKING:
    from nundb_devserver.process import Process

LINE_LIMIT = 64 * 1024 * 1024
"""Bytes of one command: the original has no limit, a server that wants to stay up has one."""


class Connection(asyncio.Protocol):
    """A socket of a process, in either direction.

    Reading stops while the peer does not take what is written to it, and while the node is made to hang: the bytes then
    wait where a stopped process leaves them, in the kernel.
    """

    transport: asyncio.Transport

    def __init__(self, process: "Process") -> None:
        self.process = process
        self.is_dead = False
        self._is_choked = False
        self._is_reading = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(transport)
        self.transport = transport
        self.process.connections.add(self)
        if self.process.is_over:
            # Accepted just before the end, and not heard of until after it.
            self.die()
        self.update_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        """Forget the socket."""
        self.process.connections.discard(self)

    def pause_writing(self) -> None:
        """Read no further commands while their replies cannot leave."""
        self._is_choked = True
        self.update_reading()

    def resume_writing(self) -> None:
        """Read on."""
        self._is_choked = False
        self.update_reading()

    def update_reading(self) -> None:
        """Start or stop reading, as the state of the node wants it."""
        should_read = not (self._is_choked or self.is_held)
        if should_read != self._is_reading and not self.transport.is_closing():
            self._is_reading = should_read
            if should_read:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()

    @property
    def is_held(self) -> bool:
        """Whether the node is made not to read from this socket."""
        return self.process.conditions.is_hung

    def die(self) -> None:
        """Close at once and do nothing more: what the end of a process, or of a thread of it, does to a socket."""
        self.is_dead = True
        self.transport.abort()


class Conversation(Connection):
    """A socket on which each command is answered by its messages and then by one reply, in the order of commands."""

    session: Session

    def run(self, text: str) -> Work | None:
        """Run a command and reply; the rest of one that takes its time is returned, to be waited for."""
        try:
            outcome = self.process.execute(text, self.session)
        except (Panic, RecursionError):
            self.panic()
            return None
        if outcome is None or isinstance(outcome, Failure):
            self.reply(outcome)
            return None
        return self._reply_later(outcome)

    @abstractmethod
    def reply(self, outcome: Outcome) -> None:
        """Tell the client what a command has come to."""

    @abstractmethod
    def panic(self) -> None:
        """Do what the death of the original's thread does to this socket."""

    async def _reply_later(self, later: Later) -> None:
        try:
            outcome = await later
        except (Panic, RecursionError):
            self.panic()
        else:
            self.reply(outcome)


class OutgoingText:
    """Text for a socket, written once for each turn of the event loop."""

    __slots__ = ("_is_scheduled", "_parts", "_schedule", "_write")

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._schedule = asyncio.get_running_loop().call_soon
        self._write = write
        self._parts: list[str] = []
        self._is_scheduled = False

    def send(self, text: str) -> None:
        """Queue text."""
        self._parts.append(text)
        if not self._is_scheduled:
            self._is_scheduled = True
            self._schedule(self.flush)

    def gather(self) -> None:
        """Hold text back for a flush that is about to come anyhow."""
        self._is_scheduled = True

    def flush(self) -> None:
        """Write what is queued."""
        self._is_scheduled = False
        if self._parts:
            text = "".join(self._parts)
            self._parts.clear()
            self._write(text.encode())

    def drop(self) -> None:
        """Forget what is queued."""
        self._parts.clear()
