"""HTTP as a client: our decoder beside a writer of its own, and beside three implementations that are not ours."""

import asyncio
import http.client
import io
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.errors import ProtocolError
from nundb_exporter.protocol.http import Response, ResponseDecoder, request
from tests.cuts import cut, sizes

from .decoding import LIMIT, decoded


@dataclass(frozen=True)
class Written:
    """A response as bytes, and what it means."""

    wire: bytes
    expected: Response
    ends_with_close: bool


def chunked(body: bytes, lengths: Sequence[int], extension: bytes, trailers: Sequence[bytes]) -> bytes:
    """Write a body in chunks (RFC 9112, section 7.1)."""
    chunks = [b"%X%b\r\n%b\r\n" % (len(chunk), extension, chunk) for chunk in cut(body, lengths)]
    return b"".join([*chunks, b"0\r\n", *(trailer + b"\r\n" for trailer in trailers), b"\r\n"])


@st.composite
def responses(draw: st.DrawFn) -> Written:
    """Any response that a server may send to a POST, interim ones before it."""
    status = draw(st.sampled_from([200, 204, 304, 404, 500]))
    version = draw(st.sampled_from([b"HTTP/1.1", b"HTTP/1.0"]))
    framing = draw(st.sampled_from(["length", "chunks", "close"]))
    connection = draw(st.sampled_from([None, b"close", b"Keep-Alive", b"keep-alive, Upgrade"]))
    body = b"" if status in {204, 304} else draw(st.binary(max_size=300))
    headers = [b"Server: tiny-http (Rust)", b"X-Colons: a:b: c", b"Empty:"]
    payload = body
    if status not in {204, 304}:
        if framing == "length":
            headers.append(
                draw(st.sampled_from([b"Content-Length: %d", b"content-length:%d", b"CONTENT-LENGTH:\t%d "]))
                % len(body)
            )
        elif framing == "chunks":
            headers.append(draw(st.sampled_from([b"Transfer-Encoding: chunked", b"transfer-encoding:Chunked"])))
            payload = chunked(
                body,
                draw(sizes),
                draw(st.sampled_from([b"", b";name=value", b' ;q="x"'])),
                draw(st.sampled_from([[], [b"Checksum: 1"], [b"A: 1", b"B: 2"]])),
            )
    if connection:
        headers.append(b"Connection: " + connection)
    interim = draw(
        st.lists(
            st.sampled_from([b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"]),
            max_size=2,
        )
    )
    reason = draw(st.sampled_from([b" OK", b" ", b""]))
    head = b"\r\n".join([b"%b %d%b" % (version, status, reason), *draw(st.permutations(headers))])
    ends_with_close = framing == "close" and status not in {204, 304}
    is_kept = connection != b"close" and (version == b"HTTP/1.1" or connection is not None) and not ends_with_close
    return Written(b"".join([*interim, head, b"\r\n\r\n", payload]), Response(status, body, is_kept), ends_with_close)


@given(written=responses(), lengths=sizes)
def test_any_cut_of_a_response_gives_the_same(written: Written, lengths: list[int]) -> None:
    """Lengths, chunks, a body until the close, interim responses: cut anywhere, the response is what was written."""
    for pieces in (lengths, [1], [len(written.wire)]):
        decoder = ResponseDecoder(LIMIT)
        assert decoder.is_untouched
        given_early = [decoder.receive_data(piece) for piece in cut(written.wire, pieces)]
        assert not decoder.is_untouched
        assert all(early is None for early in given_early[:-1])
        assert (decoder.receive_eof() if written.ends_with_close else given_early[-1]) == written.expected


@given(written=responses(), missing=st.integers(1, 400))
def test_a_response_that_ends_early_is_none(written: Written, missing: int) -> None:
    """A close before the end is told from the end, wherever it comes; a body until the close alone may end anywhere."""
    start = written.wire[: max(len(written.wire) - missing, 0)]
    decoder = ResponseDecoder(LIMIT)
    assert decoder.receive_data(start) is None
    if written.ends_with_close and len(written.wire) - len(written.expected.body) <= len(start):
        body = written.expected.body[: len(written.expected.body) - missing]
        assert decoder.receive_eof() == written.expected._replace(body=body)
    else:
        with pytest.raises(ProtocolError):
            decoder.receive_eof()


class Scripted(io.BytesIO):
    """As much of a socket as the standard library asks for: what it reads is given, what it writes is kept."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.sent = b""

    def makefile(self, *_: object, **__: object) -> "Scripted":
        """Return the end to read from."""
        return self

    def sendall(self, data: bytes) -> None:
        """Keep what is written."""
        self.sent += bytes(data)


@given(written=responses())
def test_the_standard_library_reads_our_responses_alike(written: Written) -> None:
    """http.client takes from the same bytes the same status and body: our writer does not err with our reader."""
    wire = written.wire.replace(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", b"")  # it knows 100 alone
    with http.client.HTTPResponse(Scripted(wire), method="POST") as referee:  # type: ignore[arg-type] # enough of one
        referee.begin()
        assert (referee.status, referee.read()) == (written.expected.status, written.expected.body)


class Echo(BaseHTTPRequestHandler):
    """Answers a POST with its own path, host and body."""

    DATE = "Wed, 25 Nov 2026 16:55:00 GMT"

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = b"|".join([self.path.encode(), self.headers["Host"].encode(), body])
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002 - always the same
        """Return the time that its answers carry."""
        return self.DATE

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@given(body=st.binary(max_size=200), lengths=sizes)
def test_the_standard_library_understands_our_request_and_we_its_response(body: bytes, lengths: list[int]) -> None:
    """http.server finds path, host and body in our bytes, and we find its answer in its bytes."""
    line = Scripted(request("[::1]:3013", "/nun/db", body))
    Echo(line, ("127.0.0.1", 1), None)  # type: ignore[arg-type] # as above
    answer = Response(200, b"/nun/db|[::1]:3013|" + body, is_reusable=True, date=Echo.DATE)
    assert decoded(line.sent, lengths) == answer


async def plain(_: web.Request) -> web.Response:
    """Answer with a length."""
    return web.Response(text="valid auth\n;café")


async def empty(_: web.Request) -> web.Response:
    """Answer without a body."""
    return web.Response()


async def streamed(asked: web.Request) -> web.StreamResponse:
    """Answer in chunks to HTTP/1.1."""
    answer = web.StreamResponse()
    await answer.prepare(asked)
    for part in (b"valid auth\n", b";", b"x" * 700):
        await answer.write(part)
    await answer.write_eof()
    return answer


async def refused(_: web.Request) -> web.Response:
    """Answer, and close."""
    answer = web.Response(status=500, text="no")
    answer.force_close()
    return answer


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (plain, Response(200, "valid auth\n;café".encode(), is_reusable=True)),
        (empty, Response(200, b"", is_reusable=True)),
        (streamed, Response(200, b"valid auth\n;" + b"x" * 700, is_reusable=True)),
        (refused, Response(500, b"no", is_reusable=False)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_we_read_what_aiohttp_writes(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]], expected: Response
) -> None:
    """A server that we did not write answers our request; each byte of its answer may come alone."""
    application = web.Application()
    application.router.add_post("/", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
        writer.write(request("nun-db:3013", "/", b"auth nun pwd;metrics-state"))
        decoder = ResponseDecoder(LIMIT)
        response = None
        while response is None:
            response = decoder.receive_data(await asyncio.wait_for(reader.readexactly(1), timeout=10))
        writer.close()
        await writer.wait_closed()
    finally:
        await runner.cleanup()
    assert response._replace(date="") == expected
    assert time.time() - 60 < parsedate_to_datetime(response.date).timestamp() <= time.time()


def test_an_interim_response_says_that_the_request_was_read() -> None:
    """After 100 Continue a close is a failure: the request may not be sent again as if nobody had seen it."""
    decoder = ResponseDecoder(LIMIT)
    assert decoder.receive_data(b"") is None
    assert decoder.is_untouched
    assert decoder.receive_data(b"HTTP/1.1 100 Continue\r\n\r\n") is None
    assert not decoder.is_untouched
    with pytest.raises(ProtocolError, match="closed before"):
        decoder.receive_eof()


def test_a_switch_of_protocols_is_a_response() -> None:
    """After 101, which nobody has asked for, nothing comes that is HTTP: it would be waited for in vain."""
    decoder = ResponseDecoder(LIMIT)
    switched = decoder.receive_data(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n")
    assert switched == Response(101, b"", is_reusable=False)


def test_a_response_does_not_show_its_body() -> None:
    """Stored values come in bodies."""
    shown = repr([Response(200, b"value hunter2", is_reusable=True)])
    assert shown == "[<response 200 of 13 bytes>]"
