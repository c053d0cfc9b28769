"""Requests and responses, as handlers know them."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, TypeAlias

_NO_HEADERS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request; its body, if it had one, is forgotten."""

    method: str
    path: str
    """Without the query and with %-escapes resolved; `*` for `OPTIONS *`."""
    query: str = ""
    """What follows the first question mark, with its escapes."""
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    """By name in lower case; values of the same name are joined by commas (RFC 9110, section 5.3)."""
    version: str = "1.1"
    """`1.0` or `1.1`."""
    is_kept: bool = True
    """Whether the client lets the connection carry another request."""


@dataclass(frozen=True, slots=True)
class Response:
    """What a handler answers. Length, date and connection headers are the server's."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)

    @classmethod
    def of_text(cls, text: str, status: int = HTTPStatus.OK, headers: Mapping[str, str] = _NO_HEADERS) -> "Response":
        """Answer in plain text."""
        return cls(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8", **headers})

    @classmethod
    def of_status(cls, status: int, problem: str, headers: Mapping[str, str] = _NO_HEADERS) -> "Response":
        """Answer that a request is refused, and why, in a line of plain text."""
        return cls.of_text(f"{status} {HTTPStatus(status).phrase}: {problem}.\n", status, headers)


Handler: TypeAlias = Callable[[Request], Response | Coroutine[object, object, Response]]
"""Answers a request: at once, or with a coroutine that is cancelled if the client leaves."""
