"""What the reader of HTTP responses takes to the last byte, and what it refuses: endless answers, garbage."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.errors import ProtocolError
from nundb_exporter.protocol.http import MAX_HEAD_BYTES, Response, ResponseDecoder
from tests.cuts import cut, peak_memory, sizes, taken

from .decoding import LIMIT, decoded
from .test_http import chunked, responses

GARBAGE = st.one_of(
    st.binary(max_size=100),
    st.builds(
        lambda start, rest: start + rest,
        st.sampled_from([b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n"]),
        st.binary(max_size=100),
    ),
    st.builds(
        lambda written, position, junk, length: written.wire[:position] + junk + written.wire[position + length :],
        responses(),
        st.integers(0, 300),
        st.one_of(
            st.binary(max_size=5), st.sampled_from([b"\r\n\r\n", b"-1", b"0x10", b"\xb2", b"9" * 30, b"chunked"])
        ),
        st.integers(0, 20),
    ),
)


@given(data=GARBAGE, lengths=sizes)
def test_garbage_gives_a_response_or_a_protocol_error(data: bytes, lengths: list[int]) -> None:
    """Whatever comes, nothing else is raised, and whether it is refused does not depend on where it was cut."""

    def outcome(pieces: Sequence[int]) -> Response | None:
        decoder = ResponseDecoder(LIMIT)
        try:
            for piece in cut(data, pieces):
                if (response := decoder.receive_data(piece)) is not None:
                    return response
            return decoder.receive_eof()
        except ProtocolError:
            return None

    whole, in_pieces, byte_by_byte = outcome([len(data) or 1]), outcome(lengths), outcome([1])
    if whole is not None:
        assert whole == in_pieces == byte_by_byte
    assert byte_by_byte is None or len(byte_by_byte.body) <= LIMIT


OK = b"HTTP/1.1 200 OK\r\n"
FRAMINGS: dict[str, Callable[[bytes], bytes]] = {
    "length": lambda body: b"Content-Length: %d\r\n\r\n%b" % (len(body), body),
    "one chunk": lambda body: b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, [len(body) or 1], b"", []),
    "tiny chunks": lambda body: b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, [1], b"", []),
    "close": lambda body: b"\r\n" + body,
}


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("pieces", [[1], [97], [100_000]], ids=["bytes", "pieces", "whole"])
def test_a_body_may_be_as_long_as_the_limit_and_no_longer(framing: str, pieces: list[int]) -> None:
    """The longest body is taken in every framing; one byte more is refused."""
    write = FRAMINGS[framing]
    decoder = ResponseDecoder(LIMIT)
    answers = [decoder.receive_data(piece) for piece in cut(OK + write(b"x" * LIMIT), pieces)]
    assert (answers[-1] or decoder.receive_eof()).body == b"x" * LIMIT
    with pytest.raises(ProtocolError, match="the body is longer than 1000 bytes"):
        decoded(OK + write(b"x" * (LIMIT + 1)), pieces)


@pytest.mark.parametrize(
    ("start", "piece", "most"),
    [
        (b"", b"HTTP/1.1 200 OK\r\nX: y", MAX_HEAD_BYTES),
        (OK, b"X: y\r\n", MAX_HEAD_BYTES),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 100, 4200),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 100, 4200),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"x" * 100, 4200),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 6 * LIMIT),
        (OK + b"\r\n", b"x" * 10, LIMIT),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 1024 * 1024),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: " + b"y" * 60 + b"\r\n", 1024 * 1024),
    ],
    ids=[
        "status line",
        "head",
        "chunk size",
        "chunk extension",
        "trailer",
        "chunks",
        "until close",
        "interim",
        "trailers",
    ],
)
def test_what_never_ends_is_given_up(start: bytes, piece: bytes, most: int) -> None:
    """An endless head, line, chunk or body is refused at its limit and holds no more memory than it."""
    decoder = ResponseDecoder(LIMIT)
    decoder.receive_data(start)
    with peak_memory(8 * most + 20_000):
        assert 0 < taken(decoder.receive_data, piece, at_most=2_000_000) <= most


@pytest.mark.parametrize("length", [b"1001", b"9" * 5000, b"0" * 5000, b"9" * 60_000])
def test_a_length_beyond_the_limit_is_refused_before_the_body(length: bytes) -> None:
    """Not one byte of the body is awaited, whatever the number of its digits."""
    with pytest.raises(ProtocolError, match="the body is longer than 1000 bytes"):
        ResponseDecoder(LIMIT).receive_data(OK + b"Content-Length: " + length + b"\r\n\r\n")


def test_many_tiny_chunks_cost_what_they_hold() -> None:
    """A body of 25,600 one-byte chunks that come at once is one body, without a list of its pieces."""
    body = bytes(range(256)) * 100
    wire = OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, [1], b"", [])
    with peak_memory(4 * len(body)):
        response = ResponseDecoder(len(body)).receive_data(wire)
    assert response == Response(200, body, is_reusable=True)


@pytest.mark.parametrize(
    "head",
    [
        b"<html>",
        b"SSH-2.0-OpenSSH_9.2",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 \xb2\xb3\xb9 OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        OK + b"no colon\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: 1_0\r\n\r\n",
        OK + b"Content-Length: \xb2\r\n\r\n",
        OK + b"Content-Length:\r\n\r\n",
        OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1_0\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n",
        OK + b"Content-Length: 1\r\n\r\nxy",
        b"HTTP/1.1 204 No Content\r\n\r\nx",
    ],
)
def test_what_is_not_http_is_refused_at_once(head: bytes) -> None:
    """A wrong answer is told as soon as it is seen, not at the deadline, and byte by byte as well."""
    with pytest.raises(ProtocolError, match=r"^HTTP: "):
        ResponseDecoder(LIMIT).receive_data(head)
    with pytest.raises(ProtocolError, match=r"^HTTP: |complete before its end"):
        _in_bytes(head)


def _in_bytes(head: bytes) -> None:
    decoder = ResponseDecoder(LIMIT)
    for byte in head:
        if decoder.receive_data(bytes([byte])) is not None:
            raise ProtocolError("the response was complete before its end")


def test_the_same_length_twice_is_one_length() -> None:
    """RFC 9112, 6.3: a repeated Content-Length is valid while all agree."""
    wire = OK + b"Content-Length: 2\r\ncontent-length: 2\r\n\r\nhi"
    assert ResponseDecoder(LIMIT).receive_data(wire) == Response(200, b"hi", is_reusable=True)


def test_the_longest_head_is_taken_wherever_it_is_cut() -> None:
    """A head of exactly the limit is no longer for ending in the next arrival."""
    head = OK + b"Content-Length: 0\r\nX: "
    head += b"y" * (MAX_HEAD_BYTES - len(head)) + b"\r\n\r\n"
    for last in range(1, 5):
        decoder = ResponseDecoder(LIMIT)
        assert decoder.receive_data(head[:-last]) is None
        assert decoder.receive_data(head[-last:]) == Response(200, b"", is_reusable=True)
