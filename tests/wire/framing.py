"""HTTP responses and WebSocket frames as a server writes them, by hand."""

import base64
import hashlib
import struct


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
