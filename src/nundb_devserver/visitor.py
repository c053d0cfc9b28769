"""A client for the faults: an administrator's TCP connection, for commands whose replies end with `ok` or `error`."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from nundb_devserver.node import Node

TIMEOUT_SECONDS = 5.0


class Visitor:
    """One connection, authenticated; use it as an asynchronous context manager."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            self._reader, self._writer = await asyncio.open_connection(*self._node.tcp_address)
            await self._reader.readline()
        await self.run(f"auth {self._node.options.user} {self._node.password}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def run(self, *lines: str) -> str:
        """Send commands in one write and return all that they answer.

        Raises:
            OSError: the node has hung up.
            TimeoutError: it does not answer.
        """
        self._writer.write("".join(f"{line}\n" for line in lines).encode())
        answer = ""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            for _ in lines:
                answer += await self._reply()
        return answer

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _reply(self) -> str:
        reply = ""
        while True:
            line = await self._reader.readline()
            if not line:
                raise ConnectionResetError(f"{self._node.name} has hung up")
            reply += line.decode()
            # An arbiter's messages have no newline: what follows them is on the same line.
            if line.endswith(b"ok \n") or (line.endswith(b" \n") and b"error " in line):
                return reply
