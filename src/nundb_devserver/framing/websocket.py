"""WebSocket as ws-rs speaks it: the handshake, and frames out of bytes (protocol notes 1.3). Pure.

Written out because a node has to start at once, and a web framework takes longer to import than a node to start.
"""

import base64
import hashlib
from typing import Final

_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455 section 1.3."""

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA
"""Opcodes, RFC 6455 section 5.2."""
_OPCODES: Final = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_FINAL: Final = 0x80
_RESERVED: Final = 0x70
_MASKED: Final = 0x80
_KEY_LENGTH: Final = 4
_LENGTH_16: Final = 126
_LENGTH_64: Final = 127

CODE_LENGTH: Final = 2
"""Of a close code; what a close frame has beyond it is a reason."""
_PROTOCOL_ERROR: Final = (1002).to_bytes(2, "big")
"""Close codes, RFC 6455 section 7.4."""
_TOO_BIG: Final = (1009).to_bytes(2, "big")


REFUSAL: Final = b"HTTP/1.1 400 Bad Request\r\n\r\nWebSocket Protocol Error: Unable to parse WebSocket key."
"""What ws-rs answers to a head that is no opening handshake."""


class FrameError(Exception):
    """Bytes that are not a frame that a client may send; the close code tells which."""

    def __init__(self, code: bytes) -> None:
        super().__init__(code)
        self.code = code


def frame(opcode: int, payload: bytes) -> bytes:
    """Return one unmasked, final frame."""
    length = len(payload)
    if length < _LENGTH_16:
        head = bytes((_FINAL | opcode, length))
    elif length < 1 << 16:
        head = bytes((_FINAL | opcode, _LENGTH_16)) + length.to_bytes(2, "big")
    else:
        head = bytes((_FINAL | opcode, _LENGTH_64)) + length.to_bytes(8, "big")
    return head + payload


class Frames:
    """Cuts a stream of bytes into messages: (opcode, payload), fragments joined, of at most so many bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
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
                raise FrameError(_PROTOCOL_ERROR)
            self._fragmented = self._fragmented or opcode
            self._fragments += payload
            if len(self._fragments) > self._limit:
                raise FrameError(_TOO_BIG)
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
        if data[0] & _RESERVED or data[0] & 0x0F not in _OPCODES:
            raise FrameError(_PROTOCOL_ERROR)
        length, start = data[1] & 0x7F, 2
        if length >= _LENGTH_16:
            size = 2 if length == _LENGTH_16 else 8
            if len(data) < start + size:
                return None
            length, start = int.from_bytes(data[start : start + size], "big"), start + size
        if length > self._limit:
            raise FrameError(_TOO_BIG)
        # The original takes an unmasked frame from a client as well, although the standard forbids it.
        key_length = _KEY_LENGTH if data[1] & _MASKED else 0
        end = start + key_length + length
        if len(data) < end:
            return None
        payload = bytes(data[start + key_length : end])
        if key_length:
            payload = unmask(payload, bytes(data[start : start + key_length]))
        found = (bool(data[0] & _FINAL), data[0] & 0x0F, payload)
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
    accept = base64.b64encode(hashlib.sha1(key.encode() + _MAGIC, usedforsecurity=False).digest()).decode()
    return (
        "HTTP/1.1 101 Switching Protocols\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\nUpgrade: websocket\r\n\r\n"
    ).encode()
