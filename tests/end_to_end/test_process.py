"""`nundb-exporter` as a process: where it listens, what it logs, how it ends."""

import asyncio
import contextlib
import signal
import socket

import aiohttp
import pytest

from tests.wire.behaviours import answering, silent
from tests.wire.exporter import Exporter
from tests.wire.ports import refusing, taken
from tests.wire.program import run
from tests.wire.scripted import ScriptedNode
from tests.wire.waiting import until

from .exporting import Gate, connect, exporting


async def test_sigterm_lets_a_scrape_finish_and_ends_with_0() -> None:
    """Whoever waits for a page gets it; nobody new is let in; nothing is said of errors."""
    gate = Gate()
    async with exporting(gate) as (_, exporter):
        page = asyncio.create_task(exporter.metrics())
        await until(lambda: gate.questions == 1)
        exporter.send(signal.SIGTERM)
        await until(lambda: "stopping" in exporter.output)
        await until(lambda: _is_refused(exporter))
        gate.opened.set()
        assert (await page).is_up
        assert await exporter.ended() == 0
        assert "error" not in exporter.output.lower()
        assert "Traceback" not in exporter.output


async def test_sigterm_does_not_wait_for_a_node_that_hangs() -> None:
    """The scrape may take ten minutes; Docker waits ten seconds."""
    async with exporting(silent) as (node, exporter):
        page = asyncio.create_task(exporter.metrics("600"))
        await until(lambda: node.connections == 1)
        exporter.send(signal.SIGTERM)
        assert await exporter.ended() == 0
        assert "Traceback" not in exporter.output
        with contextlib.suppress(aiohttp.ClientError):
            await page


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_idle_connection_does_not_keep_it_from_ending(number: signal.Signals) -> None:
    """A client that keeps its connection open does not count as a scrape in progress."""
    async with exporting(answering()) as (_, exporter):
        reader, writer = await connect(exporter)
        writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        exporter.send(number)
        assert await exporter.ended() == 0
        writer.close()


async def test_a_port_that_is_taken_ends_with_2_and_one_line() -> None:
    """The line names the setting, the address and what to do."""
    with taken() as port:
        ended = await run("--web.listen-address", f"127.0.0.1:{port}", url="http://127.0.0.1:1")
    assert ended.code == 2
    assert not ended.stdout
    (line,) = ended.stderr.splitlines()
    assert "--web.listen-address" in line
    assert f"127.0.0.1:{port}" in line
    assert "cannot listen (address already in use)" in line
    assert "choose another" in line


async def test_it_listens_on_ipv6() -> None:
    """`[::1]:0` is an address with any port."""
    async with ScriptedNode(answering()) as node, Exporter(node.url, listen="[::1]:0") as exporter:
        assert exporter.url.startswith("http://[::1]:")
        assert (await exporter.metrics()).is_up


async def test_it_listens_on_several_addresses() -> None:
    """The flag may be repeated."""
    async with exporting(answering(), "--web.listen-address", "[::1]:0") as (_, exporter):
        await until(lambda: exporter.output.count(" serves ") == 2)
        assert "http://127.0.0.1:" in exporter.output
        assert "http://[::1]:" in exporter.output


async def test_it_starts_while_the_node_is_down_and_recovers_with_it() -> None:
    """An exporter that refused to start would have to be started again with every node."""
    with refusing() as port:
        node = ScriptedNode(answering(), port=port)
        exporter = Exporter(node.url)
        async with exporter:
            assert (await exporter.metrics()).reasons == ["connect"]
    async with ScriptedNode(answering()) as node, Exporter(node.url) as exporter:
        for _ in range(2):
            assert (await exporter.metrics()).is_up
            await node.stop()
            page = await exporter.metrics()
            assert page.reasons == ["connect"]
            assert not page.node_families
            await node.start()
        assert (await exporter.metrics()).is_up
        await until(lambda: exporter.output.count("recovered") == 2)


async def test_a_node_that_stays_down_is_logged_once() -> None:
    """A scrape every few seconds must not fill a disk with the same line."""
    with refusing() as port:
        async with Exporter(f"http://127.0.0.1:{port}") as exporter:
            for _ in range(5):
                await exporter.metrics()
            exporter.send(signal.SIGTERM)
            await exporter.ended()
            assert exporter.output.count("connection refused") == 1


async def test_scrapers_with_different_timeouts_do_not_fill_the_log() -> None:
    """A node that is too slow for one and fast enough for the other has one failure, not one at each pair."""
    gate = Gate()
    async with exporting(gate) as (_, exporter):
        for _ in range(3):
            gate.opened.clear()
            assert (await exporter.metrics("0.4")).reasons == ["timeout"]
            asked = gate.questions
            asking = asyncio.create_task(exporter.metrics("20"))
            await until(lambda asked=asked: gate.questions > asked)  # type: ignore[misc]
            gate.opened.set()
            assert (await asking).is_up
        exporter.send(signal.SIGTERM)
        await exporter.ended()
        assert exporter.output.count("failed") == 1
        assert "recovered" not in exporter.output


def _is_refused(exporter: Exporter) -> bool:
    host, _, port = exporter.url.removeprefix("http://").rpartition(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) != 0
