"""WebSocket: one connection per session, one command per frame (Nun-db accepts several only since 2024-02).

The frames are read and written by the library websockets, whose protocol knows no sockets.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from typing import Final

from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from nundb_exporter.client.dial import Dialer
from nundb_exporter.client.route import DIRECT, Route
from nundb_exporter.client.status import refusal
from nundb_exporter.client.transport import broken_connections, closed, too_late
from nundb_exporter.config.settings import Endpoint, Tls
from nundb_exporter.errors import ProtocolError, Reason, TargetError
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.http import SWITCHING
from nundb_exporter.protocol.replies import MAX_REPLY_BYTES, Reply, ReplyStream
from nundb_exporter.protocol.websocket import handshake_request, read_handshake

_NO_HANDSHAKE: Final = "connected, and not answered in time: the node hangs, or this is not its WebSocket port"
_READ_BYTES: Final = 64 * 1024
_DATA: Final = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})
_SILENT: Final = logging.getLogger(f"{__name__}.frames")
_SILENT.setLevel(logging.CRITICAL)  # the library would log every frame at level debug, and frames hold passwords


class WebSocketTransport:
    """Ask over ws or wss."""

    def __init__(self, endpoint: Endpoint, tls: Tls, route: Route = DIRECT) -> None:
        self._endpoint = endpoint
        self._dialer = Dialer(endpoint, tls, route)

    @property
    def clock_offset(self) -> None:
        """Nothing that comes over it carries the node's time."""
        return

    async def execute(self, commands: Sequence[Command[object]], deadline: float) -> list[Reply]:
        """Send the commands one frame at a time."""
        reader, writer = await self._dialer.open_stream(deadline)
        session = _Session(self._endpoint, reader, writer)
        try:
            async with asyncio.timeout_at(deadline):
                with broken_connections(self._endpoint):
                    await session.open()
                    return [await session.ask(command) for command in commands]
        except TimeoutError:
            if not session.is_begun:
                detail = f"{self._endpoint.authority}: request: {_NO_HANDSHAKE}"
                raise TargetError(Reason.TIMEOUT, detail) from None
            raise too_late(self._endpoint, is_begun=True) from None
        finally:
            writer.transport.abort()

    async def close(self) -> None:
        """Do nothing: no connection outlives its session."""


class _Session:
    """One connection, from the handshake on."""

    def __init__(self, endpoint: Endpoint, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._endpoint = endpoint
        self._reader = reader
        self._writer = writer
        self._protocol = Protocol(CLIENT, state=OPEN, max_size=MAX_REPLY_BYTES, logger=_SILENT)
        self._stream = ReplyStream()
        self.is_begun = False
        """Whether anything has come."""

    async def open(self) -> None:
        """Shake hands."""
        key = os.urandom(16)
        self._writer.write(handshake_request(self._endpoint.host_header, self._endpoint.path, key))
        received = b""
        answer = None
        while answer is None:
            received += await self._read()
            answer = read_handshake(received, key)
        if answer.status != SWITCHING:
            raise refusal(self._endpoint, answer.status, answer.location)
        self._protocol.receive_data(answer.rest)

    async def ask(self, command: Command[object]) -> Reply:
        """Send a command and wait for its reply."""
        self._stream.expect(command)
        self._protocol.send_text(command.text.encode())
        self._flush()
        reply = None
        while reply is None:
            self._protocol.receive_data(await self._read())
            self._flush()  # a pong, or the echo of a close
            for event in self._protocol.events_received():
                if isinstance(event, Frame) and event.opcode in _DATA:
                    if reply is not None:
                        raise ProtocolError("the server says more than it was asked for")
                    reply = self._stream.receive_data(bytes(event.data))
            if self._protocol.parser_exc is not None:
                raise ProtocolError("WebSocket: a frame is broken or too long")
            if reply is None and self._protocol.close_rcvd is not None:
                raise closed(self._endpoint, is_begun=True)
        return reply

    async def _read(self) -> bytes:
        data = await self._reader.read(_READ_BYTES)
        if not data:
            raise closed(self._endpoint, is_begun=self.is_begun)
        self.is_begun = True
        return data

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._writer.write(data)
