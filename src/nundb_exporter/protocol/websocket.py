"""The opening handshake of a WebSocket as a client needs it (RFC 6455, section 4). Pure.

Not left to a library, because what answers may be no WebSocket at all: a proxy's page in HTTP/1.0, or another protocol.
"""

import base64
import hashlib
from typing import Final, NamedTuple

from nundb_exporter.errors import ProtocolError
from nundb_exporter.protocol.http import INTERIM, MAX_HEAD_BYTES, SWITCHING, USER_AGENT, check_beginning, parse_head

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""The RFC's own constant."""
_END: Final = b"\r\n\r\n"


def handshake_request(host: str, path: str, key: bytes) -> bytes:
    """Return the request; `host` as it belongs into the header Host, `key` 16 random bytes."""
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        f"User-Agent: {USER_AGENT}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(key).decode()}",
        "Sec-WebSocket-Version: 13",
        "\r\n",
    )
    return "\r\n".join(lines).encode("ascii")


class Answer(NamedTuple):
    """The answer to a handshake."""

    status: int
    """SWITCHING if the handshake is accepted."""
    location: str
    rest: bytes
    """What came after it: the first frames."""


def read_handshake(received: bytes, key: bytes) -> Answer | None:
    """Return the answer, or None while it is not complete.

    Raises:
        ProtocolError: not HTTP, beyond a limit, or an acceptance that is not one.
    """
    check_beginning(received)
    rest = received
    while True:
        head, end, rest = rest.partition(_END)
        if len(received) - len(rest) > MAX_HEAD_BYTES + len(_END):
            raise ProtocolError(f"HTTP: the head is longer than {MAX_HEAD_BYTES} bytes")
        if not end:
            return None
        parsed = parse_head(head)
        if parsed.status not in INTERIM:
            break  # what comes before it, such as 103 (Early Hints), is no answer yet
    if parsed.status == SWITCHING:
        digest = hashlib.sha1(base64.b64encode(key) + _GUID, usedforsecurity=False).digest()
        if parsed.headers.get(b"sec-websocket-accept") != base64.b64encode(digest):
            raise ProtocolError("WebSocket: the answer to the handshake does not accept it")
    return Answer(parsed.status, parsed.location, rest)
