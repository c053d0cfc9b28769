"""Nodes that say, byte for byte, what a test tells them to say, over every transport.

A node listens on a free port and gives each connection to its behaviour (`behaviours.py`), which may be replaced while
it runs. A behaviour speaks through a `Peer`; when it returns, the connection is closed.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Iterator
from types import TracebackType
from typing import Final, Protocol, Self

from .framing import frame, http, upgrade
from .replies import Said

SCHEMES: Final = ("http", "https", "tcp", "ws", "wss")
SECURE: Final = frozenset({"https", "wss"})


class Wire(Protocol):
    """How commands and replies are framed; the server's end."""

    def until_asked(self, peer: "Peer") -> Awaitable[object]:
        """Read what a client sends before it expects the first byte."""
        ...

    def open(self, peer: "Peer") -> Awaitable[None]:
        """Do what comes before the first command."""
        ...

    def commands(self, peer: "Peer") -> Awaitable[list[str]]:
        """Return the commands that come next in one piece.

        Raises:
            EOFError: the client has closed.
        """
        ...

    def encode(self, replies: list[Said]) -> bytes:
        """Return the bytes of the replies to one piece."""
        ...


class Peer:
    """One connection, as the node has it."""

    def __init__(self, node: "ScriptedNode", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.node = node
        self.reader = reader
        self.writer = writer
        self.wire = WIRES[node.scheme]
        self.seen: list[str] = []
        """The commands that came on this connection."""

    async def commands(self) -> list[str]:
        """Return the next commands, and remember them."""
        commands = await self.wire.commands(self)
        self.seen += commands
        self.node.commands += commands
        return commands

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def hang(self) -> None:
        """Say nothing more, and wait until the client leaves."""
        self.node.hanging += 1
        while await self.reader.read(65536):
            pass

    def reset(self) -> None:
        """End the connection with RST."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


Behaviour = Callable[[Peer], Awaitable[None]]


class ScriptedNode:
    """A listener and its behaviour; use it as an asynchronous context manager."""

    def __init__(
        self,
        behaviour: Behaviour,
        scheme: str = "http",
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.behaviour = behaviour
        self.scheme = scheme
        self.host = host
        self.port = port
        self.connections = 0
        """How many were accepted."""
        self.left = 0
        """How many the client has ended while the behaviour still went on."""
        self.commands: list[str] = []
        """All that was asked, on any connection."""
        self.hanging = 0
        """How often it has let a client wait for ever."""
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The node's URL."""
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port, ssl=self._tls, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop every connection, as the end of a process does."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def restart(self) -> None:
        """Stop, and start again on the same port."""
        await self.stop()
        await self.start()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self.behaviour(Peer(self, reader, writer))
        except (ConnectionError, EOFError, ssl.SSLError):
            self.left += 1
        except asyncio.CancelledError:
            pass  # the node stops
        else:
            if reader.at_eof():
                self.left += 1
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()


class _Http:
    async def until_asked(self, peer: Peer) -> str:
        head = await _until(peer, b"\r\n\r\n")
        length = next(
            (int(line.partition(":")[2]) for line in head.splitlines() if line.lower().startswith("content-length:")), 0
        )
        return (await peer.reader.readexactly(length)).decode()

    async def open(self, peer: Peer) -> None:
        pass

    async def commands(self, peer: Peer) -> list[str]:
        return (await self.until_asked(peer)).split(";")

    def encode(self, replies: list[Said]) -> bytes:
        return http(";".join(said.message or said.error or "empty" for said in replies).encode())


class _Tcp:
    async def until_asked(self, peer: Peer) -> None:
        pass

    async def open(self, peer: Peer) -> None:
        await peer.send(b"ok \n")

    async def commands(self, peer: Peer) -> list[str]:
        return [(await _until(peer, b"\n")).removesuffix("\n")]

    def encode(self, replies: list[Said]) -> bytes:
        return "".join(_lines(replies)).encode()


class _WebSocket:
    async def until_asked(self, peer: Peer) -> str:
        return await _until(peer, b"\r\n\r\n")

    async def open(self, peer: Peer) -> None:
        head = await self.until_asked(peer)
        await peer.send(upgrade(head))

    async def commands(self, peer: Peer) -> list[str]:
        while True:
            first, second = await peer.reader.readexactly(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", await peer.reader.readexactly(2))
            mask = await peer.reader.readexactly(4)
            data = await peer.reader.readexactly(length)
            opcode = first & 0x0F
            if opcode == 8:
                raise EOFError
            if opcode == 1:
                return [bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)).decode()]

    def encode(self, replies: list[Said]) -> bytes:
        return b"".join(frame(line.encode()) for line in _lines(replies))


WIRES: Final[dict[str, Wire]] = {
    "http": _Http(),
    "https": _Http(),
    "tcp": _Tcp(),
    "ws": _WebSocket(),
    "wss": _WebSocket(),
}


async def _until(peer: Peer, separator: bytes) -> str:
    return (await peer.reader.readuntil(separator)).decode()


def _lines(replies: list[Said]) -> Iterator[str]:
    for said in replies:
        if said.message is not None:
            yield said.message
        yield "ok \n" if said.error is None else f"error {said.error} \n"
