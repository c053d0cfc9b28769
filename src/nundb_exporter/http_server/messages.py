"""Requests and responses, as handlers know them."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final, NamedTuple, TypeAlias

_NO_HEADERS: Final[Mapping[str, str]] = {}


class Request(NamedTuple):
    """A whole request; its body, if it had one, is forgotten."""

    method: str
    path: str
    """Without the query and with %-escapes resolved; `*` for `OPTIONS *`."""
    query: str = ""
    """What follows the first question mark, with its escapes."""
    headers: Mapping[str, str] = _NO_HEADERS
    """By name in lower case; values of the same name are joined by commas (RFC 9110, section 5.3)."""
    version: str = "1.1"
    """`1.0` or `1.1`."""
    is_kept: bool = True
    """Whether the client lets the connection carry another request."""


class Response(NamedTuple):
    """What a handler answers. Length, date and connection headers are the server's."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = _NO_HEADERS

    def __repr__(self) -> str:
        """Return its status and length: a body may hold what is nobody's business."""
        return f"<response {self.status} of {len(self.body)} bytes>"

    @classmethod
    def of_text(cls, text: str, status: int = HTTPStatus.OK, headers: Mapping[str, str] = _NO_HEADERS) -> "Response":
        """Answer in plain text."""
        return cls(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8", **headers})

    @classmethod
    def of_status(cls, status: int, problem: str, headers: Mapping[str, str] = _NO_HEADERS) -> "Response":
        """Answer that a request is refused, and why, in a line of plain text."""
        return cls.of_text(f"{status} {HTTPStatus(status).phrase}: {problem}.\n", status, headers)


Answer: TypeAlias = Response | Awaitable[Response]
"""At once, or by a coroutine or a future that is cancelled if the client leaves."""
Handler: TypeAlias = Callable[[Request], Answer]
"""Answers a request."""
