"""The opening handshake of a WebSocket: the library websockets judges our request, and we read its answer."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.http11 import Request
from websockets.server import ServerProtocol

from nundb_exporter import __version__
from nundb_exporter.errors import ProtocolError
from nundb_exporter.protocol.http import MAX_HEAD_BYTES, SWITCHING
from nundb_exporter.protocol.websocket import Answer, handshake_request, read_handshake

KEYS = st.binary(min_size=16, max_size=16)
KEY = b"0123456789abcdef"


def accepted(key: bytes) -> tuple[Request, bytes]:
    """Return our request as the referee reads it, and the bytes of its answer."""
    referee = ServerProtocol()
    referee.receive_data(handshake_request("nun-db:3012", "/nun/db", key))
    (request,) = referee.events_received()
    assert isinstance(request, Request)
    referee.send_response(referee.accept(request))
    return request, b"".join(referee.data_to_send())


@given(key=KEYS)
def test_a_server_that_we_did_not_write_accepts_our_handshake(key: bytes) -> None:
    """And we accept its answer, whatever the key."""
    request, answer = accepted(key)
    assert request.path == "/nun/db"
    assert request.headers["Host"] == "nun-db:3012"
    assert request.headers["User-Agent"] == f"nundb-exporter/{__version__}"
    assert base64.b64decode(request.headers["Sec-WebSocket-Key"]) == key
    assert read_handshake(answer + b"\x81\x00", key) == Answer(SWITCHING, "", b"\x81\x00")


def test_the_answer_is_read_when_it_is_complete() -> None:
    """Not a byte earlier."""
    _, answer = accepted(KEY)
    assert all(read_handshake(answer[:length], KEY) is None for length in range(len(answer)))
    assert read_handshake(answer, KEY) == Answer(SWITCHING, "", b"")


def test_an_answer_to_another_key_is_refused() -> None:
    """A cache may have kept it for somebody else."""
    _, answer = accepted(KEY)
    with pytest.raises(ProtocolError, match="does not accept it"):
        read_handshake(answer, b"another key of 16")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_another_status_is_told_without_its_body(version: str) -> None:
    """A proxy's page may come without a length, and without an end."""
    head = f"HTTP/{version} 302 Found\r\nLocation: https://login.example/\r\n\r\n".encode()
    assert read_handshake(head + b"<html>", KEY) == Answer(302, "https://login.example/", b"<html>")


def test_what_comes_before_the_answer_is_no_answer() -> None:
    """A server may announce what is to come: 100 (Continue), 103 (Early Hints)."""
    _, answer = accepted(KEY)
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    assert read_handshake(early + b"HTTP/1.1 100 Continue\r\n\r\n", KEY) is None
    assert read_handshake(early + answer, KEY) == Answer(SWITCHING, "", b"")


def test_announcements_without_end_are_given_up() -> None:
    """They count as one head."""
    with pytest.raises(ProtocolError, match="the head is longer"):
        read_handshake(b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000, KEY)


@pytest.mark.parametrize("received", [b"SSH-2.0", b"\x4a\x00", b"HTTP/2 200", b"ok \n", b"\x15\x03\x01"])
def test_another_protocol_is_refused_at_its_first_bytes(received: bytes) -> None:
    """Not when it has gone on for long enough."""
    with pytest.raises(ProtocolError):
        read_handshake(received, KEY)


def test_a_head_without_end_is_given_up() -> None:
    """At the limit of all heads."""
    with pytest.raises(ProtocolError, match="the head is longer"):
        read_handshake(b"HTTP/1.1 101 " + b"x" * MAX_HEAD_BYTES, KEY)
