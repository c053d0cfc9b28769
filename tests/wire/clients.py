"""Clients as plain as can be: what they send and receive is bytes, and nothing is interpreted but the framing."""

import asyncio
import base64
import os
import socket
import struct
from contextlib import suppress
from typing import NamedTuple

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


class Answer(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes


async def post(number: int, body: bytes) -> Answer:
    """Send one request on a connection of its own.

    Raises:
        OSError: nobody is there, or they hang up.
        asyncio.IncompleteReadError: they hang up in the middle.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", number)
    try:
        writer.write(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        if headers.get("Transfer-Encoding") == "chunked":
            content = await _chunks(reader)
        else:
            content = await reader.readexactly(int(headers["Content-Length"]))
        return Answer(int(head[0].split(" ")[1]), headers, content)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def ask(number: int, *commands: str) -> str:
    """Return the answer to commands in one request."""
    return (await post(number, ";".join(commands).encode())).body.decode()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    content = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        content += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return content


class TcpClient:
    """A TCP connection; `received` is what has come and not been taken."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.received = b""
        self.is_closed = False

    @classmethod
    async def connect(cls, number: int) -> "TcpClient":
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", number))

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self._writer.write(data)

    def half_close(self) -> None:
        """Send nothing more, and go on listening."""
        self._writer.write_eof()

    async def receive(self, seconds: float) -> bool:
        """Wait for more bytes; False if none came in time, or none will."""
        if self.is_closed:
            return False
        try:
            async with asyncio.timeout(seconds):
                data = await self._reader.read(65536)
        except TimeoutError:
            return False
        except OSError:
            data = b""
        self.is_closed = not data
        self.received += data
        return bool(data)

    async def close(self, how: str = "fin") -> None:
        """End the connection, properly or with a reset."""
        if how == "rst":
            linger = struct.pack("ii", 1, 0)
            self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._writer.transport.abort()
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


class WebSocketClient:
    """A WebSocket connection; `frames` are the texts that have come and not been taken."""

    def __init__(self, tcp: TcpClient) -> None:
        self._tcp = tcp
        self.frames: list[str] = []
        self.has_said_goodbye = False

    @classmethod
    async def connect(cls, number: int) -> "WebSocketClient":
        """Connect and shake hands.

        Raises:
            OSError: nobody is there, or they do not speak WebSocket.
        """
        tcp = await TcpClient.connect(number)
        key = base64.b64encode(os.urandom(16))
        tcp.send(
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: %b\r\nSec-WebSocket-Version: 13\r\n\r\n" % key
        )
        while b"\r\n\r\n" not in tcp.received:
            if not await tcp.receive(5):
                await tcp.close()
                raise ConnectionError("no handshake")
        _, _, tcp.received = tcp.received.partition(b"\r\n\r\n")
        return cls(tcp)

    @property
    def is_closed(self) -> bool:
        """Whether the server has ended the connection."""
        return self._tcp.is_closed or self.has_said_goodbye

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        """Send a masked frame."""
        length = len(payload)
        if length < 126:
            head = bytes((0x80 | opcode, 0x80 | length))
        else:
            head = bytes((0x80 | opcode, 0x80 | 126)) + struct.pack(">H", length)
        mask = os.urandom(4)
        self._tcp.send(head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)))

    async def receive(self, seconds: float) -> bool:
        """Wait for more frames; False if none came in time, or none will."""
        count = len(self.frames)
        while await self._tcp.receive(seconds):
            self._cut()
            if len(self.frames) > count or self.has_said_goodbye:
                return True
        return False

    async def close(self, how: str = "fin") -> None:
        """End the connection: with a close frame, without a word, or with a reset."""
        if how == "frame":
            self.send(struct.pack(">H", 1000), CLOSE)
            while await self._tcp.receive(0.3):
                pass
        await self._tcp.close(how)

    def _cut(self) -> None:
        while (data := self._tcp.received) and len(data) >= 2:
            length, start = data[1] & 0x7F, 2
            if length >= 126:
                size = 2 if length == 126 else 8
                if len(data) < 2 + size:
                    return
                length, start = int.from_bytes(data[2 : 2 + size], "big"), 2 + size
            if len(data) < start + length:
                return
            opcode, payload = data[0] & 0x0F, data[start : start + length]
            self._tcp.received = data[start + length :]
            if opcode == TEXT:
                self.frames.append(payload.decode())
            elif opcode == PONG:
                self.frames.append("<pong>")
            elif opcode == CLOSE:
                self.has_said_goodbye = True
