"""WebSocket: one connection per session, one command per frame (Nun-db accepts several only since 2024-02)."""

from collections.abc import Sequence
from typing import Final

import aiohttp

from nundb_exporter.client.transport import client_context, network_errors
from nundb_exporter.config.settings import Endpoint, Tls
from nundb_exporter.errors import ProtocolError, Reason, TargetError
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import MAX_REPLY_BYTES, Reply, ReplyStream

_NO_TIMEOUT: Final = aiohttp.ClientTimeout()
_SWITCHING: Final = 101


async def _stay(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Refuse every answer except the handshake's: aiohttp would follow a redirect, and send the password there."""
    response = await handler(request)
    if response.status != _SWITCHING:
        response.close()
        raise ProtocolError(f"WebSocket: the handshake was answered with status {response.status}")
    return response


class WebSocketTransport:
    """Ask over ws or wss."""

    def __init__(self, endpoint: Endpoint, tls: Tls) -> None:
        self._endpoint = endpoint
        self._context = client_context(endpoint, tls)
        self._server_name = tls.server_name

    async def execute(self, commands: Sequence[Command[object]]) -> list[Reply]:
        """Send the commands one frame at a time."""
        with network_errors(self._endpoint):
            try:
                async with (
                    aiohttp.ClientSession(timeout=_NO_TIMEOUT, middlewares=(_stay,)) as session,
                    session.ws_connect(
                        str(self._endpoint),
                        ssl=self._context or True,
                        server_hostname=self._server_name,
                        max_msg_size=MAX_REPLY_BYTES,
                        timeout=aiohttp.ClientWSTimeout(ws_close=0),
                    ) as socket,
                ):
                    return [await self._ask(socket, command) for command in commands]
            except aiohttp.ClientConnectorError as error:
                raise error.os_error from error
            except aiohttp.WSServerHandshakeError as error:
                raise ProtocolError("WebSocket: the answer to the handshake does not accept it") from error
            except aiohttp.ClientConnectionError as error:
                raise TargetError(Reason.CONNECT, f"{self._endpoint.authority}: closed without an answer") from error
            except aiohttp.ClientError as error:
                raise ProtocolError("WebSocket: the answer to the handshake is not HTTP") from error

    async def _ask(self, socket: aiohttp.ClientWebSocketResponse, command: Command[object]) -> Reply:
        stream = ReplyStream()
        stream.expect(command)
        await socket.send_str(command.text)
        reply = None
        while reply is None:
            frame = await socket.receive()
            match frame.type:
                case aiohttp.WSMsgType.TEXT:
                    reply = stream.receive_data(frame.data.encode())
                case aiohttp.WSMsgType.BINARY:
                    reply = stream.receive_data(frame.data)
                case aiohttp.WSMsgType.ERROR:
                    raise ProtocolError("WebSocket: a frame is broken or too long")
                case _:
                    raise TargetError(
                        Reason.CONNECT, f"{self._endpoint.authority}: closed before the reply was complete"
                    )
        return reply

    async def close(self) -> None:
        """Do nothing: no connection outlives its session."""
