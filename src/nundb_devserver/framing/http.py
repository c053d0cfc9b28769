"""HTTP as tiny_http 0.12 speaks it: requests out of bytes, and responses (protocol notes 1.2). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from nundb_devserver.numbers import parse_unsigned

HEAD_LIMIT: Final = 64 * 1024
"""Bytes of a request line and headers."""
TEXT_TYPE: Final = "Content-Type: text/plain; charset=UTF-8\r\n"

_CHUNKED_FROM: Final = 32_768
"""Bytes of an answer from which it goes out chunked (tiny_http: response.rs)."""
_CHUNK: Final = 8_192
_CHUNK_SIZE: Final = re.compile(rb"[0-9A-Fa-f]{1,8}")
_VERSIONS: Final = {"HTTP/1.0": "1.0", "HTTP/1.1": "1.1"}


class BadRequestError(Exception):
    """A head that is not HTTP; the status is what the client is told before the connection ends, if anything."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """A request without its body.

    `length` is None for a chunked body; names in `headers` are lower case; `is_last`: the connection ends after it.
    """

    method: str
    target: str
    version: str
    headers: Mapping[str, str]
    length: int | None
    wants_continue: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `owes_continue`: the client still waits for a 100 Continue, although its body is here."""

    head: Head
    body: bytes
    owes_continue: bool


@lru_cache(maxsize=256)
def parse_head(head: bytes) -> Head:
    """Read a request line and headers, without the empty line. A client sends the same ones again and again.

    Raises:
        BadRequestError: 400 for what is not HTTP, 417 for an expectation other than 100-continue, and no status for
            what is not ASCII, which tiny_http takes for a broken connection.
    """
    try:
        request_line, *lines = head.decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        raise BadRequestError(None) from None
    try:
        method, target, version_text = request_line.strip().split(" ")[:3]
        version = _VERSIONS[version_text]
    except (ValueError, KeyError):
        raise BadRequestError(400) from None
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.strip().partition(":")
        if not colon or " " in name:
            raise BadRequestError(400)
        headers.setdefault(name.lower(), value.strip())
    expectation = headers.get("expect", "").lower()
    if expectation not in ("", "100-continue"):
        raise BadRequestError(417)
    connection = headers.get("connection", "").lower()
    return Head(
        method,
        target,
        version,
        headers,
        None if "transfer-encoding" in headers else parse_unsigned(headers.get("content-length", ""), 64) or 0,
        bool(expectation),
        "close" in connection or "upgrade" in connection or (version == "1.0" and "keep-alive" not in connection),
    )


def chunked_body(data: bytearray, start: int) -> tuple[bytes, int] | None:
    """Return a chunked body and where it ends, or None if it is not complete.

    Raises:
        BadRequestError: 400, the size of a chunk is not a number.
    """
    parts = []
    position = start
    while (line_end := data.find(b"\r\n", position)) >= 0:
        size_text = bytes(data[position:line_end].split(b";")[0]).strip()
        if not _CHUNK_SIZE.fullmatch(size_text):
            raise BadRequestError(400)
        size = int(size_text, 16)
        position = line_end + 2
        if len(data) < position + size + 2:
            return None
        parts.append(bytes(data[position : position + size]))
        position += size + 2
        if size == 0:
            return b"".join(parts), position
    return None


def chunked(body: bytes) -> bytes:
    """Return a body in chunks, as tiny_http cuts it."""
    chunks = (body[start : start + _CHUNK] for start in range(0, len(body), _CHUNK))
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def response(status: int, body: bytes, second: int, head: Head | None = None, content_type: str = "") -> bytes:
    """Return a response, headers in tiny_http's order, as the request wants it.

    `second` is the node's time, in seconds since the epoch.
    """
    version, method = ("1.1", "") if head is None else (head.version, head.method)
    is_chunked = version == "1.1" and len(body) >= _CHUNKED_FROM
    length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    top = (
        f"HTTP/{version} {status} {HTTPStatus(status).phrase}\r\n"
        f"Server: tiny-http (Rust)\r\nDate: {_date(second)}\r\n{content_type}{length}\r\n\r\n"
    ).encode()
    if method == "HEAD":
        return top
    return top + (chunked(body) if is_chunked else body)


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


class Requests:
    """Cuts a stream of bytes into requests, each with a body of at most so many bytes.

    `wants_continue`: a client waits to be asked for its body.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._data = bytearray()
        self._head: Head | None = None
        self.wants_continue = False

    def receive_data(self, data: bytes) -> None:
        """Take bytes."""
        self._data += data

    def next(self) -> Request | None:
        """Return the next complete request, if there is one.

        Raises:
            BadRequestError: what came is not HTTP, or larger than the limits.
        """
        if self._head is None:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                if len(self._data) > HEAD_LIMIT:
                    raise BadRequestError(400)
                return None
            self._head = parse_head(bytes(self._data[:end]))
            del self._data[: end + 4]
            self.wants_continue = self._head.wants_continue
        body = self._take_body(self._head)
        if body is None:
            return None
        request = Request(self._head, body, self.wants_continue)
        self._head = None
        self.wants_continue = False
        return request

    def _take_body(self, head: Head) -> bytes | None:
        if max(len(self._data), head.length or 0) > self._limit:
            raise BadRequestError(400)
        if head.length is None:
            found = chunked_body(self._data, 0)
            if found is None:
                return None
            body, end = found
        elif len(self._data) < head.length:
            return None
        else:
            end = head.length
            body = bytes(self._data[:end])
        del self._data[:end]
        return body
