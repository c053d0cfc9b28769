"""Requests over a socket: what is answered, in which order, and what becomes of the connection."""

import asyncio
import logging
import re
import socket
from typing import Any

import pytest

from nundb_exporter.http_server import Handler, Request, Response, Router
from tests.wire.waiting import PATIENCE_SECONDS, until

from .serving import GET, LAST, Client, Gate, byte_by_byte, echo, later, serving, statuses


async def test_a_connection_carries_one_request_after_another() -> None:
    """HTTP/1.1 keeps it open until somebody closes it."""
    async with serving() as served:
        client = await served.connect()
        for _ in range(3):
            await client.send(GET)
            assert (await client.answer()).endswith(b"\r\n\r\nGET / \n")
        await client.send(LAST)
        answer = await client.rest()
        assert b"Connection: close\r\n" in answer
        assert answer.endswith(b"GET /last \n")


async def test_http_1_0_closes_unless_it_is_asked_to_keep() -> None:
    """It needs no Host, and is told that the connection is kept."""
    async with serving() as served:
        answer = await served.tell(b"GET / HTTP/1.0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"Connection: close\r\n" in answer
        client = await served.connect()
        for _ in range(2):
            await client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert b"Connection: keep-alive\r\n" in await client.answer()


async def test_requests_that_come_at_once_are_answered_in_their_order() -> None:
    """A slow answer delays the quick ones behind it, and no handler begins before its turn."""
    gate = Gate()
    slow = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
    async with serving(Router({"/": {"GET": echo}, "/slow": {"GET": gate}, "/last": {"GET": echo}})) as served:
        client = await served.connect()
        await client.send(GET + slow + slow + GET + LAST + GET)
        await until(lambda: gate.asked == 1)
        gate.opened.set()
        answers = await client.rest()
    assert re.findall(rb"\n(GET /\w*) \n", answers) == [b"GET /", b"GET /slow", b"GET /slow", b"GET /", b"GET /last"]


async def test_any_cut_gives_the_same_answers() -> None:
    """A byte at a time, bodies and an error at the end included."""
    wire = b"".join(
        [
            GET,
            b"POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
            b"POST /later HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n",
            b"\0",
        ]
    )
    async with serving() as served:
        answers = {re.sub(rb"Date: .*", b"", await served.tell(*pieces)) for pieces in ([wire], byte_by_byte(wire))}
    (answer,) = answers
    assert statuses(answer) == [200, 200, 200, 200, 404, 400]


async def test_head_is_answered_as_get_without_the_body() -> None:
    """The length is that of the body which GET would give."""
    async with serving() as served:
        client = await served.connect()
        await client.send(GET)
        got = await client.answer()
        await client.send(b"HEAD /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head = await client.rest()
    assert b"Content-Length: 7\r\n" in got
    assert b"Content-Length: 12\r\n" in head
    assert head.endswith(b"\r\n\r\n")


async def test_a_body_is_read_and_forgotten() -> None:
    """The next request on the connection begins where it ends."""
    async with serving() as served:
        answers = await served.tell(
            b"POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 16384\r\n\r\n"
            + b"GET /\r\n\r\n" * 1820
            + b"1234"
            + LAST
        )
    assert statuses(answers) == [200, 200]


async def test_a_client_that_waits_with_its_body_is_told_to_go_on() -> None:
    """`Expect: 100-continue`; a body that is too long gets 413 instead."""
    head = b"POST /later HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    async with serving() as served:
        client = await served.connect()
        await client.send(head % 3)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(b"abc")
        assert statuses(await client.answer()) == [200]
        await client.send(head % 1_000_000)
        assert statuses(await client.rest()) == [413]


@pytest.mark.parametrize("target", [b"http://x/last?q", b"/last?q", b"/%6Cast?q", b"https://elsewhere:1/last?q"])
async def test_a_target_may_be_absolute_or_escaped(target: bytes) -> None:
    """Proxies are asked so, and RFC 9112 3.2.2 wants every server to understand it."""
    async with serving() as served:
        answer = await served.tell(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.endswith(b"\r\n\r\nGET /last q\n")


async def test_an_unknown_path_and_another_method_are_told_apart() -> None:
    """404; 405 with the methods that the page has, HEAD with GET."""
    async with serving() as served:
        client = await served.connect()
        await client.send(b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n")
        assert statuses(await client.answer()) == [404]
        await client.send(b"DELETE /later HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await client.answer()
        assert statuses(answer) == [405]
        assert b"\r\nAllow: GET, HEAD, POST\r\n" in answer
        await client.send(LAST)
        assert statuses(await client.rest()) == [200]


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        (b"\x16\x03\x01\x02\0\x01" + b"\0" * 500, 400),
        (b"FETCH / HTTP/1.1\r\nHost: x\r\n\r\n" + GET, 501),
        (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n" + GET, 505),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 1_000_000, 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"a" * 1_000_000, 413),
    ],
)
async def test_a_request_that_is_refused_ends_the_connection_and_its_answer_is_read(wire: bytes, status: int) -> None:
    """Even by a client that reads only when it has sent a megabyte: no reset destroys the answer."""
    async with serving() as served:
        client = await served.connect()
        client.writer.write(wire)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await client.writer.drain()
        answer = await client.rest()
    assert statuses(answer) == [status]
    assert b"\r\nConnection: close\r\n" in answer
    assert b"\r\nContent-Type: text/plain; charset=utf-8\r\n" in answer


async def test_a_client_that_leaves_cancels_its_handler() -> None:
    """Whether it closes in order or not."""
    gate = Gate()
    async with serving(gate) as served:
        for count, is_orderly in ((1, True), (2, False)):
            client = await served.connect()
            await client.send(GET)
            await until(lambda count=count: gate.asked == count)  # type: ignore[misc] # the loop's count
            if is_orderly:
                client.writer.close()
            else:
                client.writer.transport.abort()
            await until(lambda count=count: gate.cancelled == count)  # type: ignore[misc] # likewise


async def test_a_client_that_is_gone_when_its_last_answer_is_sent_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """Its system resets the connection as soon as the answer comes, before the server has ended its own side."""
    with socket.socket() as client:

        async def leave(_: Request) -> Response:
            client.close()
            return Response.of_text("too late")

        async with serving(leave) as served:
            client.connect(("127.0.0.1", served.port))
            client.sendall(LAST)
            await until(lambda: client.fileno() < 0 and not served.server._places.all)
    assert caplog.text == ""


async def test_a_defect_of_a_handler_is_500_and_one_line_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    """The text of an error may hold a secret; kind and place tell enough. The connection goes on."""

    def fails(_: Request) -> Response:
        raise RuntimeError("the secret")

    async def fails_later(request: Request) -> Response:
        await later(request)
        return fails(request)

    async def breaks_a_line(_: Request) -> Response:
        return Response.of_text("", headers={"A": "b\r\nc"})

    def gives_nothing(_: Request) -> Any:  # noqa: ANN401 - what no type allows
        return None

    async def gives_nothing_later(_: Request) -> Any:  # noqa: ANN401 - likewise
        return None

    routes: dict[str, dict[str, Handler]] = {
        "/": {"GET": echo},
        "/a": {"GET": fails},
        "/b": {"GET": fails_later},
        "/c": {"GET": breaks_a_line},
        "/d": {"GET": gives_nothing},
        "/e": {"GET": gives_nothing_later},
    }
    async with serving(Router(routes)) as served:
        client = await served.connect()
        for path in (b"/a", b"/b", b"/c", b"/d", b"/e"):
            caplog.clear()
            await client.send(b"GET " + path + b"?token=the-secret HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = await client.answer()
            assert statuses(answer) == [500]
            assert b"Traceback" not in answer
            (record,) = caplog.records
            assert record.levelno == logging.ERROR
            assert f"GET '{path.decode()}' failed: " in record.message
            assert ".py:" in record.message
            assert "secret" not in caplog.text
        await client.send(GET)
        assert statuses(await client.answer()) == [200]


async def test_a_handler_that_ends_by_a_cancellation_of_its_own_leaves_no_client_waiting() -> None:
    """The connection is closed."""

    async def gives_up(_: Request) -> Response:
        raise asyncio.CancelledError

    async with serving(gives_up) as served:
        assert await served.tell(GET) == b""


async def test_every_answer_has_a_date_and_the_headers_of_the_server() -> None:
    """The form of the date is RFC 9110's."""
    async with serving() as served:
        for wire in (LAST, b"nonsense\r\n\r\n"):
            answer = await served.tell(wire)
            assert re.search(rb"\r\nDate: [SMTWF][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r\n", answer)
            assert b"\r\nServer: test\r\n" in answer


async def test_an_answer_without_content_has_no_length() -> None:
    """204, RFC 9110 8.6."""
    async with serving(lambda _: Response(204)) as served:
        answer = await served.tell(LAST)
    assert answer.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert b"Content-Length" not in answer


async def sendable(client: Client, at_most: int) -> int:
    """Send requests until for half a second nobody takes them, and return how many bytes that were."""
    ahead = GET * 10_000
    for sent in range(0, at_most, len(ahead)):
        try:
            async with asyncio.timeout(0.5):
                await client.send(ahead)
        except TimeoutError:
            return sent
    return at_most


async def test_a_client_that_sends_ahead_without_end_is_not_read_without_end() -> None:
    """While its first request is answered, the rest stays in the network, not in memory."""
    gate = Gate()
    async with serving(gate) as served:
        client = await served.connect()
        await client.send(GET)
        await until(lambda: gate.asked == 1)
        assert await sendable(client, 100_000_000) < 100_000_000
        gate.opened.set()
        assert statuses(await client.answer()) == [200]
