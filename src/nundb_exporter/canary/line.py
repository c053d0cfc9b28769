"""A WebSocket to one member, kept open: commands and their replies, and in between the notices of what has changed."""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from nundb_exporter.client import race
from nundb_exporter.client.lookup import Lookup
from nundb_exporter.client.tcp import acknowledge_at_once
from nundb_exporter.client.tls import client_context
from nundb_exporter.config.settings import Endpoint, Tls
from nundb_exporter.errors import ProtocolError, SourceError
from nundb_exporter.protocol.canary import is_notice, notice
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import MAX_REPLY_BYTES, Reply, ReplyStream
from nundb_exporter.system_errors import cause_of

_SILENT: Final = logging.getLogger(f"{__name__}.frames")
_SILENT.setLevel(logging.CRITICAL)  # the library would log every frame at level debug, and frames hold secrets


class LineError(SourceError):
    """The member cannot be reached, or its connection has broken."""


class HangError(LineError):
    """The member has taken the connection, and does not answer."""


class Line:
    """One connection. A failure closes it: what came late would be taken for the next reply.

    `resolve` is called as socket.getaddrinfo is.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        tls: Tls,
        key: str,
        patience_seconds: float,
        resolve: Callable[..., Sequence[Any]] = socket.getaddrinfo,
    ) -> None:
        self._endpoint = endpoint
        self._tls = tls
        self._key = key
        self._patience = patience_seconds
        self._resolve = resolve
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._stream = ReplyStream()
        self._reply: asyncio.Future[Reply] | None = None
        self._changed = asyncio.Event()
        self.is_selected = False
        """Whether the database is selected, and the key watched."""
        self.value: str | None = None
        """The value that the last notice told."""
        self.told_at = 0.0
        """When that was, by the event loop's clock."""

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return self._reader is not None and not self._reader.done()

    async def open(self) -> None:
        """Connect.

        Raises:
            LineError: it cannot be reached; HangError if it does not answer.
        """
        scheme = "wss" if self._endpoint.is_secure else "ws"
        with self._failures():
            connection = await self._dial()
            try:
                self._socket = await connect(
                    f"{scheme}://{self._endpoint.host_header}{self._endpoint.path}",
                    sock=connection,
                    ssl=client_context(self._endpoint, self._tls),
                    server_hostname=(self._tls.server_name or self._endpoint.server_name)
                    if self._endpoint.is_secure
                    else None,
                    open_timeout=self._patience,
                    close_timeout=self._patience,
                    ping_interval=None,
                    max_size=MAX_REPLY_BYTES,
                    proxy=None,
                    logger=_SILENT,
                )
            except BaseException:
                connection.close()
                raise
        self._reader = asyncio.create_task(self._read(self._socket))

    async def _dial(self) -> socket.socket:
        """Connect without a word: a process that hangs is connected nevertheless, by its kernel."""
        tried: dict[str, str] = {}
        try:
            async with asyncio.timeout(self._patience):
                addresses = await Lookup(self._endpoint.host, self._endpoint.port, self._resolve).addresses()
                connection, _ = await race.connect(addresses, tried)
                return connection
        except TimeoutError:
            raise LineError(f"{self._endpoint.authority}: cannot be connected in time") from None
        except OSError as error:
            causes = ", ".join(dict.fromkeys(tried.values())) or cause_of(error)
            raise LineError(f"{self._endpoint.authority}: {causes}") from error

    async def ask(self, command: Command[object]) -> Reply:
        """Send a command and return its reply.

        Raises:
            LineError: the connection has broken; HangError if no answer came in time.
        """
        if self._socket is None or not self.is_open:
            raise LineError(f"{self._endpoint.authority}: the connection has broken")
        with self._failures():
            self._stream.expect(command)
            self._reply = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(self._patience):
                await self._socket.send(command.text)
                return await self._reply

    async def until(self, value: str, deadline: float) -> bool:
        """Wait for a notice of this value until `deadline`, by the event loop's clock; return whether it has come."""
        try:
            async with asyncio.timeout_at(deadline):
                while self.value != value and self.is_open:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self.value == value

    def close(self) -> None:
        """Close the connection without waiting for the other end."""
        self.is_selected = False
        if self._reader is not None:
            self._reader.cancel()
        if self._socket is not None:
            self._socket.transport.abort()
        self._fail(LineError(f"{self._endpoint.authority}: the connection was closed"))

    async def _read(self, connection: ClientConnection) -> None:
        try:
            async for message in connection:
                # While something is unacknowledged, Nun-db sends nothing more: the next notice would be 40 ms late.
                acknowledge_at_once(connection.transport)
                text = message if isinstance(message, str) else message.decode()
                if is_notice(text):
                    self._note(text)
                elif reply := self._stream.receive_data(text.encode()):
                    self._answer(reply)
            self._fail(LineError(f"{self._endpoint.authority}: the member has closed the connection"))
        except (OSError, WebSocketException, ProtocolError, UnicodeDecodeError) as error:
            self._fail(LineError(f"{self._endpoint.authority}: the connection has broken ({type(error).__name__})"))
        finally:
            connection.transport.abort()  # nobody would read from it any more
            self._changed.set()

    def _note(self, text: str) -> None:
        told = notice(text)
        if told is not None and told.key == self._key:
            self.value = told.value
            self.told_at = asyncio.get_running_loop().time()
            self._changed.set()

    def _answer(self, reply: Reply) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(reply)

    def _fail(self, error: LineError) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(error)
            self._reply.exception()  # whoever waited has left, perhaps

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except LineError:
            self.close()
            raise
        except TimeoutError:
            self.close()
            raise HangError(f"{self._endpoint.authority}: does not answer") from None
        except OSError as error:
            self.close()
            raise LineError(f"{self._endpoint.authority}: {cause_of(error)}") from error
        except (WebSocketException, ProtocolError) as error:
            self.close()
            raise LineError(f"{self._endpoint.authority}: speaks no WebSocket ({type(error).__name__})") from error
