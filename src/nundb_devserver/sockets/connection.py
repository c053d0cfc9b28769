"""What every socket of a node has in common: it can be held up, and it ends with its process."""

import asyncio
from abc import abstractmethod
from collections.abc import Coroutine
from typing import ClassVar

from nundb_devserver.clockwork import Clockwork, Work
from nundb_devserver.commands.engine import Engine
from nundb_devserver.commands.session import Session
from nundb_devserver.options import Transport
from nundb_devserver.outcome import Later, Outcome, Panic
from nundb_devserver.sockets.sockets import Sockets
from nundb_devserver.state import State


class Connection(asyncio.Protocol):
    """A socket of a process, in either direction.

    Reading stops while the peer does not take what is written to it, and while the node is made to hang: the bytes then
    wait where a stopped process leaves them, in the kernel.
    """

    accepted_by: ClassVar[Transport | None] = None
    """Whose listener has accepted it; None where this node has dialled."""
    threads: ClassVar[int | None] = None
    """How many threads serve all such connections together in the original; None: each has its own."""

    transport: asyncio.Transport

    def __init__(self, state: State, clockwork: Clockwork, engine: Engine, sockets: Sockets) -> None:
        self.is_dead = False
        self._state = state
        self._clockwork = clockwork
        self._engine = engine
        self._sockets = sockets
        self._is_writing_paused = False
        self._is_reading = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(transport)
        self.transport = transport
        self._sockets.add(self)
        if self._clockwork.is_over:
            # Accepted just before the end, and not heard of until after it.
            self.die()
        self.update_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        """Forget the socket."""
        self._sockets.discard(self)

    def pause_writing(self) -> None:
        """Read no further commands while their replies cannot leave."""
        self._is_writing_paused = True
        self.update_reading()

    def resume_writing(self) -> None:
        """Read on."""
        self._is_writing_paused = False
        self.update_reading()

    def update_reading(self) -> None:
        """Start or stop reading, as the state of the node wants it."""
        should_read = not (self._is_writing_paused or self.is_held)
        if should_read != self._is_reading and not self.transport.is_closing():
            self._is_reading = should_read
            if should_read:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()

    @property
    def is_held(self) -> bool:
        """Whether the node is made not to read from this socket."""
        return self._state.conditions.is_stopped

    @property
    def is_link(self) -> bool:
        """Whether another node is at the other end."""
        return False

    def die(self) -> None:
        """Close at once and do nothing more: what the end of a process, or of a thread of it, does to a socket."""
        self.is_dead = True
        self.transport.abort()

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)


class Conversation(Connection):
    """A socket on which each command is answered by its messages and then by one reply, in the order of commands."""

    session: Session

    def run(self, text: str) -> Work | None:
        """Run a command and reply; the rest of one that takes its time is returned, to be waited for."""
        try:
            outcome = self._engine.execute(text, self.session)
        except (Panic, RecursionError) as error:
            self._die_of(error)
            return None
        if isinstance(outcome, Coroutine):
            return self._reply_later(outcome)
        self.reply(outcome)
        return None

    @abstractmethod
    def reply(self, outcome: Outcome) -> None:
        """Tell the client what a command has come to."""

    @abstractmethod
    def panic(self) -> None:
        """Do what the death of the original's thread does to this socket."""

    async def _reply_later(self, later: Later) -> None:
        try:
            outcome = await later
        except (Panic, RecursionError) as error:
            self._die_of(error)
        else:
            self.reply(outcome)

    def _die_of(self, error: Exception) -> None:
        self._state.tell_panic(error, self.session.worker)
        self.panic()
