"""The server: it accepts connections, and ends them in time."""

import asyncio
import contextlib
import errno
import logging
import resource
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from nundb_exporter.http_server.connection import Connection, Service
from nundb_exporter.http_server.limits import Limits
from nundb_exporter.http_server.listening import Listener
from nundb_exporter.http_server.messages import Handler
from nundb_exporter.http_server.places import Places, seats_for
from nundb_exporter.http_server.rare_log import RareLog
from nundb_exporter.http_server.writer import header_lines

_LOGGER: Final = logging.getLogger(__name__)
_BURST: Final = 64
"""Connections accepted at a time, before those that are open have their turn; fewer where there are few descriptors,
because those of connections that made room are free only then."""
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_RETRY_SECONDS: Final = 0.1
"""After which accepting is tried again where descriptors or memory are used up: trying at once would be a busy loop."""
_CANCEL_SECONDS: Final = 1.0
"""For a handler that is cancelled at the end to clean up."""
_NO_HEADERS: Final[Mapping[str, str]] = {}


class Server:
    """Serve requests over HTTP/1.0 and HTTP/1.1.

    `headers` are added to every response. `tls` is asked for a context for each new connection.
    """

    def __init__(
        self,
        handler: Handler,
        limits: Limits | None = None,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        limits = limits or Limits()
        seats = seats_for(limits.connections, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        self._burst = min(_BURST, max(seats // 8, 1))
        self._places: Places[Connection] = Places(seats, limits.patience_seconds)
        self._log = RareLog(_LOGGER)
        self._service = Service(handler, limits, header_lines(headers), self._places, self._log)
        self._tls = tls
        self._listeners: list[Listener] = []

    def start(self, listeners: Iterable[Listener]) -> None:
        """Serve on these sockets, which are the server's from now on, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._listeners = list(listeners)
        for listener in self._listeners:
            self._watch(listener)

    async def stop(self, grace: float) -> None:
        """Refuse new connections, close silent ones, and wait until the others have their answers.

        What is still in progress after `grace` seconds is cancelled.
        """
        for listener in self._listeners:
            self._loop.remove_reader(listener.socket)
            listener.close()
        self._listeners = []
        for connection in self._places.all:
            connection.finish()
        try:
            async with asyncio.timeout(grace):
                await self._places.wait_until_empty()
        except TimeoutError:
            late = self._places.all
            ending: list[asyncio.Future[Any]] = [each.task for each in late if each.task is not None]
            for connection in late:
                connection.abort()
            ending.append(asyncio.create_task(self._places.wait_until_empty()))
            await asyncio.wait(ending, timeout=_CANCEL_SECONDS)

    def _watch(self, listener: Listener) -> None:
        if listener in self._listeners:
            self._loop.add_reader(listener.socket, self._accept, listener)

    def _accept(self, listener: Listener) -> None:
        """Accept what waits. asyncio's own way would log each failure, a hundred thousand lines a minute."""
        for _ in range(self._burst):
            try:
                accepted, _ = listener.socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._pause(listener, error)
                    return
                continue  # of a client that has left already; accept(2) tells several ways
            accepted.setblocking(False)
            self._open(accepted)

    def _pause(self, listener: Listener, error: OSError) -> None:
        self._log.write(logging.WARNING, "exhausted", f"cannot accept connections: {error.strerror}")
        self._places.make_room(self._loop.time())
        self._loop.remove_reader(listener.socket)
        self._loop.call_later(_RETRY_SECONDS, self._watch, listener)

    def _open(self, accepted: socket.socket) -> None:
        connection = Connection(self._service)
        if self._places.are_taken:
            text = (
                f"{self._places.seats} connections are open, as many as may be: silent ones are closed, others get 503"
            )
            self._log.write(logging.WARNING, "crowded", text)
        if not self._places.enter(connection, self._loop.time()):
            connection.turn_away()
        connection.opening = self._loop.create_task(self._shake_hands(accepted, connection))

        def opened(_: asyncio.Task[None]) -> None:
            connection.opening = None
            if not connection.was_opened:
                accepted.close()
                self._places.leave(connection)

        connection.opening.add_done_callback(opened)

    async def _shake_hands(self, accepted: socket.socket, connection: Connection) -> None:
        limits = self._service.limits
        times = {"ssl_handshake_timeout": limits.request_seconds, "ssl_shutdown_timeout": limits.linger_seconds}
        tls = self._tls() if self._tls else None
        with contextlib.suppress(OSError):  # the handshake failed, or the client left
            await self._loop.connect_accepted_socket(lambda: connection, accepted, ssl=tls, **(times if tls else {}))
