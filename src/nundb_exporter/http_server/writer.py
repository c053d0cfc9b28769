"""A response as bytes (RFC 9112)."""

import time
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from nundb_exporter.http_server.messages import Request, Response

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
"""They have neither a body nor a length (RFC 9110, section 8.6)."""


def header_lines(headers: Mapping[str, str]) -> bytes:
    """Return headers as bytes.

    Raises:
        ValueError: a name or value would end its line.
    """
    return _header_lines(tuple(headers.items()))


# Most responses have the same headers.
@lru_cache(maxsize=32)
def _header_lines(headers: tuple[tuple[str, str], ...]) -> bytes:
    text = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if text.count("\n") != len(headers) or text.count("\r") != len(headers) or "\0" in text:
        raise ValueError("a header holds the end of a line")
    return text.encode("latin-1")


def response_bytes(response: Response, request: Request | None, own: bytes, *, is_kept: bool) -> bytes:
    """Return a response as bytes; no request stands for one that could not be read.

    `own` are the lines of headers that all responses of the server have; `is_kept` is whether the connection goes on.

    Raises:
        ValueError: a header would end its line.
    """
    lines = [_status_line(response.status), _date(int(time.time())), own, header_lines(response.headers)]
    if response.status not in _BODILESS:
        lines.append(b"Content-Length: %d\r\n" % len(response.body))
    if not is_kept:
        lines.append(b"Connection: close\r\n")
    elif request is not None and request.version == "1.0":
        lines.append(b"Connection: keep-alive\r\n")
    lines.append(b"\r\n")
    if response.status not in _BODILESS and (request is None or request.method != "HEAD"):
        lines.append(response.body)
    return b"".join(lines)


@lru_cache(maxsize=32)
def _status_line(status: int) -> bytes:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode("ascii")


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    """Return the Date header of a second (RFC 9110, section 5.6.7); asctime is English whatever the locale."""
    weekday, month, day, clock, year = time.asctime(time.gmtime(second)).split()
    return f"Date: {weekday}, {int(day):02d} {month} {year} {clock} GMT\r\n".encode("ascii")
