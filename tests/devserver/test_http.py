"""The HTTP listener, byte for byte."""

import re
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_devserver import Node
from nundb_devserver.framing.http import BadRequestError, Requests, chunked, chunked_body, parse_head
from tests.wire.clients import TcpClient, post

from .asking import ask

LIMIT = 1_000_000

HEADERS = r"Server: tiny-http \(Rust\)\r\nDate: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r\n"
TYPE = r"Content-Type: text/plain; charset=UTF-8\r\n"


async def exchange(node: Node, *sent: bytes, until: bytes = b"\r\n\r\n") -> tuple[bytes, bool]:
    """Send bytes, in pieces, and return what comes back up to an end, and whether the server then hangs up."""
    client = await TcpClient.connect(node.options.http_port)
    for data in sent:
        client.send(data)
        await client.receive(0.02)
    while not client.received.endswith(until) and await client.receive(5):
        pass
    await client.receive(0.05)
    await client.close()
    return client.received, client.is_closed


def request(body: bytes, method: str = "POST", version: str = "1.1", more: str = "") -> bytes:
    """Return a request."""
    return f"{method} /any/path HTTP/{version}\r\nHost: x\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def test_the_headers_come_in_the_servers_order(node: Node) -> None:
    """Server, Date, Content-Type, Content-Length; the connection stays open."""
    answer, is_closed = await exchange(node, request(b"bogus"), until=b"bogus")
    assert re.fullmatch(
        rf"HTTP/1.1 200 OK\r\n{HEADERS}{TYPE}Content-Length: 22\r\n\r\nunknown command: bogus", answer.decode()
    )
    assert not is_closed


async def test_the_date_is_by_the_nodes_own_clock(node: Node) -> None:
    """Which is how a clock that is behind is seen."""
    node.conditions.clock_offset_nanoseconds = -3_600 * 1_000_000_000
    answer, _ = await exchange(node, request(b"bogus"), until=b"bogus")
    found = re.search(r"Date: (.*)\r\n", answer.decode())
    assert found is not None
    assert 3_590 < time.time() - parsedate_to_datetime(found[1]).timestamp() < 3_610


async def test_requests_in_one_write_are_answered_in_order(node: Node) -> None:
    """Keep-alive and pipelining."""
    answer, _ = await exchange(node, request(b"one") + request(b"two"), until=b"two")
    assert answer.decode().count("HTTP/1.1 200 OK") == 2
    assert answer.index(b"unknown command: one") < answer.index(b"unknown command: two")


@pytest.mark.parametrize(
    ("version", "more", "is_closed"),
    [
        ("1.0", "", True),
        ("1.0", "Connection: keep-alive\r\n", False),
        ("1.1", "Connection: close\r\n", True),
        ("1.1", "connection: Upgrade\r\n", True),
        ("1.1", "", False),
    ],
)
async def test_a_connection_ends_when_the_client_wants_it(node: Node, version: str, more: str, is_closed: bool) -> None:
    """HTTP/1.0 wants it unless it says otherwise."""
    answer, closed = await exchange(node, request(b"bogus", version=version, more=more), until=b"bogus")
    assert answer.startswith(f"HTTP/{version} 200 OK".encode())
    assert closed == is_closed


async def test_a_body_that_is_not_utf_8_is_a_failure_of_the_server(node: Node) -> None:
    """500, an empty body, no type; and the next request is answered."""
    answer, _ = await exchange(node, request(b"\xff") + request(b"bogus"), until=b"bogus")
    assert re.match(
        rf"HTTP/1.1 500 Internal Server Error\r\n{HEADERS}Content-Length: 0\r\n\r\nHTTP/1.1 200", answer.decode()
    )


async def test_head_gets_no_body(node: Node) -> None:
    """But the length that it would have."""
    answer, _ = await exchange(node, request(b"bogus", method="HEAD"))
    assert answer.endswith(b"Content-Length: 22\r\n\r\n")


async def test_a_chunked_request_is_put_together(node: Node) -> None:
    """Extensions of chunks are ignored, pieces may arrive one by one."""
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer, _ = await exchange(node, head, b"3;x=y\r\nbo", b"g\r\n2\r\nus\r\n", b"0\r\n\r\n", until=b"bogus")
    assert answer.endswith(b"unknown command: bogus")


@pytest.mark.parametrize("sent_at_once", [0, 5])
async def test_a_client_that_waits_is_asked_for_its_body(node: Node, sent_at_once: int) -> None:
    """With an interim response that has tiny_http's headers, also where it has not waited."""
    sent = request(b"bogus", more="Expect: 100-continue\r\n")
    answer, _ = await exchange(node, sent[: len(sent) - 5 + sent_at_once], b"bogus"[sent_at_once:], until=b"bogus")
    assert re.match(rf"HTTP/1.1 100 Continue\r\n{HEADERS}Content-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n", answer.decode())


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"this is not HTTP\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\na b: c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nExpect: miracles\r\n\r\n", 417),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 400),
        (b"x" * 70_000, 400),
    ],
)
async def test_what_is_not_http_is_refused_and_hung_up_on(node: Node, sent: bytes, status: int) -> None:
    """Nobody can tell where the next request would begin."""
    answer, is_closed = await exchange(node, sent)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert is_closed


async def test_a_head_that_is_not_ascii_is_hung_up_on(node: Node) -> None:
    """Without a word."""
    assert await exchange(node, b"GET / HTTP/1.1\r\nX: \xff\r\n\r\n") == (b"", True)


async def test_white_space_of_rust_is_trimmed_and_no_other(node: Node) -> None:
    """A no-break space falls off; a unit separator, white space to Python, does not."""
    assert await ask(node, "\u00a0bogus\u2003") == "unknown command: bogus"
    assert await ask(node, "bogus\x1f") == "unknown command: bogus\x1f"


async def test_a_thread_that_dies_answers_500_and_counts_its_client_for_ever(node: Node) -> None:
    """The connection count of the database never comes down."""
    answer = await post(node.options.http_port, b"use-db shop st;election candidate five")
    assert (answer.status, answer.body) == (500, b"")
    assert await ask(node, "use-db shop st;get $connections") == "empty;value 2\n"


async def test_a_recursion_without_end_is_such_a_death(node: Node) -> None:
    """The original overflows its stack; here only the request is lost."""
    answer = await post(node.options.http_port, b"rp 1 " * 20_000 + b"get a")
    assert answer.status == 500
    assert "valid auth" in (await post(node.options.http_port, b"auth nun nun-pwd")).body.decode()


async def test_an_election_holds_up_its_own_request_alone(node: Node) -> None:
    """The next commands of the body wait for it, another connection does not."""
    await ask(node, "replicate-join 127.0.0.1:1")
    answer = await ask(node, "debug force-election;get a;debug process-info")
    assert answer.startswith("empty;error no-db-selected\n;")


@given(st.binary(max_size=30_000))
def test_chunks_are_put_together_again(body: bytes) -> None:
    """Whatever the body, and its end is known."""
    sent = bytearray(chunked(body) + b"more")
    assert chunked_body(sent, 0) == (body, len(sent) - 4)


@given(st.lists(st.binary(max_size=30), max_size=4), st.data())
def test_requests_are_cut_out_of_a_stream_however_it_arrives(bodies: list[bytes], data: st.DataObject) -> None:
    """The same requests for every cut of the bytes."""
    stream = b"".join(request(body) for body in bodies)
    requests = Requests(LIMIT)
    found = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        requests.receive_data(stream[:size])
        stream = stream[size:]
        while (one := requests.next()) is not None:
            found.append(one.body)
    assert found == bodies


@given(st.binary(max_size=80))
def test_garbage_is_a_request_an_error_or_not_yet_complete(garbage: bytes) -> None:
    """Nothing else comes of it."""
    requests = Requests(LIMIT)
    requests.receive_data(garbage + b"\r\n\r\n")
    with suppress(BadRequestError):
        requests.next()


def test_the_first_of_two_equal_headers_counts() -> None:
    """As in tiny_http, which looks for the first."""
    head = parse_head(b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2")
    assert head.length == 1
