"""Clients that are slow, silent, greedy or many: each is bounded, and the others are served."""

import asyncio
import contextlib
import logging
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from nundb_exporter.http_server import Limits, Request, Response
from tests.wire.waiting import until

from .serving import GET, LAST, Gate, Serving, serving, statuses

SOON = 0.2
"""A limit in seconds that a test waits for."""
FDS = Path("/proc/self/fd")
PAGE = b"x" * 20_000_000
"""More than the network between two sockets takes."""


async def test_a_client_that_says_nothing_is_hung_up_on() -> None:
    """Without a word: it has asked for nothing."""
    async with serving(limits=Limits(request_seconds=SOON)) as served:
        assert await served.tell() == b""


async def test_half_a_head_is_answered_with_408() -> None:
    """However steadily the rest drips in."""
    async with serving(limits=Limits(request_seconds=SOON)) as served:
        assert statuses(await served.tell(b"GET / HTTP/1.1\r\nHost")) == [408]
        client = await served.connect()

        async def drip() -> None:
            while True:
                await client.send(b"a")
                await asyncio.sleep(SOON / 10)

        await client.send(GET[:-2] + b"A: ")
        dripping = asyncio.create_task(drip())
        assert statuses(await client.answer()) == [408]
        dripping.cancel()


async def test_a_body_that_does_not_come_is_answered_with_408() -> None:
    """Of known length, and in chunks."""
    async with serving(limits=Limits(request_seconds=SOON)) as served:
        for framing in (b"Content-Length: 10\r\n\r\n123", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"):
            answer = await served.tell(b"POST /later HTTP/1.1\r\nHost: x\r\n" + framing)
            assert statuses(answer) == [408]


async def test_an_idle_connection_is_closed_after_a_time_of_its_own() -> None:
    """It is longer than that for a request; half a request ends it sooner again."""
    async with serving(limits=Limits(idle_seconds=SOON)) as served:
        assert statuses(await served.tell(GET)) == [200]
    async with serving(limits=Limits(request_seconds=SOON)) as served:
        client = await served.connect()
        for part in (GET, GET[:5]):
            await client.send(part)
        assert statuses(await client.rest()) == [200, 408]


async def test_a_request_that_is_answered_slowly_is_not_a_slow_client() -> None:
    """The time of a handler is the handler's own affair."""
    gate = Gate()
    async with serving(gate, Limits(request_seconds=SOON, idle_seconds=SOON)) as served:
        client = await served.connect()
        await client.send(LAST)
        for _ in range(2):
            assert await served.tell() == b""  # a silent client that came later was closed: so much time has passed
        gate.opened.set()
        assert statuses(await client.rest()) == [200]


async def test_a_client_that_does_not_read_is_hung_up_on() -> None:
    """Its answer is given up; a second one is not even begun, so that memory holds one at most."""
    asked = 0

    def large(_: Request) -> Response:
        nonlocal asked
        asked += 1
        return Response(200, PAGE)

    async with serving(large, Limits(send_seconds=SOON)) as served:
        client = await served.connect()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined] # a socket's transport has it
        await client.send(GET * 3)
        await until(lambda: asked == 1)
        await until(lambda: not served.server._places.all)
        assert asked == 1


async def test_a_client_that_reads_late_but_in_time_gets_all() -> None:
    """One answer after another, and the next request is taken up."""
    async with serving(lambda _: Response(200, PAGE)) as served:
        client = await served.connect()
        await client.send(GET + GET + LAST)
        answers = await client.rest()
    assert len(answers) > 3 * len(PAGE)
    assert answers.endswith(PAGE)


async def test_a_client_that_does_not_close_after_the_last_answer_is_closed() -> None:
    """It is given a moment to read."""
    async with serving(limits=Limits(linger_seconds=SOON)) as served:
        client = await served.connect()
        await client.send(LAST)
        await client.rest()
        await until(lambda: not served.server._places.all)


async def silent(served: Serving, count: int) -> None:
    """Let clients connect that say nothing, and wait until the server knows them."""
    known = len(served.server._places.all)
    for _ in range(count):
        await served.connect()
    await until(lambda: len(served.server._places.all) >= min(known + count, served.server._places.seats))


async def test_silent_clients_make_room_for_those_who_ask(caplog: pytest.LogCaptureFixture) -> None:
    """Many of them hold up nobody, and fill no log."""
    async with serving(limits=Limits(connections=8, patience_seconds=0)) as served:
        await silent(served, 100)
        for _ in range(20):
            assert statuses(await served.tell(LAST)) == [200]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "8 connections" in record.message


async def test_where_all_ask_the_next_is_answered_with_503() -> None:
    """At once, and not by a connection that hangs; when there is room again it is served."""
    gate = Gate()
    async with serving(gate, Limits(connections=4)) as served:
        clients = [await served.connect() for _ in range(4)]
        for client in clients:
            await client.send(LAST)
        await until(lambda: gate.asked == 4)
        answer = await served.tell(GET)
        assert statuses(answer) == [503]
        assert b"\r\nRetry-After: 1\r\n" in answer
        gate.opened.set()
        for client in clients:
            assert statuses(await client.rest()) == [200]
            await client.end()
        assert statuses(await served.tell(LAST)) == [200]


@contextlib.contextmanager
def no_descriptors() -> Iterator[list[int]]:
    """Let this process open no file; each descriptor that is closed in the list allows one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.open(os.devnull, os.O_RDONLY)]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (taken[0] + 20, hard))
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(taken[0]))
        yield taken
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)


async def test_descriptors_that_are_used_up_elsewhere_delay_a_client_and_are_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without end it would be tried again and again, and each failure logged."""
    async with serving() as served:
        with no_descriptors() as taken:
            os.close(taken.pop())
            client = await served.connect()
            await client.send(LAST)
            await until(lambda: bool(caplog.records))
            await until(lambda: served.server._log._kinds["exhausted"][1] > 2)
            os.close(taken.pop())
            assert statuses(await client.answer()) == [200]
    (record,) = caplog.records
    assert record.message == "cannot accept connections: Too many open files"


def descriptors() -> int:
    """Return how many files this process has open."""
    return len(list(FDS.iterdir()))


@pytest.mark.skipif(not FDS.exists(), reason="no /proc")
async def test_no_descriptor_is_lost() -> None:
    """Clients that ask, leave, are refused, are turned away or reset: in the end all is as before."""
    gate = Gate()
    async with serving(gate, Limits(connections=8, patience_seconds=0)) as served:
        before = descriptors()
        for wire in (b"", GET, GET * 3, GET[:7], b"\0", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"):
            for is_orderly in (True, False):
                for _ in range(10):
                    client = await served.connect()
                    await client.send(wire)
                    if is_orderly:
                        client.writer.close()
                    else:
                        await client.end()
        await until(lambda: not served.server._places.all)
        await until(lambda: descriptors() <= before)
