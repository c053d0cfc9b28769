"""HTTP: one POST per session, over keep-alive connections.

A client of our own, because this is the hot path and a general one costs three times as much (docs/benchmark.md). The
parser is protocol/http.py; this module only handles sockets.
"""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Final, cast

from nundb_exporter.client.transport import client_context, network_errors
from nundb_exporter.config.settings import Endpoint, Tls
from nundb_exporter.errors import ProtocolError, Reason, TargetError
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.http import Response, ResponseDecoder, request
from nundb_exporter.protocol.replies import MAX_REPLY_BYTES, Reply, split_body

_MAX_IDLE: Final = 4
"""Nun-db answers HTTP with four workers, and each kept connection pins one of its threads (protocol notes 1.2)."""
_OK: Final = 200


class _StaleError(Exception):
    """The server closed a kept connection before it saw the request."""


class _TruncatedError(Exception):
    """The server closed the connection before its answer was complete."""


class HttpTransport:
    """Ask over http or https."""

    def __init__(self, endpoint: Endpoint, tls: Tls) -> None:
        self._endpoint = endpoint
        self._context = client_context(endpoint, tls)
        self._server_name = tls.server_name or endpoint.host
        self._idle: list[_Connection] = []

    async def execute(self, commands: Sequence[Command[object]]) -> list[Reply]:
        """Send the commands as one body."""
        body = ";".join([command.text for command in commands]).encode()
        try:
            response = await self._exchange(request(self._endpoint.authority, self._endpoint.path, body))
        except _TruncatedError:
            raise TargetError(
                Reason.CONNECT, f"{self._endpoint.authority}: closed before the answer was complete"
            ) from None
        if response.status != _OK:
            # Nun-db answers 200 to everything except invalid UTF-8 and its own panics (protocol notes 1.2).
            raise ProtocolError(f"HTTP status {response.status}")
        try:
            text = response.body.decode()
        except UnicodeDecodeError:
            raise ProtocolError("the body is not UTF-8") from None
        return split_body(text, commands)

    async def _exchange(self, data: bytes) -> Response:
        while self._idle:
            connection = self._idle.pop()
            try:
                return await self._ask(connection, data)
            except _StaleError:
                # The node was restarted, or closed an idle connection. It never read the request, so it is safe to send
                # it again; the other kept connections are probably closed too.
                await self.close()
        with network_errors(self._endpoint):
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection,
                self._endpoint.host,
                self._endpoint.port,
                ssl=self._context,
                server_hostname=self._server_name if self._context else None,
            )
        try:
            return await self._ask(connection, data)
        except _StaleError:
            with network_errors(self._endpoint):
                if isinstance(connection.loss, ssl.SSLError):
                    raise connection.loss from None  # a refused client certificate shows after the handshake
            raise TargetError(Reason.CONNECT, f"{self._endpoint.authority}: closed without an answer") from None

    async def _ask(self, connection: "_Connection", data: bytes) -> Response:
        try:
            response = await connection.ask(data)
        except BaseException:
            connection.abort()
            raise
        if response.is_reusable and len(self._idle) < _MAX_IDLE:
            self._idle.append(connection)
        else:
            connection.abort()
        return response

    async def close(self) -> None:
        """Close the kept connections."""
        while self._idle:
            self._idle.pop().abort()


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    __slots__ = ("_answer", "_decoder", "_is_lost", "_transport", "loss")

    def __init__(self) -> None:
        self.loss: Exception | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # create_connection makes no other

    def abort(self) -> None:
        self._transport.abort()

    async def ask(self, data: bytes) -> Response:
        """Send the request and wait for its response; the connection is unusable if this raises."""
        if self._is_lost:
            raise _StaleError
        self._decoder = ResponseDecoder(MAX_REPLY_BYTES)
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        try:
            return await self._answer
        finally:
            self._answer = None

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            # Unexpected bytes: the next request could take them for its answer.
            self._is_lost = True
            self._transport.abort()
            return
        try:
            response = self._decoder.receive_data(data)
        except ProtocolError as error:
            self._answer.set_exception(error)
            return
        if response is not None:
            self._answer.set_result(response)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self.loss = exc
        if self._answer is None or self._answer.done():
            return
        if self._decoder.is_untouched:
            self._answer.set_exception(_StaleError())
            return
        try:
            # A body that ends with the connection is complete only if the connection was closed in order.
            answer = None if exc else self._decoder.receive_eof()
        except ProtocolError:
            answer = None
        if answer is None:
            self._answer.set_exception(_TruncatedError())
        else:
            self._answer.set_result(answer)
