"""What a client may take from the server: bytes, seconds and places."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a server; the defaults are fit for pages of a monitoring agent."""

    head_bytes: int = 16 * 1024
    """A request line with its headers. Browsers with many cookies send 8 KiB; Node.js has this limit too."""
    headers: int = 100
    """Headers of one request, as in Apache; browsers send about twenty."""
    body_bytes: int = 16 * 1024
    """A body, with the framing of its chunks. No page wants one: it is read so that the connection can go on, and
    forgotten. A longer one gets status 413."""
    request_seconds: float = 10.0
    """From the first byte of a request to its last, and from the opening of a connection to the end of its first
    request. A head is one packet; this leaves time for several lost ones."""
    idle_seconds: float = 310.0
    """Between two requests. Prometheus closes an idle connection after 300 seconds: if it is the one that closes, no
    scrape meets a connection that is closed at the same moment."""
    send_seconds: float = 30.0
    """For a client to read an answer: three times the default scrape timeout of Prometheus."""
    linger_seconds: float = 2.0
    """After the last answer, for the client to close first. Closing while its bytes arrive would send it a reset, and a
    reset can destroy an answer that it has not read (RFC 9112, section 9.6)."""
    connections: int = 512
    """Open at the same time; never more than half of the files that the process may open, because the handlers need
    some. Beyond them, silent connections are closed, and if there are none, new ones get status 503."""
    patience_seconds: float = 0.5
    """How long a connection may be silent before another one may take its place: a client sends its request at once,
    but a handshake of TLS takes several ways there and back."""
