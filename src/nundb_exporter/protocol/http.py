"""HTTP/1.1 as a client of one POST at a time needs it: a request out, one response in. Pure; RFC 9112.

Every server of Nun-db's HTTP port is tiny_http; a proxy before it may speak otherwise, so all of the framing is here:
lengths, chunks, a body until the close, interim responses, and limits for each.
"""

import re
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

from nundb_exporter import __version__
from nundb_exporter.errors import ProtocolError, TooLargeError

MAX_HEAD_BYTES: Final = 64 * 1024
_MAX_CHUNK_LINE_BYTES: Final = 4096
_MAX_FRAMING_BYTES: Final = 1024 * 1024
"""Limit for all heads, chunk lines and trailers together: each is small, but a server could send them endlessly."""
SWITCHING: Final = 101
"""A response like any other: what follows it is another protocol."""
INTERIM: Final = frozenset(range(100, 200)) - {SWITCHING}
_BODILESS: Final = INTERIM | {SWITCHING, 204, 304}
_HTTP: Final = b"HTTP/1."
_TLS_ALERT: Final = b"\x15\x03"
"""What a TLS server says to plain text."""
USER_AGENT: Final = f"nundb-exporter/{__version__}"
"""How every request names itself."""
_HEXADECIMAL: Final = re.compile(rb"[0-9A-Fa-f]+")


def request(host: str, path: str, body: bytes) -> bytes:
    """Return the bytes of one POST; `host` as it belongs into the header Host."""
    head = (
        f"POST {path} HTTP/1.1\r\n"
        f"Host: {host}\r\n"
        f"User-Agent: {USER_AGENT}\r\n"
        "Content-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


class Response(NamedTuple):
    """One whole response."""

    status: int
    body: bytes | bytearray
    is_reusable: bool
    """Whether the connection may carry another request."""
    location: str = ""
    """Where a redirect points to."""
    date: str = ""
    """When it was written, by the server's clock."""

    def __repr__(self) -> str:
        """Return its status and length: a body may hold stored values."""
        return f"<response {self.status} of {len(self.body)} bytes>"


class _State(Enum):
    HEAD = "head"
    LENGTH = "body of known length"
    CHUNK_LINE = "chunk size"
    CHUNK = "chunk"
    CHUNK_END = "end of a chunk"
    TRAILER = "trailer"
    UNTIL_CLOSE = "body until the close"
    DONE = "done"


class ResponseDecoder:
    """Collect the bytes of one response.

    `limit` bounds the body; what a server sends beyond it is never held.
    """

    __slots__ = (
        "_body",
        "_buffer",
        "_date",
        "_framing",
        "_is_reusable",
        "_limit",
        "_location",
        "_needed",
        "_position",
        "_state",
        "_status",
        "is_untouched",
    )

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._state = _State.HEAD
        self.is_untouched = True
        """Whether not one byte has come: then the request may be sent again on another connection."""
        self._buffer = b""
        self._position = 0
        self._framing = 0
        self._body = bytearray()
        self._needed = 0
        self._status = 0
        self._is_reusable = False
        self._location = ""
        self._date = ""

    def receive_data(self, data: bytes) -> Response | None:
        """Return the response when `data` completes it.

        Raises:
            ProtocolError: not HTTP, beyond a limit, or more bytes than the response.
        """
        self.is_untouched = self.is_untouched and not data
        # The buffer is cut once for each arrival, not at each step: a body of tiny chunks would be copied for each.
        rest = self._buffer[self._position :]
        self._buffer = rest + data if rest else data
        self._position = 0
        while self._advance():
            pass
        if self._state is not _State.DONE:
            return None
        if self._position < len(self._buffer):
            raise ProtocolError("HTTP: bytes after the end of the response")
        return Response(self._status, self._body, self._is_reusable, self._location, self._date)

    def receive_eof(self) -> Response:
        """Return the response that the close completes.

        Raises:
            ProtocolError: the close came too early.
        """
        if self._state is not _State.UNTIL_CLOSE:
            raise ProtocolError("HTTP: the connection was closed before the response was complete")
        return Response(self._status, self._body, is_reusable=False, location=self._location, date=self._date)

    def _advance(self) -> bool:
        """Do one step with what is in the buffer; false when it takes more bytes."""
        match self._state:
            case _State.HEAD:
                return self._read_head()
            case _State.LENGTH | _State.CHUNK:
                return self._read_body()
            case _State.CHUNK_LINE:
                return self._read_chunk_line()
            case _State.CHUNK_END:
                return self._read_chunk_end()
            case _State.TRAILER:
                return self._read_trailer()
            case _State.UNTIL_CLOSE:
                self._check_size(len(self._body) + len(self._buffer) - self._position)
                self._body += self._buffer[self._position :]
                self._position = len(self._buffer)
        return False

    def _check_size(self, size: int) -> None:
        if size > self._limit:
            raise TooLargeError(f"HTTP: the body is longer than {self._limit} bytes")

    def _take(self, end: bytes, limit: int, what: str) -> bytes | None:
        """Take what stands before `end`, and `end` too; None while it has not come."""
        position = self._buffer.find(end, self._position)
        size = (position if position >= 0 else len(self._buffer) - len(end) + 1) - self._position
        if size > limit:
            raise ProtocolError(f"HTTP: {what} is longer than {limit} bytes")
        if position < 0:
            return None
        taken = self._buffer[self._position : position]
        self._position = position + len(end)
        self._framing += len(taken) + len(end)
        if self._framing > _MAX_FRAMING_BYTES:
            raise ProtocolError(f"HTTP: more than {_MAX_FRAMING_BYTES} bytes of framing")
        return taken

    def _read_head(self) -> bool:
        head = self._take(b"\r\n\r\n", MAX_HEAD_BYTES, "the head")
        if head is None:
            check_beginning(self._buffer[self._position :][: len(_HTTP)])
            return False
        parsed = parse_head(head)
        if parsed.status in INTERIM:
            return True
        self._status, self._is_reusable, self._state = parsed.status, parsed.is_reusable, parsed.framing
        self._location, self._date = parsed.location, parsed.date
        # Compared as text first: a number of a million digits would cost more than the body it announces.
        if len(parsed.length) > len(str(self._limit)) or int(parsed.length) > self._limit:
            raise TooLargeError(f"HTTP: the body is longer than {self._limit} bytes")
        self._needed = int(parsed.length)
        return True

    def _read_body(self) -> bool:
        """Move up to `_needed` bytes into the body."""
        data = self._buffer[self._position : self._position + self._needed]
        self._body += data
        self._position += len(data)
        self._needed -= len(data)
        if self._needed:
            return False
        self._state = _State.DONE if self._state is _State.LENGTH else _State.CHUNK_END
        return True

    def _read_chunk_line(self) -> bool:
        line = self._take(b"\r\n", _MAX_CHUNK_LINE_BYTES, "the line before a chunk")
        if line is None:
            return False
        digits = line.partition(b";")[0].strip()
        if not _HEXADECIMAL.fullmatch(digits):
            raise ProtocolError("HTTP: a chunk's size is not a number")
        self._needed = int(digits, 16)
        self._check_size(len(self._body) + self._needed)
        self._state = _State.CHUNK if self._needed else _State.TRAILER
        return True

    def _read_chunk_end(self) -> bool:
        line = self._take(b"\r\n", 0, "what follows a chunk")
        if line is None:
            return False
        self._state = _State.CHUNK_LINE
        return True

    def _read_trailer(self) -> bool:
        line = self._take(b"\r\n", _MAX_CHUNK_LINE_BYTES, "the trailer")
        if line == b"":
            self._state = _State.DONE
        return line is not None


def check_beginning(received: bytes) -> None:
    """Refuse what cannot become HTTP at once, not at the deadline.

    Raises:
        ProtocolError: it begins otherwise.
    """
    if received.startswith(_TLS_ALERT):
        raise ProtocolError("the other end speaks TLS: use https or wss")
    if not _HTTP.startswith(received[: len(_HTTP)]):
        raise ProtocolError("HTTP: what answers there does not speak HTTP/1: check the scheme and the port")


class Head(NamedTuple):
    """The head of a response."""

    status: int
    is_reusable: bool
    framing: _State
    length: bytes
    headers: Mapping[bytes, bytes]
    """By their names in lower case; of several with one name the last."""

    @property
    def location(self) -> str:
        """Where a redirect points to; empty if it does not say."""
        return self.headers.get(b"location", b"").decode("latin-1")

    @property
    def date(self) -> str:
        """When it was written, by the server's clock; empty if it does not say."""
        return self.headers.get(b"date", b"").decode("latin-1")


# A server's heads differ in their date alone: within a second most are the same bytes.
@lru_cache(maxsize=16)
def parse_head(head: bytes) -> Head:
    """Read a head, without the empty line that ends it.

    Raises:
        ProtocolError: not the head of an HTTP response.
    """
    status_line, *lines = head.split(b"\r\n")
    version, _, rest = status_line.partition(b" ")
    digits = rest.partition(b" ")[0]
    if version not in {b"HTTP/1.1", b"HTTP/1.0"} or not digits.isdigit() or len(digits) != len("200"):
        raise ProtocolError("HTTP: the answer does not begin with a status line")
    status = int(digits)
    pairs = [_header(line) for line in lines]
    headers = dict(pairs)
    if len({value for name, value in pairs if name == b"content-length"}) > 1:
        raise ProtocolError("HTTP: two values of Content-Length")
    connection = headers.get(b"connection", b"").lower()
    is_kept = b"close" not in connection and (version == b"HTTP/1.1" or b"keep-alive" in connection)
    is_reusable = is_kept and status != SWITCHING
    encoding = headers.get(b"transfer-encoding", b"").lower()
    length = headers.get(b"content-length")
    if status in _BODILESS:
        return Head(status, is_reusable, _State.DONE, b"0", headers)
    if encoding == b"chunked":
        return Head(status, is_reusable, _State.CHUNK_LINE, b"0", headers)
    if encoding:
        raise ProtocolError("HTTP: a transfer encoding other than chunked")
    if length is None:
        return Head(status, False, _State.UNTIL_CLOSE, b"0", headers)
    if not length.isdigit():
        raise ProtocolError("HTTP: Content-Length is not a number")
    return Head(status, is_reusable, _State.LENGTH, length, headers)


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, separator, value = line.partition(b":")
    if not separator:
        raise ProtocolError("HTTP: a header has no colon")
    return name.lower(), value.strip()
