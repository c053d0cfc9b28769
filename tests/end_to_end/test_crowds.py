"""Many scrapes at once, clients that leave, and clients that never come to the point."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.wire.behaviours import answering, silent
from tests.wire.exporter import Exporter
from tests.wire.pages import TIMEOUT_HEADER, Page
from tests.wire.waiting import until

from .exporting import Gate, connect, exporting

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


@pytest.mark.parametrize("header", ["10", "1e9", "1e308", "inf"])
async def test_a_client_that_leaves_takes_its_scrape_along(header: str) -> None:
    """The node sees the connection closed, whatever the timeout was, and the next scrape is none the worse."""
    async with exporting(silent) as (node, exporter):
        _, writer = await connect(exporter)
        writer.write(f"GET /metrics HTTP/1.1\r\nHost: x\r\n{TIMEOUT_HEADER}: {header}\r\n\r\n".encode())
        await until(lambda: node.connections == 1)
        writer.close()
        await until(lambda: node.left == 1)
        node.behaviour = answering()
        assert (await exporter.metrics()).is_up


async def test_when_the_one_who_asks_leaves_another_asks_in_his_place() -> None:
    """Of two equal scrapes the first is cancelled; the second gets its page."""
    gate = Gate()
    async with exporting(gate) as (_, exporter):
        _, leaving = await connect(exporter)
        leaving.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n")
        await until(lambda: gate.questions == 1)
        staying = asyncio.create_task(exporter.metrics())
        leaving.close()
        await until(lambda: gate.questions == 2)
        gate.opened.set()
        assert (await staying).is_up


@asynccontextmanager
async def five_too_many() -> AsyncIterator[tuple[Gate, Exporter, list[bytes], list[asyncio.Task[bytes]]]]:
    """Yield a node that waits, its exporter, what five of 25 equal scrapes were answered, and the 20 that wait."""
    gate = Gate()
    async with exporting(gate, "--web.max-requests", "20") as (_, exporter):
        connections = [await connect(exporter) for _ in range(25)]
        exporter.send(signal.SIGSTOP)  # so that all have come when it goes on: one moment, however slow the machine
        for _, writer in connections:
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            await writer.drain()
        exporter.send(signal.SIGCONT)
        answers = [asyncio.create_task(reader.read()) for reader, _ in connections]
        await until(lambda: sum(answer.done() for answer in answers) == 5)
        refused = [answer.result() for answer in answers if answer.done()]
        yield gate, exporter, refused, [answer for answer in answers if not answer.done()]
        for _, writer in connections:
            writer.close()


async def test_equal_scrapes_at_one_moment_ask_the_node_once() -> None:
    """Twenty share one answer."""
    async with five_too_many() as (gate, _, _, waiting):
        gate.opened.set()
        bodies = await asyncio.gather(*waiting)
        assert sum(b"\nnundb_up 1\n" in body for body in bodies) == 20
        assert gate.questions == 1


async def test_scrapes_beyond_the_limit_are_refused() -> None:
    """With 503, while the others wait, and they are counted."""
    async with five_too_many() as (gate, exporter, refused, waiting):
        assert all(answer.startswith(b"HTTP/1.1 503") for answer in refused)
        gate.opened.set()
        await asyncio.gather(*waiting)
        assert (await exporter.metrics()).samples["nundb_exporter_requests_rejected_total",] == 5


async def test_a_slow_scrape_makes_no_other_wait() -> None:
    """While one hangs, those are answered that come later than a moment after, whether they differ or not."""
    gate = Gate()
    async with exporting(gate) as (node, exporter):
        slow = asyncio.create_task(exporter.metrics("600"))  # in half of this it would ask a second time
        await until(lambda: gate.questions == 1)
        node.behaviour = answering()
        # A stated time, not a wait for something: scrapes of one moment would share the question that hangs.
        asked_at = asyncio.get_running_loop().time()
        await until(lambda: asyncio.get_running_loop().time() > asked_at + 0.15)
        assert (await exporter.metrics(Accept=OPEN_METRICS)).status == 200
        assert (await exporter.metrics()).is_up
        assert not slow.done()
        gate.opened.set()
        assert (await slow).is_up


@pytest.mark.parametrize("are_equal", [True, False])
async def test_fifty_scrapes_of_a_hung_node_all_end(are_equal: bool) -> None:
    """Side by side, whether they share their question or not."""
    async with exporting(silent, "--web.max-requests", "60") as (node, exporter):
        timeouts = ["3" if are_equal else f"{3 + number / 1000}" for number in range(50)]
        pages: list[Page] = await asyncio.gather(*(exporter.metrics(timeout) for timeout in timeouts))
        assert all(page.reasons == ["timeout"] for page in pages)
        assert 50 <= node.connections <= 100 or are_equal  # each asks a second time on a fresh connection
        await until(lambda: node.left == node.connections)


async def test_a_burst_of_a_hundred_scrapes_is_accepted() -> None:
    """No connection is reset: each gets its page, or a clear refusal if only forty requests may be in progress."""
    async with exporting(answering(), "--web.max-requests", "100") as (_, exporter):
        pages = await asyncio.gather(*(exporter.metrics() for _ in range(100)))
        assert all(page.is_up for page in pages)
    async with exporting(answering()) as (_, exporter):
        pages = await asyncio.gather(*(exporter.metrics() for _ in range(100)))
        assert {page.status for page in pages} <= {200, 503}
        rejected = sum(page.status == 503 for page in pages)
        assert (await exporter.metrics()).samples["nundb_exporter_requests_rejected_total",] == rejected


async def test_clients_that_never_finish_their_request_hold_up_nobody() -> None:
    """A hundred send half a request line and wait; scrapes go on, and so does the end."""
    async with exporting(answering()) as (_, exporter):
        idle = [await connect(exporter) for _ in range(100)]
        for _, writer in idle:
            writer.write(b"GET /metr")
            await writer.drain()
        assert (await exporter.metrics()).is_up
        exporter.send(signal.SIGTERM)
        assert await exporter.ended() == 0
        for _, writer in idle:
            writer.close()


async def test_what_is_no_http_request_is_refused_and_told_to_nobody() -> None:
    """A scanner's bytes give 400 at most; the log stays quiet and the next scrape is good."""
    async with exporting(answering()) as (_, exporter):
        for noise in (
            b"\0" * 100,
            b"\x16\x03\x01\x02\0\x01",
            b"GET /metrics HTTP/9.9\r\n\r\n",
            b"x" * 100_000 + b"\r\n\r\n",
        ):
            reader, writer = await connect(exporter)
            writer.write(noise)
            answer = b""
            with contextlib.suppress(ConnectionResetError):  # it may hang up before it has read all
                writer.write_eof()
                answer = await reader.read()
            assert answer[:12] in {b"", b"HTTP/1.1 400", b"HTTP/1.0 400", b"HTTP/1.1 505"}
            writer.close()
        assert (await exporter.metrics()).is_up
        assert "Traceback" not in exporter.output
