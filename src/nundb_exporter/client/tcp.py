"""TCP: one connection per session; a whole line per send, and its complete reply before the next line.

Nun-db loses the first part of a line that reaches it in two reads (protocol notes 1.1), so lines are never streamed.
A connection is not kept: once it has sent a command, it costs the node 0.4 % of a core until it is closed.
"""

import asyncio
import socket
from collections.abc import Sequence
from typing import Final

from nundb_exporter.client.dial import Dialer
from nundb_exporter.client.route import DIRECT, Route
from nundb_exporter.client.transport import broken_connections, closed, too_late
from nundb_exporter.config.settings import Endpoint, Tls
from nundb_exporter.errors import Reason, TargetError
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import Reply, ReplyStream

_NO_GREETING: Final = "connected, and not greeted in time: the node hangs, or this is not its TCP port"
_READ_BYTES: Final = 64 * 1024


class TcpTransport:
    """Ask over tcp; Nun-db has no TLS there."""

    def __init__(self, endpoint: Endpoint, tls: Tls, route: Route = DIRECT) -> None:
        self._endpoint = endpoint
        self._dialer = Dialer(endpoint, tls, route)

    @property
    def clock_offset(self) -> None:
        """Nothing that comes over it carries the node's time."""
        return

    async def execute(self, commands: Sequence[Command[object]], deadline: float) -> list[Reply]:
        """Send the commands one line at a time."""
        reader, writer = await self._dialer.open_stream(deadline)
        stream = ReplyStream()
        replies: list[Reply] = []
        try:
            async with asyncio.timeout_at(deadline):
                with broken_connections(self._endpoint):
                    await self._receive(reader, writer, stream)
                    for command in commands:
                        stream.expect(command)
                        writer.write(f"{command.text}\n".encode())
                        replies.append(await self._receive(reader, writer, stream))
        except TimeoutError:
            if not stream.is_begun:
                detail = f"{self._endpoint.authority}: request: {_NO_GREETING}"
                raise TargetError(Reason.TIMEOUT, detail) from None
            raise too_late(self._endpoint, is_begun=True) from None
        finally:
            writer.transport.abort()
        return replies

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stream: ReplyStream) -> Reply:
        reply = None
        while reply is None:
            acknowledge_at_once(writer.transport)
            data = await reader.read(_READ_BYTES)
            if not data:
                raise closed(self._endpoint, is_begun=stream.is_begun)
            reply = stream.receive_data(data)
        return reply

    async def close(self) -> None:
        """Do nothing: no connection outlives its session."""


def acknowledge_at_once(transport: asyncio.BaseTransport) -> None:
    """Ask the kernel not to delay its acknowledgement.

    Nun-db sends a message and its `ok` separately, with Nagle's algorithm enabled: the second waits for our
    acknowledgement, 40 ms by default (protocol notes 1.1). The option applies to one read, and only Linux has it.
    """
    if hasattr(socket, "TCP_QUICKACK"):
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
