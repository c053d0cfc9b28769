"""Connections as applications make them: TCP lines, WebSocket frames, HTTP requests.

They are not the exporter's, which only reads, and keeps no connection that costs the node something.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from nundb_devserver import Node
from nundb_exporter.credentials import DatabaseAccess

PATIENCE_SECONDS: Final = 2.0
"""How long an application waits for an answer before it tries another node."""
_REFUSALS: Final = ("error ", "Invalid token", "Not a valid database name", "Not auth")


class RefusedError(Exception):
    """A node has answered that it will not do what it was told."""


class Connection:
    """A TCP connection: a command a line, its messages, then `ok` or `error` (protocol notes 1.1)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, command: str) -> list[str]:
        """Run one command and return its messages.

        Raises:
            RefusedError: the answer is an error.
            EOFError: the node has closed the connection.
            OSError: it is broken, or there was no answer in time.
        """
        self._writer.write(f"{command}\n".encode())
        return await self.receive()

    async def receive(self) -> list[str]:
        """Return the messages up to the next `ok`; the greeting is one without any.

        Raises:
            RefusedError: the answer is an error.
            EOFError: the node has closed the connection.
            OSError: it is broken, or there was no answer in time.
        """
        messages = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (line := (await self._reader.readuntil()).decode()) != "ok \n":
                if line.startswith("error "):
                    raise RefusedError(line.strip())
                messages.append(line.removesuffix("\n"))
        return messages


@asynccontextmanager
async def connected(node: Node, *first: str) -> AsyncIterator[Connection]:
    """Open a TCP connection to a node and run the first commands on it.

    Raises:
        RefusedError: a command is answered by an error.
        EOFError: the node has closed the connection.
        OSError: it cannot be reached, or does not answer in time.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection(*node.tcp_address)
    try:
        connection = Connection(reader, writer)
        await connection.receive()
        for command in first:
            await connection.ask(command)
        yield connection
    finally:
        writer.close()


def door(access: DatabaseAccess) -> str:
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
