"""The HTTP listener: a body of commands, one slot each (http_ops.rs; protocol notes 1.2)."""

from collections import deque
from collections.abc import Coroutine
from typing import ClassVar, Final

from nundb_devserver.clockwork import Clockwork, Work
from nundb_devserver.commands.engine import Engine
from nundb_devserver.commands.session import Session
from nundb_devserver.framing.http import TEXT_TYPE, BadRequestError, Request, Requests, response
from nundb_devserver.options import Transport
from nundb_devserver.outcome import Later, Outcome, Panic
from nundb_devserver.sockets.connection import Connection
from nundb_devserver.sockets.sequencer import Sequencer
from nundb_devserver.sockets.sockets import Sockets
from nundb_devserver.state import State

_WHITE_SPACE: Final = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000"
)
"""What Rust's str::trim takes off: Python's strip() would also take four separators off (0x1C to 0x1F)."""
_EMPTY_SLOT: Final = "empty"
_STALLED: Final = 4
"""Of so many connections one is not read where they stall; in the original one of 76, when many come at once."""


class Exchange:
    """The commands of one request, their session, and the slots that they fill."""

    def __init__(self, engine: Engine, body: str, worker: int) -> None:
        self._engine = engine
        self._messages: deque[str] = deque()
        self._session = Session(self._messages.append, worker)
        self._pieces = deque(piece for piece in (part.strip(_WHITE_SPACE) for part in body.split(";")) if piece)
        self._slots: list[str] = []

    def run(self) -> Later | None:
        """Run the commands; return the rest of one that takes its time, to be waited for before running on."""
        while self._pieces:
            outcome = self._engine.execute(self._pieces.popleft(), self._session)
            if isinstance(outcome, Coroutine):
                return outcome
            self._fill(outcome)
        return None

    async def run_slowly(self, later: Later) -> None:
        """Wait for a command that takes its time, and run the others."""
        waiting: Later | None = later
        while waiting is not None:
            self._fill(await waiting)
            waiting = self.run()

    def end(self) -> str:
        """End the session and return the answer; messages that no slot took are lost."""
        self._engine.execute("unwatch-all", self._session)
        self._engine.leave(self._session)
        return ";".join(self._slots)

    def die(self) -> None:
        """End without a trace: the original's worker thread is gone, and $connections keeps counting it."""
        self._engine.abandon(self._session)

    def _fill(self, outcome: Outcome) -> None:
        if outcome is not None:
            self._slots.append(outcome.message)
        else:
            # The oldest message, whichever command sent it: slots can shift (protocol notes 1.2).
            self._slots.append(self._messages.popleft() if self._messages else _EMPTY_SLOT)


class HttpConnection(Connection):
    """One accepted connection, kept alive from request to request. Four threads execute the commands of all."""

    accepted_by: ClassVar = Transport.HTTP
    threads: ClassVar = 4

    def __init__(self, state: State, clockwork: Clockwork, engine: Engine, sockets: Sockets, worker: int) -> None:
        super().__init__(state, clockwork, engine, sockets)
        self._worker = worker
        self._requests = Requests(state.options.max_line_bytes)
        self._sequencer = Sequencer(self._handle, clockwork.spawn)
        self._is_unlucky = sockets.next_number() % _STALLED == 0

    @property
    def is_held(self) -> bool:
        """A connection is also held if it is one of those that no worker takes (protocol notes 1.2)."""
        return super().is_held or (self._is_unlucky and self._state.conditions.stalls_connections)

    def data_received(self, data: bytes) -> None:
        """Answer the requests that have arrived."""
        self._requests.receive_data(data)
        try:
            while (request := self._requests.next()) is not None:
                self._sequencer.put((request,))
        except BadRequestError as error:
            self._sequencer.put((error,))
            return
        if self._requests.wants_continue:
            self._requests.wants_continue = False
            self.transport.write(response(100, b"", self._second))

    def _handle(self, request: Request | BadRequestError) -> Work | None:
        if self.transport.is_closing():
            return None
        if isinstance(request, BadRequestError):
            if request.status is not None:
                self.transport.write(response(request.status, b"", self._second))
            self.transport.close()
            return None
        return self._run(request)

    def _run(self, request: Request) -> Work | None:
        if request.owes_continue:
            self.transport.write(response(100, b"", self._second))
        try:
            exchange = Exchange(self._engine, request.body.decode(), self._worker)
        except UnicodeDecodeError:
            self._answer(request, None)
            return None
        try:
            later = exchange.run()
        except (Panic, RecursionError) as error:
            self._panic(request, exchange, error)
            return None
        if later is not None:
            return self._finish(request, exchange, later)
        self._answer(request, exchange.end())
        return None

    async def _finish(self, request: Request, exchange: Exchange, later: Later) -> None:
        try:
            await exchange.run_slowly(later)
        except (Panic, RecursionError) as error:
            self._panic(request, exchange, error)
            return
        self._answer(request, exchange.end())

    def _panic(self, request: Request, exchange: Exchange, error: Exception) -> None:
        self._state.tell_panic(error, self._worker)
        exchange.die()
        self._answer(request, None)
        self._sockets.note_panic(Transport.HTTP, self.threads)

    @property
    def _second(self) -> int:
        return self._state.clock() // 1_000_000_000

    def _answer(self, request: Request, text: str | None) -> None:
        head = request.head
        if self.transport.is_closing():
            return
        if text is None:
            self.transport.write(response(500, b"", self._second, head))
        else:
            self.transport.write(response(200, text.encode(), self._second, head, TEXT_TYPE))
        if head.is_last:
            self.transport.close()
