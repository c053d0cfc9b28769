"""One connection: its requests one after another, each in its turn, and an end in every case."""

import asyncio
import contextlib
import logging
import traceback
from dataclasses import dataclass
from enum import Enum
from functools import partial
from http import HTTPStatus
from pathlib import PurePath
from typing import Final

from nundb_exporter.http_server.deadline import Deadline
from nundb_exporter.http_server.limits import Limits
from nundb_exporter.http_server.messages import Handler, Request, Response
from nundb_exporter.http_server.parser import RefusedError, RequestParser
from nundb_exporter.http_server.places import Places
from nundb_exporter.http_server.rare_log import RareLog
from nundb_exporter.http_server.writer import CONTINUE, response_bytes

_MAX_HELD_BYTES: Final = 64 * 1024
"""What is kept of later requests while one is answered; the rest is left to the network."""
_DEFECT: Final = Response.of_status(HTTPStatus.INTERNAL_SERVER_ERROR, "a defect of this program; see its log")
_CROWDED: Final = Response.of_status(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections", {"Retry-After": "1"})


@dataclass(frozen=True, slots=True)
class Service:
    """What the connections of a server share."""

    handler: Handler
    limits: Limits
    headers: bytes
    """The lines of headers that every response has."""
    places: Places["Connection"]
    log: RareLog


class _State(Enum):
    SILENT = "no request is complete"
    ANSWERING = "a handler is at work"
    SENDING = "the client has not read all of the answer"
    ENDING = "all is said; the client may read it and close first"


class Connection(asyncio.Protocol):
    """The connection of a client."""

    __slots__ = (
        "_deadline",
        "_handler",
        "_is_last",
        "_is_unsent",
        "_loop",
        "_parser",
        "_service",
        "_state",
        "_transport",
        "opening",
        "task",
    )

    def __init__(self, service: Service) -> None:
        self._service = service
        self._handler = service.handler
        self._parser = RequestParser(service.limits)
        self._loop = asyncio.get_running_loop()
        self._deadline = Deadline(self._loop, self._expire)
        self._state = _State.SILENT
        self._is_last = False
        self._is_unsent = False
        self._transport: asyncio.Transport | None = None
        self.opening: asyncio.Task[None] | None = None
        """What opens the connection; with TLS it takes a while."""
        self.task: asyncio.Future[Response] | None = None
        """The handler that is at work."""

    # What the server tells it.

    @property
    def was_opened(self) -> bool:
        """Whether there is, or was, a transport."""
        return self._transport is not None

    def turn_away(self) -> None:
        """Let its one request be answered with status 503."""
        self._handler = lambda _: _CROWDED
        self._is_last = True

    def finish(self) -> None:
        """End it: now, or when the request in progress has its answer."""
        self._is_last = True
        if self._transport is None:
            self.abort()
        elif self._state in {_State.SILENT, _State.ENDING}:
            self._transport.close()

    def abort(self) -> None:
        """End it now, whatever is in progress."""
        if self._transport is not None:
            self._transport.abort()
        elif self.opening is not None:
            self.opening.cancel()

    # What asyncio tells it.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a socket's transport is no other
        self._transport = transport
        # So pause_writing tells that not all is sent, and resume_writing that all is. (Zero is no limit with TLS.)
        transport.set_write_buffer_limits(high=1, low=0)
        limits = self._service.limits
        self._deadline.set(limits.linger_seconds if self._is_last else limits.request_seconds)

    def data_received(self, data: bytes) -> None:
        """Answer what is complete, if no other answer is in progress; after the last answer, forget what comes."""
        if self._state is _State.ENDING:
            return
        self._parser.receive(data)
        if self._state is _State.SILENT:
            self._advance()
        elif self._parser.held > _MAX_HELD_BYTES:
            self._open_transport.pause_reading()

    def eof_received(self) -> None:
        """Let asyncio send what is unsent and close: a client that will say no more counts as one that has left."""

    def pause_writing(self) -> None:
        """Note that the network does not take all of an answer."""
        self._is_unsent = True

    def resume_writing(self) -> None:
        """Go on after an answer that is sent at last."""
        self._is_unsent = False
        if self._open_transport.is_closing():
            return  # the client has left; asyncio sends what it can
        if self._state is _State.SENDING and self._is_last:
            self._end()  # the server has been told to stop meanwhile
        elif self._state is _State.SENDING:
            self._fall_silent(self._service.limits.idle_seconds)
            self._advance()
        elif self._state is _State.ENDING:
            self._fall_silent(self._service.limits.linger_seconds)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why it was lost changes nothing
        """Cancel the handler that is at work, and give the place back."""
        self._deadline.cancel()
        self._parser.end()
        self._service.places.leave(self)
        if self.task is not None:
            self.task.cancel()

    # Its work.

    @property
    def _open_transport(self) -> asyncio.Transport:
        assert self._transport is not None  # noqa: S101 - nothing is received or answered before
        return self._transport

    def _advance(self) -> None:
        """Answer what has arrived, until something must be waited for."""
        while self._state is _State.SILENT:
            try:
                request = self._parser.next_request()
            except RefusedError as refusal:
                self._send(Response.of_status(refusal.status, refusal.problem), None)
                return
            if request is None:
                self._await_more()
                return
            self._answer(request)

    def _await_more(self) -> None:
        if self._parser.take_expectation():
            self._open_transport.write(CONTINUE)
        if self._parser.is_within_request:
            self._deadline.shorten(self._service.limits.request_seconds)
        self._open_transport.resume_reading()

    def _answer(self, request: Request) -> None:
        self._state = _State.ANSWERING
        self._service.places.speaks(self)
        self._deadline.lift()
        try:
            answer = self._handler(request)
            if not isinstance(answer, Response):
                self.task = asyncio.ensure_future(answer, loop=self._loop)
                self.task.add_done_callback(partial(self._answered, request))
                return
        except Exception as error:  # noqa: BLE001 - a defect of a handler must not leave the client without an answer
            answer = self._report(request, error)
        self._send(answer, request)

    def _answered(self, request: Request, task: asyncio.Future[Response]) -> None:
        """Send what a handler has answered at last."""
        self.task = None
        if task.cancelled():
            self.abort()  # if it was not the client's leaving that ended it, the client must not wait for ever
            return
        error = task.exception()
        response = task.result() if error is None else self._report(request, error)
        if not self._open_transport.is_closing():
            self._send(response, request)
            self._advance()

    def _report(self, request: Request, error: BaseException) -> Response:
        """Log a defect by its kind and place: texts of errors may hold secrets."""
        frames = traceback.walk_tb(error.__traceback__)
        place = ", ".join(f"{PurePath(frame.f_code.co_filename).name}:{line}" for frame, line in frames)
        text = f"{request.method} {request.path!a} failed: {type(error).__name__} at {place}"
        self._service.log.write(logging.ERROR, place, text)
        return _DEFECT

    def _send(self, response: Response, request: Request | None) -> None:
        """Send an answer; no request stands for one that could not be read, after which the connection ends."""
        is_kept = request is not None and request.is_kept and not self._is_last
        render = partial(response_bytes, request=request, own=self._service.headers, is_kept=is_kept)
        self._state = _State.SENDING
        try:
            data = render(response)
        except Exception as error:
            if request is None:
                raise  # what the server itself answers has a form
            data = render(self._report(request, error))
        self._open_transport.write(data)
        if not is_kept:
            self._end()
        elif self._is_unsent:
            self._deadline.set(self._service.limits.send_seconds)
        else:
            self._fall_silent(self._service.limits.idle_seconds)

    def _fall_silent(self, seconds: float) -> None:
        """Wait so long for what the client does next."""
        if self._state is _State.SENDING:
            self._state = _State.SILENT
        self._service.places.falls_silent(self, self._loop.time())
        self._deadline.set(seconds)

    def _end(self) -> None:
        """Say no more, and give the client time to read the answer and close."""
        self._state = _State.ENDING
        limits = self._service.limits
        transport = self._open_transport
        if transport.can_write_eof():
            with contextlib.suppress(OSError):  # the client has reset the connection, of which asyncio will tell
                transport.write_eof()
        else:
            transport.close()  # TLS has an end of its own
        if self._is_unsent:
            self._deadline.set(limits.send_seconds)
        else:
            self._fall_silent(limits.linger_seconds)
        transport.resume_reading()

    def _expire(self) -> None:
        """Act on a time limit that is reached."""
        if self._state is not _State.SILENT:
            self.abort()
        elif self._parser.is_within_request:
            self._send(Response.of_status(HTTPStatus.REQUEST_TIMEOUT, "the rest of the request did not come"), None)
        else:
            self._open_transport.close()
