"""A server under test, and a client that sends bytes as they are."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from nundb_exporter.http_server import Handler, Limits, Request, Response, Router, Server, listen
from tests.wire.waiting import PATIENCE_SECONDS

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def echo(request: Request) -> Response:
    """Answer what was asked for."""
    return Response.of_text(f"{request.method} {request.path} {request.query}\n")


async def later(request: Request) -> Response:
    """Answer the same, but not at once."""
    for _ in range(3):
        await asyncio.sleep(0)
    return echo(request)


ROUTES = Router({"/": {"GET": echo}, "/last": {"GET": echo}, "/later": {"GET": later, "POST": later}})


class Gate:
    """A handler that answers once it is let, and tells what became of its requests."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.asked = 0
        self.cancelled = 0

    async def __call__(self, request: Request) -> Response:
        """Answer."""
        self.asked += 1
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return echo(request)


class Client:
    """A connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Send, unless the server has hung up."""
        with contextlib.suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def answer(self) -> bytes:
        """Return one answer whole."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0")
            return head + await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """Return what comes until the server closes, in whatever way."""
        received = bytearray()
        async with asyncio.timeout(PATIENCE_SECONDS):
            with contextlib.suppress(ConnectionError):
                while data := await self.reader.read(65536):
                    received += data
        return bytes(received)

    async def end(self) -> None:
        """Close, whatever is in progress."""
        self.writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


@dataclass
class Serving:
    """A server, where it is, and the clients that have connected."""

    server: Server
    port: int
    clients: list[Client] = field(default_factory=list)

    async def connect(self) -> Client:
        """Return a client that is connected."""
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        return client

    async def tell(self, *pieces: bytes) -> bytes:
        """Send bytes, piece by piece, and return all that comes until the server closes."""
        client = await self.connect()
        async with asyncio.timeout(PATIENCE_SECONDS):
            for piece in pieces:
                await client.send(piece)
        return await client.rest()


@contextlib.asynccontextmanager
async def serving(
    handler: Handler = ROUTES, limits: Limits | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Serving]:
    """Serve on a free port of 127.0.0.1."""
    (listener,) = listen("127.0.0.1", 0)
    server = Server(handler, limits, headers={"Server": "test"}, tls=None if tls is None else lambda: tls)
    server.start([listener])
    served = Serving(server, listener.socket.getsockname()[1])
    try:
        yield served
    finally:
        for client in served.clients:
            await client.end()
        await server.stop(0)


def statuses(answers: bytes) -> list[int]:
    """Return the status of each answer."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


def byte_by_byte(data: bytes) -> Iterator[bytes]:
    """Yield each byte."""
    return (data[index : index + 1] for index in range(len(data)))
