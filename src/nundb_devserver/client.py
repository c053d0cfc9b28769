"""A client of the database as applications are: one TCP connection, a command a line (protocol notes 1.1)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from nundb_devserver.errors import RefusedError

_OK: Final = "ok \n"


class Client:
    """A connection that has been greeted; each answer is waited for at most so long."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeout_seconds: float) -> None:
        self._reader = reader
        self._writer = writer
        self._timeout_seconds = timeout_seconds

    async def ask(self, command: str) -> list[str]:
        """Run one command and return its messages.

        Raises:
            RefusedError: the answer is an error.
            OSError: the connection is broken, or there was no answer in time.
        """
        ((*messages, reply),) = await self._run(command)
        if reply.startswith("error "):
            raise RefusedError(reply.strip())
        return [message.removesuffix("\n") for message in messages]

    async def run(self, *commands: str) -> str:
        """Run commands in one write and return all that is answered, errors too, as it came.

        Raises:
            OSError: the connection is broken, or there was no answer in time.
        """
        return "".join(line for answer in await self._run(*commands) for line in answer)

    async def _run(self, *commands: str) -> list[list[str]]:
        self._writer.write("".join(f"{command}\n" for command in commands).encode())
        async with asyncio.timeout(self._timeout_seconds):
            return [await self._answer() for _ in commands]

    async def _answer(self) -> list[str]:
        lines = [await _line(self._reader)]
        while not _is_reply(lines[-1]):
            lines.append(await _line(self._reader))
        return lines


@asynccontextmanager
async def connected(address: tuple[str, int], *first: str, timeout_seconds: float = 5.0) -> AsyncIterator[Client]:
    """Open a connection to a node's TCP address and run the first commands on it.

    Raises:
        RefusedError: a command is answered by an error.
        OSError: the node cannot be reached, hangs up, or does not answer in time.
    """
    async with asyncio.timeout(timeout_seconds):
        reader, writer = await asyncio.open_connection(*address)
    try:
        async with asyncio.timeout(timeout_seconds):
            await _line(reader)  # the greeting
        client = Client(reader, writer, timeout_seconds)
        for command in first:
            await client.ask(command)
        yield client
    finally:
        writer.close()
        # A node that hangs may never take the rest of what was written.
        with suppress(OSError):
            async with asyncio.timeout(timeout_seconds):
                await writer.wait_closed()


async def _line(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil()).decode()
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("the node has closed the connection") from error


def _is_reply(line: str) -> bool:
    """Tell whether a line ends an answer."""
    # What an arbiter is asked has no newline: what follows is on the same line (protocol notes 3.3).
    if line.startswith("resolve "):
        return line.endswith(" \n")
    return line == _OK or line.startswith("error ")
