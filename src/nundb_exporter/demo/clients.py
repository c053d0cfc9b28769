"""Connections as applications make them: TCP lines, WebSocket frames, HTTP requests.

They are not the exporter's, which only reads, and keeps no connection that costs the node something.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from nundb_devserver import Client, Node, RefusedError
from nundb_devserver import connected as tcp_client
from nundb_exporter.credentials import DatabaseAccess
from nundb_exporter.protocol.http import ResponseDecoder, request
from nundb_exporter.protocol.replies import MAX_REPLY_BYTES

PATIENCE_SECONDS: Final = 2.0
"""How long an application waits for an answer before it tries another node."""
_READ_BYTES: Final = 64 * 1024
_REFUSALS: Final = ("error ", "Invalid token", "Not a valid database name", "Not auth")


@asynccontextmanager
async def connected(node: Node, *first: str) -> AsyncIterator[Client]:
    """Open a TCP connection to a node and run the first commands on it.

    Raises:
        RefusedError: a command is answered by an error.
        OSError: the node cannot be reached, hangs up, or does not answer in time.
    """
    async with tcp_client(node.tcp_address, *first, timeout_seconds=PATIENCE_SECONDS) as client:
        yield client


def use_db(access: DatabaseAccess) -> str:
    """Return the command that selects a database."""
    return f"use-db {access.name} {access.token.reveal()}"


async def post(node: Node, commands: Sequence[str]) -> str:
    """Run commands in one HTTP request and return the answer as it is.

    Raises:
        RefusedError: a command is answered by an error.
        ProtocolError: the answer is not HTTP.
        OSError: the node cannot be reached, hangs up, or does not answer in time.
    """
    url = urlsplit(node.http_url)
    async with asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        try:
            writer.write(request(url.netloc, "/", ";".join(commands).encode()))
            text = (await _response(reader)).decode()
        finally:
            writer.transport.abort()
    if text.startswith(_REFUSALS):
        raise RefusedError(text.strip())
    return text


async def _response(reader: asyncio.StreamReader) -> bytes:
    decoder = ResponseDecoder(MAX_REPLY_BYTES)
    while data := await reader.read(_READ_BYTES):
        if response := decoder.receive_data(data):
            return bytes(response.body)
    raise ConnectionResetError("the node has closed the connection")


@asynccontextmanager
async def listening(node: Node, *first: str) -> AsyncIterator[ClientConnection]:
    """Open a WebSocket and send the first commands; whatever the node says is read and dropped, as fast as it comes.

    Raises:
        WebSocketException: the node refuses, or has closed the connection.
        OSError: the node cannot be reached, or does not answer in time.
    """
    connecting = connect(node.ws_url, open_timeout=PATIENCE_SECONDS, close_timeout=0.1, ping_interval=None, proxy=None)
    async with connecting as socket:
        reader = asyncio.create_task(_drop_all(socket))
        try:
            for command in first:
                await socket.send(command)
            yield socket
        finally:
            reader.cancel()


async def _drop_all(socket: ClientConnection) -> None:
    with suppress(WebSocketException):
        async for _ in socket:
            pass
