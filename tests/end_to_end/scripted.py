"""Nodes that say, byte for byte, what a test tells them to say, over every transport.

A node listens on a free port and gives each connection to its behaviour, which may be replaced while it runs. A
behaviour speaks through a `Peer`; when it returns, the connection is closed.
"""

import asyncio
import base64
import contextlib
import hashlib
import socket
import ssl
import struct
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import TracebackType
from typing import Final, NamedTuple, Protocol, Self

USER: Final = "nun"
PASSWORD: Final = "nun-pwd"
SCHEMES: Final = ("http", "https", "tcp", "ws", "wss")
SECURE: Final = frozenset({"https", "wss"})


class Said(NamedTuple):
    """What a command gives: a message, or an error, or neither, which is a bare `ok`."""

    message: str | None = None
    error: str | None = None


GOOD: Final[Mapping[str, Said]] = {
    f"auth {USER} {PASSWORD}": Said("valid auth\n"),
    "metrics-state": Said(
        "metrics-state pending_ops: 0, op_log_file_size: 350, op_log_count: 14,"
        "replication_time_moving_avg: 39.5, get_query_time_moving_avg: 0.25\n\n"
    ),
    "cluster-state": Said("cluster-state  10.0.0.1:3014(self):Primary , 10.0.0.2:3014(Connected):Secoundary,\n"),
    "debug process-info": Said("process-info \nprocess_id: 1795400324150\n"),
    "debug list-dbs": Said("dbs-list \n$admin : newer\nshop : none\n"),
    "debug pending-ops": Said("pending-ops \n"),
    "create-db $admin x": Said(error="database already exists"),
    "use-db shop shop-token": Said(),
    "get-safe $connections": Said("value-version 7 3\n"),
    "keys": Said("keys ,$connections,a,b\n"),
    "keys $conflicts_*": Said("keys \n"),
}
"""A healthy primary, in the words of a real one."""

PENDING: Final = Said(
    "metrics-state pending_ops: 2, op_log_file_size: 350, op_log_count: 14,"
    "replication_time_moving_avg: 39.5, get_query_time_moving_avg: 0.25\n\n"
)
"""The reply of a node on which two operations are pending."""


def script(**changes: Said) -> dict[str, Said]:
    """Return a healthy node's replies, some changed; a keyword's `_` stands for a space or a hyphen of the command."""
    replies = dict(GOOD)
    for name, said in changes.items():
        key = next(command for command in GOOD if command.replace(" ", "_").replace("-", "_") == name)
        replies[key] = said
    return replies


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


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """Return a response with a length."""
    lines = [f"HTTP/1.1 {status}", "Server: tiny-http (Rust)", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def chunked(body: bytes, size: int) -> bytes:
    """Return a response in chunks of `size` bytes."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    chunks = b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def upgrade(head: str) -> bytes:
    """Return the answer to a WebSocket handshake (RFC 6455, section 4.2.2)."""
    key = next(
        line.partition(":")[2].strip() for line in head.splitlines() if line.lower().startswith("sec-websocket-key:")
    )
    digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()  # noqa: S324 - the RFC's
    accept = base64.b64encode(digest).decode()
    lines = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade")
    return "\r\n".join((*lines, f"Sec-WebSocket-Accept: {accept}", "", "")).encode()


def frame(data: bytes, opcode: int = 1, *, is_last: bool = True) -> bytes:
    """Return a WebSocket frame, as a server sends it."""
    first = opcode | (0x80 if is_last else 0)
    if len(data) < 126:
        return bytes([first, len(data)]) + data
    if len(data) < 65536:
        return bytes([first, 126]) + struct.pack(">H", len(data)) + data
    return bytes([first, 127]) + struct.pack(">Q", len(data)) + data


def answering(replies: Mapping[str, Said] = GOOD) -> Behaviour:
    """Answer each command as `replies` tells; one that it does not know, as a server too old for it."""

    async def behave(peer: Peer) -> None:
        await peer.wire.open(peer)
        while True:
            commands = await peer.commands()
            await peer.send(peer.wire.encode([_reply(replies, command) for command in commands]))

    return behave


def _reply(replies: Mapping[str, Said], command: str) -> Said:
    if command.startswith("auth "):
        # Any other user or password is refused with every sign of success (protocol notes 2.1).
        return replies.get(command, Said("invalid auth\n"))
    return replies.get(command, Said(error=f"unknown command: {command.partition(' ')[0]}"))


async def silent(peer: Peer) -> None:
    """Accept, and never say a word."""
    await peer.hang()


async def mute(peer: Peer) -> None:
    """Open the session well, and answer no command."""
    await peer.wire.open(peer)
    await peer.commands()
    await peer.hang()


async def dripping(peer: Peer) -> None:
    """Answer well, one byte a second."""
    await peer.wire.open(peer)
    answer = peer.wire.encode([_reply(GOOD, command) for command in await peer.commands()])
    for position in range(len(answer)):
        await peer.send(answer[position : position + 1])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await peer.hang()
                return


async def stopping(peer: Peer) -> None:
    """Send half of a good answer, and nothing more."""
    await _send_half(peer)
    await peer.hang()


async def closing_half_way(peer: Peer) -> None:
    """Send half of a good answer, and close."""
    await _send_half(peer)


async def resetting_half_way(peer: Peer) -> None:
    """Send half of a good answer, and end the connection with RST."""
    await _send_half(peer)
    peer.reset()


async def _send_half(peer: Peer) -> None:
    await peer.wire.open(peer)
    answer = peer.wire.encode([_reply(GOOD, command) for command in await peer.commands()])
    await peer.send(answer[: len(answer) // 2])


async def closing_at_once(peer: Peer) -> None:
    """Accept, and close."""


async def closing_unanswered(peer: Peer) -> None:
    """Open the session well, read a command, and close."""
    await peer.wire.open(peer)
    await peer.commands()


def saying(data: bytes, *, then_closes: bool = False) -> Behaviour:
    """Say these bytes where the client expects the first ones."""

    async def behave(peer: Peer) -> None:
        await peer.wire.until_asked(peer)
        await peer.send(data)
        if not then_closes:
            await peer.hang()

    return behave


def answering_with(data: bytes, *, then_closes: bool = False) -> Behaviour:
    """Open the session well, and say these bytes to the first command."""

    async def behave(peer: Peer) -> None:
        await peer.wire.open(peer)
        await peer.commands()
        await peer.send(data)
        if not then_closes:
            await peer.hang()

    return behave


def endless(head: bytes, block: bytes) -> Behaviour:
    """Open the session well, and say `head` to the first command, then `block` for ever."""

    async def behave(peer: Peer) -> None:
        await peer.wire.open(peer)
        await peer.commands()
        await peer.send(head)
        while True:
            await peer.send(block)

    return behave


def hanging_at(beginning: str, replies: Mapping[str, Said]) -> Behaviour:
    """Answer well, until a command that begins so is asked: then never again on this connection."""

    async def behave(peer: Peer) -> None:
        await peer.wire.open(peer)
        commands = await peer.commands()
        while not any(command.startswith(beginning) for command in commands):
            await peer.send(peer.wire.encode([_reply(replies, command) for command in commands]))
            commands = await peer.commands()
        await peer.hang()

    return behave


@contextlib.contextmanager
def refusing() -> Iterator[int]:
    """Yield a port on which nobody listens, kept from everybody else."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


async def _serve(scheme: str, port: int, host: str) -> None:
    """Serve a healthy node; with a host, refuse every request that names another."""

    async def behave(peer: Peer) -> None:
        if host:
            data = await peer.reader.read(65536)  # the whole request, or its head: both are sent at once
            if f"\r\nHost: {host}\r\n".encode() not in data:
                await peer.send(http(b"", "404 Not Found"))
                return
            peer.reader.feed_data(data)
        await answering()(peer)

    async with ScriptedNode(behave, scheme, host="127.0.0.1", port=port):
        print("serving", flush=True)  # noqa: T201 - who starts it waits for this line
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), "".join(sys.argv[3:])))
