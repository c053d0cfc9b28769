"""Bytes in, requests out: llhttp, the parser of Node.js, with limits. Pure: it knows no socket and no clock.

RFC 9112 is the standard; llhttp refuses what request smuggling needs (two lengths, folded or bare lines, NUL).
"""

import re
from enum import Enum
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

import httptools

from nundb_exporter.http_server.limits import Limits
from nundb_exporter.http_server.messages import Request

_BEGINNING: Final = re.compile(rb"[\r\n]*(?:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}(?: |\Z)|\Z)")
"""A request may begin so: empty lines (RFC 9112, section 2.2), a method, a space."""
_HEAD_END: Final = re.compile(rb"\n\r?\n")
"""The end of a head; without CR too, so that the head of a client that sends bare LF is refused and not waited for."""
_VERSION: Final = re.compile(rb"HTTP/[0-9](?:\.[0-9])?")
_VERSIONS: Final = {b"HTTP/1.0": "1.0", b"HTTP/1.1": "1.1"}
_HOST: Final = re.compile(r"[^\s/?#@]*")
"""What a Host header may hold, loosely; two headers, joined by a comma and a space, are refused too."""
_MAX_KEPT_BYTES: Final = 1024
"""Of a head whose meaning is kept; those of Prometheus have 300. Longer ones could fill the memory."""
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


class RefusedError(Exception):
    """A request that is answered with an error; the connection ends, because its next bytes could mean anything."""

    def __init__(self, status: HTTPStatus, problem: str) -> None:
        super().__init__(status, problem)
        self.status = status
        self.problem = problem


class _Part(Enum):
    HEAD = "head"
    LENGTH = "body of known length"
    CHUNKS = "body in chunks"


class RequestParser:
    """Turn the bytes of a connection into requests.

    Call `receive` with what arrives, then `next_request` until it returns None. Bytes of later requests are kept as
    they are until the caller asks for them, so that a client that sends many at once makes no work before its turn.

    Most clients of a connection send the same bytes each time: those of the last request are not read again.
    """

    __slots__ = (
        "_buffer",
        "_count",
        "_head",
        "_headers",
        "_is_complete",
        "_is_kept",
        "_last",
        "_last_head",
        "_left",
        "_limits",
        "_llhttp",
        "_part",
        "_scanned",
        "_url",
        "_waits",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._llhttp = httptools.HttpRequestParser(self)
        self._buffer = bytearray()
        self._scanned = 0
        """How many bytes of the buffer are known to hold no end of a head."""
        self._last_head = b""
        """A request without a body, and without credentials, which are not kept."""
        self._last: Request | None = None
        """What it means."""
        self._begin()

    def _begin(self) -> None:
        self._part = _Part.HEAD
        self._is_complete = False
        self._waits = False
        self._left = 0
        """How much of a body may still come: of known length exactly this, of chunks at most this."""
        self._url = b""
        self._head: Request | None = None
        self._headers: dict[str, str] = {}
        self._count = 0
        self._is_kept = False

    @property
    def held(self) -> int:
        """How many bytes are kept."""
        return len(self._buffer)

    @property
    def is_within_request(self) -> bool:
        """Whether a request has begun and not ended."""
        return bool(self._buffer) or self._head is not None

    def receive(self, data: bytes) -> None:
        """Keep what has arrived."""
        self._buffer += data

    def next_request(self) -> Request | None:
        """Return the next request that is complete; None until more bytes arrive.

        Raises:
            RefusedError: it is not HTTP, not spoken here, or beyond a limit. The parser is of no more use.
        """
        if self._buffer == self._last_head and self._part is _Part.HEAD:
            self._buffer.clear()
            self._scanned = 0
            return self._last
        while self._advance():
            if self._is_complete and self._head is not None:
                request = self._head
                self._begin()
                return request
        return None

    def _advance(self) -> bool:
        """Read one more piece; false when it has not arrived."""
        is_head = self._part is _Part.HEAD
        piece = self._take_head() if is_head else self._take_body()
        if not piece:
            return False
        if is_head:
            self._read_head(piece)
        else:
            self._feed(piece)
        return True

    def take_expectation(self) -> bool:
        """Tell once whether the client waits for a word before it sends its body (`Expect: 100-continue`)."""
        waits, self._waits = self._waits, False
        return waits

    def _take_head(self) -> bytes:
        """Take a whole head from the buffer, or nothing."""
        if not self._buffer:
            return b""
        if not _BEGINNING.match(self._buffer):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "this is not an HTTP request")
        limit = self._limits.head_bytes
        found = _HEAD_END.search(self._buffer, self._scanned, limit)
        if found:
            return self._take(found.end())
        if len(self._buffer) >= limit:
            raise RefusedError(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"request line and headers are longer than {limit} bytes"
            )
        self._scanned = max(len(self._buffer) - 2, 0)  # a part of an end may have come
        return b""

    def _take_body(self) -> bytes:
        """Take what surely belongs to this body: the bytes of a known length, or a line of chunks."""
        size = self._left
        if self._part is _Part.CHUNKS:
            if not self._left:
                raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too long")
            size = min(self._buffer.find(b"\n") + 1 or size, size)
        piece = self._take(size)
        self._left -= len(piece)
        self._waits = self._waits and not piece
        return piece

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._scanned = 0
        return taken

    def _feed(self, piece: bytes) -> None:
        try:
            self._llhttp.feed_data(piece)
        except httptools.HttpParserUpgrade:
            pass  # a client that offers another protocol is answered in this one (RFC 9110, section 7.8)
        except httptools.HttpParserInvalidMethodError:
            raise RefusedError(HTTPStatus.NOT_IMPLEMENTED, "the method is unknown") from None
        except httptools.HttpParserError as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"malformed request ({error})") from None

    def _read_head(self, head: bytes) -> None:
        try:
            self._feed(head)
        except RefusedError as refusal:
            if refusal.status is HTTPStatus.BAD_REQUEST:
                self._check_spoken(head)
            raise
        if not self._url:
            return  # empty lines
        version = self._check_spoken(head)
        self._check_headers(version)
        method = self._llhttp.get_method().decode("ascii")
        if method == "CONNECT":
            raise RefusedError(HTTPStatus.NOT_IMPLEMENTED, "this is not a proxy")
        path, query = _split_target(self._url)
        self._head = Request(method, path, query, self._headers, version, self._is_kept)
        if not self._is_complete:
            self._expect_body(version)
        elif len(head) <= _MAX_KEPT_BYTES and "authorization" not in self._headers:
            self._last_head, self._last = head, self._head

    def _check_spoken(self, head: bytes) -> str:
        """Return the version; refuse what may be right elsewhere, other versions and transfer codings."""
        line = head.lstrip(b"\r\n").partition(b"\r\n")[0]
        token = line.rpartition(b" ")[2]
        if token not in _VERSIONS and _VERSION.fullmatch(token):
            raise RefusedError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.0 and HTTP/1.1 are spoken here")
        if token not in _VERSIONS:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "malformed request line")
        if self._headers.get("transfer-encoding", "chunked").lower() != "chunked":
            raise RefusedError(HTTPStatus.NOT_IMPLEMENTED, "no transfer coding but chunked is known")
        return _VERSIONS[token]

    def _check_headers(self, version: str) -> None:
        headers = self._headers
        if self._count > self._limits.headers:
            raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"more than {self._limits.headers} headers")
        if (version == "1.1" and "host" not in headers) or not _HOST.fullmatch(headers.get("host", "")):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "one valid Host header is needed")
        if version == "1.0" and "transfer-encoding" in headers:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "HTTP/1.0 has no transfer codings")
        if version == "1.1" and headers.get("expect", "100-continue").lower() != "100-continue":
            raise RefusedError(HTTPStatus.EXPECTATION_FAILED, "no expectation but 100-continue is known")

    def _expect_body(self, version: str) -> None:
        limit = self._limits.body_bytes
        self._part = _Part.LENGTH if "content-length" in self._headers else _Part.CHUNKS
        self._left = int(self._headers.get("content-length", limit))
        if self._left > limit:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is longer than {limit} bytes")
        self._waits = version == "1.1" and "expect" in self._headers

    def end(self) -> None:
        """Forget llhttp, which knows this parser: only the garbage collector, which runs seldom, would free the two."""
        del self._llhttp

    # What llhttp calls.

    def on_url(self, url: bytes) -> None:
        """Keep the target of the request."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; those that follow the last chunk are forgotten with it."""
        if self._part is not _Part.HEAD:
            return
        self._count += 1
        key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        """Note whether the connection may go on: llhttp forgets it with the end of the request."""
        self._is_kept = self._llhttp.should_keep_alive()

    def on_message_complete(self) -> None:
        """Note the end of the request."""
        self._is_complete = True


def _split_target(url: bytes) -> tuple[str, str]:
    """Return path and query of a request target in any of its forms (RFC 9112, section 3.2)."""
    if url[:1] == b"/" or url == b"*":
        path, _, query = url.decode("latin-1").partition("#")[0].partition("?")
    else:
        try:
            parts = httptools.parse_url(url)
        except httptools.HttpParserInvalidURLError:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "malformed request target") from None
        path, query = (parts.path or b"/").decode("latin-1"), (parts.query or b"").decode("latin-1")
    if "%" in path:
        if _BAD_ESCAPE.search(path):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "malformed escape in the path")
        path = unquote(path, errors="replace")
    return path, query
