"""From bytes to requests, without a socket: any cut gives the same, and nothing but requests or refusals comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.http_server.limits import Limits
from nundb_exporter.http_server.messages import Request
from nundb_exporter.http_server.parser import RefusedError, RequestParser
from tests.cuts import cut, sizes

HOST = b"Host: x\r\n"


def parsed(
    wire: bytes, lengths: Sequence[int], limits: Limits | None = None, parser: RequestParser | None = None
) -> tuple[list[Request], HTTPStatus | None]:
    """Return the requests in these bytes, and the status of the refusal that ends them."""
    parser = parser or RequestParser(limits or Limits())
    requests: list[Request] = []
    try:
        for piece in cut(wire, lengths):
            parser.receive(piece)
            while request := parser.next_request():
                requests.append(request)
    except RefusedError as refusal:
        return requests, refusal.status
    return requests, None


def one(wire: bytes) -> Request:
    """Return the one request that these bytes are."""
    requests, refusal = parsed(wire, [len(wire)])
    assert refusal is None
    (request,) = requests
    return request


def refused(wire: bytes, limits: Limits | None = None) -> int | None:
    """Return the status with which these bytes are refused, in whatever pieces they come."""
    whole = parsed(wire, [len(wire)], limits)
    assert whole == parsed(wire, [1], limits)
    return whole[1]


@dataclass(frozen=True)
class Written:
    """A request as bytes, and what it means."""

    wire: bytes
    expected: Request


@st.composite
def requests(draw: st.DrawFn) -> Written:
    """Any request that a client may send."""
    method = draw(st.sampled_from(["GET", "HEAD", "POST", "DELETE", "OPTIONS"]))
    version = draw(st.sampled_from(["1.0", "1.1"]))
    target, path, query = draw(
        st.sampled_from(
            [
                ("/", "/", ""),
                ("/metrics?a=b&c=%20d?e", "/metrics", "a=b&c=%20d?e"),
                ("/%6detrics", "/metrics", ""),
                ("/caf%C3%A9", "/café", ""),
                ("/%ff", "/\ufffd", ""),
                ("/a%2Fb?", "/a/b", ""),
                ("http://host:1/metrics?q", "/metrics", "q"),
                ("http://host", "/", ""),
                ("*", "*", ""),
                ("//x/y", "//x/y", ""),
            ]
        )
    )
    headers = {"host": "x"}
    lines = [draw(st.sampled_from([b"Host: x", b"host:x", b"HOST:\tx \t"]))]
    for name, values in {"Accept": ["text/plain", "*/*;q=0.1"], "X-Latin": ["caf\xe9"], "Empty": [""]}.items():
        for value in draw(st.lists(st.sampled_from(values), max_size=3)):
            lines.append(f"{name}: {value}".encode("latin-1"))
            headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
    connection = draw(st.sampled_from([None, "close", "keep-alive"]))
    if connection:
        lines.append(f"Connection: {connection}".encode())
        headers["connection"] = connection
    framing = draw(st.sampled_from(["none", "length", *(["chunks"] if version == "1.1" else [])]))
    body = draw(st.binary(max_size=100))
    payload = b""
    if framing == "length":
        lines.append(b"Content-Length: %d" % len(body))
        headers["content-length"] = str(len(body))
        payload = body
    elif framing == "chunks":
        lines.append(b"Transfer-Encoding: chunked")
        headers["transfer-encoding"] = "chunked"
        extension = draw(st.sampled_from([b"", b";a=b"]))
        chunks = [b"%X%b\r\n%b\r\n" % (len(chunk), extension, chunk) for chunk in cut(body, draw(sizes))]
        payload = b"".join([*chunks, b"0\r\n", draw(st.sampled_from([b"", b"Sum: 1\r\n"])), b"\r\n"])
    head = b"\r\n".join([f"{method} {target} HTTP/{version}".encode(), *lines])
    wire = draw(st.sampled_from([b"", b"\r\n", b"\r\n\r\n"])) + head + b"\r\n\r\n" + payload
    is_kept = connection != "close" and (version == "1.1" or connection == "keep-alive")
    return Written(wire, Request(method, path, query, headers, version, is_kept))


@given(written=st.lists(requests(), min_size=1, max_size=4), lengths=sizes)
def test_any_cut_of_requests_gives_the_same(written: list[Written], lengths: list[int]) -> None:
    """Every form of target, header and body, several one after another, cut anywhere."""
    expected: list[Request] = []
    wire = b""
    for each in written:
        wire += each.wire
        expected.append(each.expected)
        if not each.expected.is_kept:
            break
    for pieces in (lengths, [1], [len(wire)]):
        found, refusal = parsed(wire, pieces)
        assert refusal is None
        assert found == expected


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A request in which some bytes are others, missing or doubled."""
    wire = draw(requests()).wire
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(wire) - 1))
        other = draw(
            st.sampled_from(
                [b"", b"\0", b"\r", b"\n", b" ", b"\xff", wire[place : place + 1] * 2, b"GET / HTTP/1.1\r\n"]
            )
        )
        wire = wire[:place] + other + wire[place + 1 :]
    return wire


PIECES = (
    *(
        b"GET ",
        b"POST ",
        b"/",
        b"%",
        b"?",
        b"http://",
        b" HTTP/1.1",
        b"\r\n",
        b"\n",
        b"\r",
        b":",
        b" ",
        b"\t",
        b"\0",
        b"\xff",
    ),
    *(HOST, b"Content-Length: 3", b"Transfer-Encoding: chunked", b"3\r\nabc", b"0\r\n\r\n", b"a", b"Upgrade: x"),
    *(b"Connection: upgrade", b"Expect: 100-continue", b"GET / HTTP/1.1\r\nHost: x\r\n"),
)
ANYTHING = st.one_of(
    st.binary(max_size=400),
    st.lists(
        st.sampled_from(PIECES),
        max_size=40,
    ).map(b"".join),
)


KEPT = requests().filter(lambda written: written.expected.is_kept)


@given(one=KEPT, other=KEPT, end=ANYTHING)
def test_what_has_been_read_before_means_the_same(one: Written, other: Written, end: bytes) -> None:
    """A client that sends the same bytes again, each request in a packet of its own, and at last anything."""
    parser = RequestParser(Limits())
    for written in (one, one, other, one, other, other):
        parser.receive(written.wire)
        assert parser.next_request() == written.expected
        assert parser.next_request() is None
        assert not parser.is_within_request
    wire = one.wire + end
    assert parsed(wire, [len(wire)], parser=parser) == parsed(wire, [len(wire)])


def test_a_login_is_not_kept() -> None:
    """What is kept for the next request must not be a password."""
    parser = RequestParser(Limits())
    parser.receive(b"GET / HTTP/1.1\r\n" + HOST + b"Authorization: Basic bnVuOnNlY3JldA==\r\n\r\n")
    assert parser.next_request() is not None
    kept = [getattr(parser, name) for name in parser.__slots__]
    assert "bnVuOnNlY3JldA" not in repr(kept)


@given(wire=ANYTHING | damaged(), lengths=sizes)
def test_any_cut_of_any_bytes_gives_requests_or_a_refusal_and_always_the_same(wire: bytes, lengths: list[int]) -> None:
    """Noise, pieces of requests in any order, damaged requests: never another exception, never another answer."""
    small = Limits(head_bytes=200, headers=4, body_bytes=30)
    for limits in (Limits(), small):
        assert parsed(wire, lengths, limits) == parsed(wire, [1], limits) == parsed(wire, [len(wire) or 1], limits)


@pytest.mark.parametrize(
    ("wire", "status"),
    {
        "no HTTP": (b"\x16\x03\x01\x02\0\x01", 400),
        "no request line": (b"x" * 100 + b"\r\n\r\n", 400),
        "HTTP/0.9": (b"GET /\r\n\r\n", 400),
        "a space in the target": (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        "a target without a slash": (b"GET metrics HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        "an absolute target without a host": (b"GET http:///x HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        "a bad escape": (b"GET /%zz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        "another protocol": (b"GET / RTSP/1.0\r\n" + HOST + b"\r\n", 400),
        "a line that ends with LF": (b"GET / HTTP/1.1\n" + HOST + b"\r\n", 400),
        "all lines end with LF": (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        "a header that ends with LF": (b"GET / HTTP/1.1\r\nHost: x\n\r\n", 400),
        "CR in a header": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400),
        "NUL in a header": (b"GET / HTTP/1.1\r\n" + HOST + b"A: b\0\r\n\r\n", 400),
        "a folded header": (b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n", 400),
        "a header without colon": (b"GET / HTTP/1.1\r\n" + HOST + b"A\r\n\r\n", 400),
        "a space before the colon": (b"GET / HTTP/1.1\r\n" + HOST + b"A : b\r\n\r\n", 400),
        "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
        "two hosts": (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
        "a host with a path": (b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
        "length and chunks": (
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
        ),
        "chunks and length": (
            b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
            400,
        ),
        "two lengths": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
        "a length with a sign": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: +3\r\n\r\nabc", 400),
        "chunks in HTTP/1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        "a chunk's length that is none": (
            b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nx\r\n",
            400,
        ),
        "an expectation that nobody knows": (b"POST / HTTP/1.1\r\n" + HOST + b"Expect: wonders\r\n\r\n", 417),
        "an unknown method": (b"FETCH / HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        "a method in lower case": (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        "a tunnel": (b"CONNECT x:443 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        "another coding": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        "no chunks": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: identity\r\n\r\n", 501),
        "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        "HTTP/2 by hand": (b"GET / HTTP/2\r\n" + HOST + b"\r\n", 505),
        "a version to come": (b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", 505),
    }.values(),
)
def test_what_is_not_http_as_it_should_be_is_refused(wire: bytes, status: int) -> None:
    """With the status that RFC 9110 and 9112 give, whatever pieces it comes in."""
    assert refused(wire) == status


def test_a_request_that_offers_another_protocol_is_a_request_and_so_is_the_next() -> None:
    """Curl asks so for HTTP/2."""
    offer = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
    found, refusal = parsed(offer * 2, [len(offer) * 2])
    assert refusal is None
    assert [request.path for request in found] == ["/", "/"]


def test_a_head_may_be_as_long_as_the_limit_and_no_longer() -> None:
    """The limit counts the request line, the headers and the line that ends them."""
    limits = Limits(head_bytes=200)
    head = b"GET / HTTP/1.1\r\n" + HOST + b"A: "
    fitting = head + b"a" * (200 - len(head) - 4) + b"\r\n\r\n"
    assert refused(fitting, limits) is None
    assert refused(fitting[:-4] + b"a\r\n\r\n", limits) == 431
    assert refused(b"GET /" + b"a" * 200, limits) == 431


def test_a_request_may_have_so_many_headers_and_no_more() -> None:
    """Headers of the same name count each."""
    limits = Limits(headers=5)
    request = b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * 4
    assert refused(request + b"\r\n", limits) is None
    assert refused(request + b"A: b\r\n\r\n", limits) == 431


def test_a_body_may_be_as_long_as_the_limit_and_no_longer() -> None:
    """A length beyond it is refused at once; chunks as soon as they exceed it, with all that frames them."""
    limits = Limits(body_bytes=20)
    post = b"POST / HTTP/1.1\r\n" + HOST
    assert refused(post + b"Content-Length: 20\r\n\r\n" + b"x" * 20, limits) is None
    assert refused(post + b"Content-Length: 21\r\n\r\n", limits) == 413
    chunked = post + b"Transfer-Encoding: chunked\r\n\r\n"
    assert refused(chunked + b"a\r\n" + b"x" * 10 + b"\r\n0\r\n\r\n", limits) is None
    assert refused(chunked + b"b\r\n" + b"x" * 11 + b"\r\n0\r\n\r\n", limits) == 413
    assert refused(chunked + b"1\r\nx\r\n" * 5, limits) == 413
    assert refused(chunked + b"0\r\n" + b"Sum: 1\r\n" * 5, limits) == 413


def test_a_later_request_is_not_looked_at_before_its_turn() -> None:
    """What follows a request may be garbage: the request is given first."""
    parser = RequestParser(Limits())
    parser.receive(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n\0")
    assert parser.next_request() is not None
    with pytest.raises(RefusedError):
        parser.next_request()


def test_a_client_that_waits_with_its_body_is_noticed_once() -> None:
    """`Expect: 100-continue`; not when the body has come along with the head, and not of HTTP/1.0."""
    head = b"POST / HTTP/1.%d\r\n" + HOST + b"Expect: 100-Continue\r\nContent-Length: 3\r\n\r\n"
    parser = RequestParser(Limits())
    parser.receive(head % 1)
    assert parser.next_request() is None
    assert [parser.take_expectation(), parser.take_expectation()] == [True, False]
    parser.receive(b"abc")
    assert parser.next_request() is not None
    for arrived in (head % 1 + b"a", head % 0):
        parser = RequestParser(Limits())
        parser.receive(arrived)
        assert parser.next_request() is None
        assert not parser.take_expectation()


def test_empty_lines_before_a_request_are_no_request() -> None:
    """RFC 9112 2.2: some clients send one after a body."""
    assert one(b"\r\n\r\n\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n").path == "/"
