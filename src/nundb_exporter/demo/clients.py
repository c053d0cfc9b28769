"""Connections as applications make them: TCP lines, WebSocket frames, HTTP requests.

They are not the exporter's, which only reads, and keeps no connection that costs the node something.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from nundb_devserver import Client, Node, RefusedError
from nundb_devserver import connected as tcp_client
from nundb_exporter.credentials import DatabaseAccess

PATIENCE_SECONDS: Final = 2.0
"""How long an application waits for an answer before it tries another node."""
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


async def post(session: aiohttp.ClientSession, node: Node, commands: Sequence[str]) -> str:
    """Run commands in one HTTP request and return the answer as it is.

    Raises:
        RefusedError: a command is answered by an error.
        aiohttp.ClientError: the node cannot be reached.
        OSError: it does not answer in time.
    """
    async with asyncio.timeout(PATIENCE_SECONDS), session.post(node.http_url, data=";".join(commands)) as response:
        text = await response.text()
    if text.startswith(_REFUSALS):
        raise RefusedError(text.strip())
    return text


@asynccontextmanager
async def listening(
    session: aiohttp.ClientSession, node: Node, *first: str
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open a WebSocket and send the first commands; whatever the node says is read and dropped, as fast as it comes.

    Raises:
        aiohttp.ClientError: the node cannot be reached.
        OSError: it does not answer in time.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        socket = await session.ws_connect(node.ws_url, timeout=aiohttp.ClientWSTimeout(ws_close=0.1))
    reader = asyncio.create_task(_drop_all(socket))
    try:
        for command in first:
            await socket.send_str(command)
        yield socket
    finally:
        reader.cancel()
        await socket.close()


async def _drop_all(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass
