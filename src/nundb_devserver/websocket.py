"""The WebSocket listener: commands in text frames, a frame for each message (ws_ops.rs over ws-rs; protocol notes 1.3).

Written out because one node has to start at once, and a web framework takes longer to import than a node to start.
"""

import asyncio
import base64
import hashlib
from typing import TYPE_CHECKING

from nundb_devserver.connection import LINE_LIMIT, Conversation
from nundb_devserver.http import HEAD_LIMIT
from nundb_devserver.lane import Lane, Work
from nundb_devserver.session import Outcome, Session

if TYPE_CHECKING:
    from nundb_devserver.process import Process

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455 section 1.3."""

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
"""Opcodes, RFC 6455 section 5.2."""
OPCODES = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
FINAL = 0x80
RESERVED = 0x70
MASKED = 0x80
KEY_LENGTH = 4
LENGTH_16 = 126
LENGTH_64 = 127

CODE_LENGTH = 2
"""Of a close code; what a close frame has beyond it is a reason."""
PROTOCOL_ERROR = (1002).to_bytes(2, "big")
"""Close codes, RFC 6455 section 7.4."""
TOO_BIG = (1009).to_bytes(2, "big")


REFUSAL = b"HTTP/1.1 400 Bad Request\r\n\r\nWebSocket Protocol Error: Unable to parse WebSocket key."
"""What ws-rs answers to a head that is no opening handshake."""


class FrameError(Exception):
    """Bytes that are not a frame that a client may send; the close code tells which."""

    def __init__(self, code: bytes) -> None:
        super().__init__(code)
        self.code = code


def frame(opcode: int, payload: bytes) -> bytes:
    """Return one unmasked, final frame."""
    length = len(payload)
    if length < LENGTH_16:
        head = bytes((FINAL | opcode, length))
    elif length < 1 << 16:
        head = bytes((FINAL | opcode, LENGTH_16)) + length.to_bytes(2, "big")
    else:
        head = bytes((FINAL | opcode, LENGTH_64)) + length.to_bytes(8, "big")
    return head + payload


class Frames:
    """Cuts a stream of bytes into messages: (opcode, payload), fragments joined."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._fragments = bytearray()
        self._fragmented = 0

    def receive_data(self, data: bytes) -> None:
        """Take bytes."""
        self._data += data

    def next(self) -> tuple[int, bytes] | None:
        """Return the next complete message or control frame, if there is one.

        Raises:
            FrameError: it is reserved, out of order or too large.
        """
        while (found := self._next_frame()) is not None:
            is_final, opcode, payload = found
            if opcode >= CLOSE:
                return opcode, payload
            if (opcode == CONTINUATION) != bool(self._fragmented):
                raise FrameError(PROTOCOL_ERROR)
            self._fragmented = self._fragmented or opcode
            self._fragments += payload
            if len(self._fragments) > LINE_LIMIT:
                raise FrameError(TOO_BIG)
            if is_final:
                message = (self._fragmented, bytes(self._fragments))
                self._fragmented = 0
                self._fragments.clear()
                return message
        return None

    def _next_frame(self) -> tuple[bool, int, bytes] | None:
        data = self._data
        if len(data) < 2:  # noqa: PLR2004 - the two bytes that every frame has
            return None
        if data[0] & RESERVED or data[0] & 0x0F not in OPCODES:
            raise FrameError(PROTOCOL_ERROR)
        length, start = data[1] & 0x7F, 2
        if length >= LENGTH_16:
            size = 2 if length == LENGTH_16 else 8
            if len(data) < start + size:
                return None
            length, start = int.from_bytes(data[start : start + size], "big"), start + size
        if length > LINE_LIMIT:
            raise FrameError(TOO_BIG)
        # The original takes an unmasked frame from a client as well, although the standard forbids it.
        key_length = KEY_LENGTH if data[1] & MASKED else 0
        end = start + key_length + length
        if len(data) < end:
            return None
        payload = bytes(data[start + key_length : end])
        if key_length:
            payload = unmask(payload, bytes(data[start : start + key_length]))
        found = (bool(data[0] & FINAL), data[0] & 0x0F, payload)
        del data[:end]
        return found


def unmask(payload: bytes, key: bytes) -> bytes:
    """Return a payload without its mask (RFC 6455 section 5.3), all bytes at once."""
    mask = (key * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(len(payload), "big")


def handshake(head: bytes) -> bytes | None:
    """Return the answer to an opening handshake, or None if the head is not one: the original wants only the key."""
    lines = head.decode("latin-1").split("\r\n")[1:]
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    key = headers.get("sec-websocket-key")
    if key is None:
        return None
    accept = base64.b64encode(hashlib.sha1(key.encode() + MAGIC, usedforsecurity=False).digest()).decode()
    return (
        "HTTP/1.1 101 Switching Protocols\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\nUpgrade: websocket\r\n\r\n"
    ).encode()


class WebSocketConnection(Conversation):
    """One accepted connection, before and after its handshake."""

    def __init__(self, process: "Process") -> None:
        super().__init__(process)
        self._head = bytearray()
        self._is_open = False
        self._frames = Frames()
        self.session = Session(self._send, process.websocket_worker)
        self._lane = Lane(self._handle, process.spawn)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Log the client, as the library of the original does."""
        super().connection_made(transport)
        host, port = self.transport.get_extra_info("peername")[:2]
        self.process.log.write("ws::io", f"Accepted a new tcp connection from {host}:{port}.")

    def data_received(self, data: bytes) -> None:
        """Run the commands that have arrived."""
        if self._is_open:
            self._frames.receive_data(data)
        elif not self._open(data):
            return
        try:
            while (message := self._frames.next()) is not None:
                self._take(*message)
        except FrameError as error:
            self._close(error.code)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session, whether the client said good-bye or not."""
        super().connection_lost(exc)
        if self._is_open and not self.is_dead:
            self._lane.put((None,))

    def _open(self, data: bytes) -> bool:
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            if len(self._head) > HEAD_LIMIT:
                self.transport.abort()
            return False
        answer = handshake(bytes(self._head[:end]))
        if answer is None:
            self.transport.write(REFUSAL)
            self.transport.close()
            return False
        self.transport.write(answer)
        self._is_open = True
        self._frames.receive_data(bytes(self._head[end + 4 :]))
        self._head.clear()
        return True

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == CLOSE:
            self._close(payload[:CODE_LENGTH] if len(payload) >= CODE_LENGTH else b"")
        elif opcode == PING:
            self.transport.write(frame(PONG, payload))
        elif opcode in (TEXT, BINARY):
            try:
                text = payload.decode()
            except UnicodeDecodeError:
                # The original's event loop dies here, and the listener with it (ws_ops.rs: on_message).
                self.panic()
                return
            self._lane.put(text.split(";"))

    def _handle(self, piece: str | None) -> Work | None:
        if piece is None:
            self.process.execute("unwatch-all", self.session)
            self.process.left(self.session)
            return None
        work = self.run(piece)
        # The original's replication thread is mostly quicker than the next command of a frame.
        self.process.turn()
        return work

    def reply(self, outcome: Outcome) -> None:
        """Send the frame that ends the answer to a command."""
        self._send("ok \n" if outcome is None else f"error {outcome.message} \n")

    def _send(self, message: str) -> None:
        if not self.transport.is_closing():
            self.transport.write(frame(TEXT, message.encode()))

    def _close(self, code: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(frame(CLOSE, code))
            self.transport.close()

    def panic(self) -> None:
        """Close at once; the listener may be gone as well."""
        self._lane.clear()
        self.process.forget(self.session)
        self.die()
        self.process.panic(WebSocketConnection)
