"""The HTTP listener: a body of commands, one slot each (http_ops.rs over tiny_http 0.12; protocol notes 1.2)."""

import re
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from nundb_devserver.connection import LINE_LIMIT, Connection
from nundb_devserver.lane import Lane, Work
from nundb_devserver.parse import Panic
from nundb_devserver.session import Failure, Later, Outcome, Session
from nundb_devserver.store import parse_unsigned

if TYPE_CHECKING:
    from nundb_devserver.process import Process

HEAD_LIMIT = 64 * 1024
CHUNKED_FROM = 32_768
"""Bytes of an answer from which it goes out chunked (tiny_http: response.rs)."""
CHUNK = 8_192

# What Rust's str::trim takes off: Python's strip() would also take four separators off (0x1C to 0x1F).
WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000"
)
EMPTY_SLOT = "empty"
TEXT_TYPE = "Content-Type: text/plain; charset=UTF-8\r\n"

REASONS = {
    100: "Continue",
    200: "OK",
    400: "Bad Request",
    417: "Expectation Failed",
    500: "Internal Server Error",
    505: "HTTP Version Not Supported",
}
VERSIONS = {"HTTP/0.9": "0.9", "HTTP/1.0": "1.0", "HTTP/1.1": "1.1", "HTTP/2.0": "2.0", "HTTP/3.0": "3.0"}
TOO_NEW = b"This server only supports HTTP versions 1.0 and 1.1"
TOO_NEW_VERSIONS = ("2.0", "3.0")

CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")
CODINGS = {"chunked": True, "identity": False}

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class BadRequestError(Exception):
    """A head that is not HTTP; the status is what the client is told before the connection ends, if anything."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


class Head(NamedTuple):
    """A request without its body.

    `length` is None for a chunked body; `wants_chunks` is None where the client does not say how it wants the answer;
    names in `headers` are lower case.
    """

    method: str
    target: str
    version: str
    headers: Mapping[str, str]
    length: int | None
    wants_continue: bool
    wants_chunks: bool | None
    is_last: bool


class Request(NamedTuple):
    """One request. `has_to_be_continued`: the client has not been asked for its body, although it wanted to be."""

    head: Head
    body: bytes
    has_to_be_continued: bool


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
        version = VERSIONS[version_text]
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
        _wants_chunks(headers.get("te", "")),
        "close" in connection or "upgrade" in connection or (version == "1.0" and "keep-alive" not in connection),
    )


def _wants_chunks(codings: str) -> bool | None:
    """Tell which of the two codings a TE header prefers (tiny_http: choose_transfer_encoding)."""
    wanted = []
    for element in codings.split(","):
        coding, *parameters = element.split(";")
        weight = 1.0
        for parameter in parameters:
            if parameter.lstrip().startswith("q="):
                with suppress(ValueError):
                    weight = float(parameter.lstrip()[2:])
                    break
        wanted.append((-weight, coding.strip().lower()))
    known = [coding for weight, coding in sorted(wanted, key=lambda one: one[0]) if weight < 0 and coding in CODINGS]
    return CODINGS[known[0]] if known else None


def chunked_body(data: bytearray, start: int) -> tuple[bytes, int] | None:
    """Return a chunked body and where it ends, or None if it is not complete.

    Raises:
        BadRequestError: 400, the size of a chunk is not a number.
    """
    parts = []
    position = start
    while (line_end := data.find(b"\r\n", position)) >= 0:
        size_text = bytes(data[position:line_end].split(b";")[0]).strip()
        if not CHUNK_SIZE.fullmatch(size_text):
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
    chunks = (body[start : start + CHUNK] for start in range(0, len(body), CHUNK))
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


class Date:
    """The value of the Date header, made once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._text = ""

    def text(self) -> str:
        """Return now, as `Mon, 23 Nov 2026 01:57:00 GMT`."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            now = time.gmtime(second)
            clock = time.strftime("%H:%M:%S", now)
            self._text = f"{DAYS[now.tm_wday]}, {now.tm_mday:02d} {MONTHS[now.tm_mon - 1]} {now.tm_year} {clock} GMT"
        return self._text


DATE = Date()


def response(status: int, body: bytes, head: Head | None = None, content_type: str = "") -> bytes:
    """Return a response, headers in tiny_http's order, as the request wants it."""
    version, wants_chunks, is_head = "1.1", None, False
    if head is not None:
        version, wants_chunks, is_head = head.version, head.wants_chunks, head.method == "HEAD"
    is_chunked = version == "1.1" and (len(body) >= CHUNKED_FROM if wants_chunks is None else wants_chunks)
    length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    top = (
        f"HTTP/{version} {status} {REASONS[status]}\r\n"
        f"Server: tiny-http (Rust)\r\nDate: {DATE.text()}\r\n{content_type}{length}\r\n\r\n"
    ).encode()
    if is_head:
        return top
    return top + (chunked(body) if is_chunked else body)


class Requests:
    """Cuts a stream of bytes into requests. `wants_continue`: a client waits to be asked for its body."""

    def __init__(self) -> None:
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
        if max(len(self._data), head.length or 0) > LINE_LIMIT:
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


class Exchange:
    """The commands of one request, their session, and the slots that they fill."""

    def __init__(self, process: "Process", body: str) -> None:
        self._process = process
        self._messages: deque[str] = deque()
        self._session = Session(self._messages.append, process.http_worker)
        self._pieces = deque(piece for piece in (part.strip(WHITE_SPACE) for part in body.split(";")) if piece)
        self._slots: list[str] = []

    def run(self) -> Later | None:
        """Run the commands; return the rest of one that takes its time, to be waited for before running on."""
        while self._pieces:
            outcome = self._process.execute(self._pieces.popleft(), self._session)
            if outcome is None or isinstance(outcome, Failure):
                self._fill(outcome)
            else:
                return outcome
        return None

    async def run_slowly(self, later: Later) -> None:
        """Wait for a command that takes its time, and run the others."""
        waiting: Later | None = later
        while waiting is not None:
            self._fill(await waiting)
            waiting = self.run()

    def end(self) -> str:
        """End the session and return the answer; messages that no slot took are lost."""
        self._process.execute("unwatch-all", self._session)
        self._process.left(self._session)
        return ";".join(self._slots)

    def die(self) -> None:
        """End without a trace: the original's worker thread is gone, and $connections keeps counting it."""
        self._process.forget(self._session)

    def _fill(self, outcome: Outcome) -> None:
        if outcome is not None:
            self._slots.append(outcome.message)
        else:
            # The oldest message, whichever command sent it: slots can shift (protocol notes 1.2).
            self._slots.append(self._messages.popleft() if self._messages else EMPTY_SLOT)


class HttpConnection(Connection):
    """One accepted connection, kept alive from request to request."""

    def __init__(self, process: "Process") -> None:
        super().__init__(process)
        self._requests = Requests()
        self._lane = Lane(self._handle, process.spawn)

    def data_received(self, data: bytes) -> None:
        """Answer the requests that have arrived."""
        self._requests.receive_data(data)
        try:
            while (request := self._requests.next()) is not None:
                self._lane.put((request,))
        except BadRequestError as error:
            self._lane.put((error,))
            return
        if self._requests.wants_continue:
            self._requests.wants_continue = False
            self.transport.write(response(100, b""))

    def _handle(self, request: Request | BadRequestError) -> Work | None:
        if self.transport.is_closing():
            return None
        if isinstance(request, BadRequestError):
            if request.status is not None:
                self.transport.write(response(request.status, b""))
            self.transport.close()
            return None
        if request.head.version in TOO_NEW_VERSIONS:
            self.transport.write(response(505, TOO_NEW, content_type=TEXT_TYPE))
            return None
        return self._run(request)

    def _run(self, request: Request) -> Work | None:
        if request.has_to_be_continued:
            self.transport.write(response(100, b""))
        try:
            exchange = Exchange(self.process, request.body.decode())
        except UnicodeDecodeError:
            self._answer(request, None)
            return None
        try:
            later = exchange.run()
        except (Panic, RecursionError):
            self._panic(request, exchange)
            return None
        if later is not None:
            return self._finish(request, exchange, later)
        self._answer(request, exchange.end())
        return None

    async def _finish(self, request: Request, exchange: Exchange, later: Later) -> None:
        try:
            await exchange.run_slowly(later)
        except (Panic, RecursionError):
            self._panic(request, exchange)
            return
        self._answer(request, exchange.end())

    def _panic(self, request: Request, exchange: Exchange) -> None:
        exchange.die()
        self._answer(request, None)
        self.process.panic(HttpConnection)

    def _answer(self, request: Request, text: str | None) -> None:
        head = request.head
        if self.transport.is_closing():
            return
        if text is None:
            self.transport.write(response(500, b"", head))
        else:
            self.transport.write(response(200, text.encode(), head, TEXT_TYPE))
        if head.is_last:
            self.transport.close()
