"""`nundb-exporter` as a process: its pages, its limits, its end."""

import asyncio
import contextlib
import gzip
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open_metrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.settings import DEFAULT_TIMEOUT
from tests.programs import needed

from .exporter import OFFSET_SECONDS, TIMEOUT_HEADER, Exporter, Page, fetch, run, until
from .scripted import GOOD, Behaviour, Peer, ScriptedNode, answering, refusing, silent

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
OLD_NAMES = {
    "nun_db_op_log_pending_ops": 0,
    "nun_db_op_log_file_size": 350,
    "nun_db_op_log_ops": 14,
    "nun_db_replication_time_moving_avg": 39.5,
    "nun_db_query_time_moving_avg": 0.25,
}


@asynccontextmanager
async def exporting(behaviour: Behaviour, *arguments: str) -> AsyncIterator[tuple[ScriptedNode, Exporter]]:
    """Yield a node that behaves so, and an exporter of it."""
    async with ScriptedNode(behaviour) as node, Exporter(node.url, *arguments) as exporter:
        yield node, exporter


class Gate:
    """A node that answers well once it is let, and tells how many questions have come."""

    def __init__(self) -> None:
        self.questions = 0
        self.opened = asyncio.Event()

    async def __call__(self, peer: Peer) -> None:
        """Behave so."""
        while True:
            commands = await peer.commands()
            self.questions += 1
            await self.opened.wait()
            await peer.send(peer.wire.encode([GOOD[command] for command in commands]))


async def test_the_first_scrape_holds_the_five_old_names_and_the_new_families() -> None:
    """With the three variables alone, nothing of it is of an earlier scrape, or zero until the next."""
    async with exporting(answering()) as (_, exporter):
        page = await exporter.metrics()
    assert page.is_up
    assert {name: page.samples[name, "all"] for name in OLD_NAMES} == OLD_NAMES
    assert page.samples["nundb_oplog_size_bytes",] == 350
    assert page.samples["nundb_oplog_records",] == 14
    assert page.samples["nundb_query_duration_moving_average_seconds",] == 0.00025
    assert page.samples["nundb_node_role", "primary"] == 1
    assert page.samples["nundb_scrape_timeout_seconds",] == DEFAULT_TIMEOUT - OFFSET_SECONDS
    assert page.samples["nundb_exporter_requests_rejected_total",] == 0
    assert page.samples["nundb_exporter_samples_dropped_total",] == 0
    assert page.samples["process_cpu_seconds_total",] > 0
    defaults = {collector.name for collector in COLLECTORS if collector.is_default}
    assert {key[1] for key in page.samples if key[0] == "nundb_scrape_collector_success"} == defaults


async def test_both_formats_hold_the_same_and_are_read_by_the_reference_parsers() -> None:
    """Text 0.0.4 by default, OpenMetrics 1.0 to whom prefers it."""
    async with exporting(answering()) as (_, exporter):
        text = await exporter.metrics(Accept="text/plain")
        open_metrics = await exporter.metrics(Accept=f"{OPEN_METRICS}, text/plain;q=0.5")
        anything = await exporter.metrics()
    for page in (text, anything):
        assert page.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert open_metrics.headers["Content-Type"] == f"{OPEN_METRICS}; charset=utf-8"
    assert open_metrics.text.endswith("# EOF\n")
    names = {sample.name for family in parse_text(text.text) for sample in family.samples}
    families = parse_open_metrics(open_metrics.text)  # type: ignore[no-untyped-call] # it has no types
    assert names == {sample.name for family in families for sample in family.samples}


async def test_a_page_is_compressed_for_whom_asks_for_it_and_nobody_else() -> None:
    """`gzip;q=0` is a refusal, and no header is none."""
    async with exporting(answering()) as (_, exporter):
        packed = await exporter.metrics(Accept_Encoding="gzip")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "nundb_up 1\n" in gzip.decompress(packed.body).decode()
        for refusal in ("identity", "gzip;q=0", "deflate", "br, gzip;q=0.0"):
            page = await exporter.metrics(Accept_Encoding=refusal)
            assert "Content-Encoding" not in page.headers
            assert "nundb_up 1\n" in page.text


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/-/ready"])
async def test_head_gives_what_get_gives_without_the_body(path: str) -> None:
    """A load balancer asks so."""
    async with exporting(answering()) as (_, exporter):
        got = await fetch(exporter.url + path)
        head = await fetch(exporter.url + path, method="HEAD")
    assert got.status == head.status == 200
    assert got.body
    assert not head.body
    assert int(head.headers["Content-Length"]) > 0
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


async def test_other_pages_and_methods() -> None:
    """The landing page links the metrics; health asks no node; the rest is 404, or 405 for another method."""
    async with exporting(silent, "--web.telemetry-path", "/m") as (node, exporter):
        landing = await fetch(f"{exporter.url}/")
        assert landing.headers["Content-Type"].startswith("text/html")
        assert 'href="./m"' in landing.text
        assert "Nun-db" in landing.text
        for path in ("/-/healthy", "/-/ready"):
            assert (await fetch(exporter.url + path)).status == 200
        for path in ("/metrics", "/m/", "/favicon.ico", "/../etc/passwd", "/-/reload", "/probe"):
            missing = await fetch(exporter.url + path)
            assert missing.status == 404
            assert missing.headers["Server"] == "nundb-exporter"
        assert (await fetch(f"{exporter.url}/m", method="POST")).status == 405
        assert node.connections == 0


@pytest.mark.parametrize(
    ("header", "is_kept"),
    [("abc", False), ("-5", False), ("0", False), ("nan", False), ("-inf", False), ("1e-9", True), ("0.05", True)],
)
async def test_a_timeout_header_that_makes_no_sense_is_ignored_and_a_short_one_is_kept(
    header: str, is_kept: bool
) -> None:
    """It is never a 500. A node that hangs for a moment shows which timeout held."""
    gate = Gate()
    async with exporting(gate) as (node, exporter):
        asking = asyncio.create_task(exporter.metrics(header))
        if not is_kept:
            await until(lambda: gate.questions == 1)
            gate.opened.set()
        page = await asking
        assert page.status == 200
        # A short timeout may be over before there is a connection; half of it is left for a second attempt.
        assert page.reasons in ([["timeout"], ["connect"]] if is_kept else [[]])
        assert node.connections <= 2


async def test_odd_timeout_headers_give_a_page() -> None:
    """Numbers beyond all reason are clamped, what is no number is ignored."""
    async with exporting(answering()) as (_, exporter):
        for header in ("1e9", "inf", "1" * 400, "5, 5", "0x10", "\u0665", " 5 ", "5s", "", "1e-320", "1_0"):
            reader, writer = await _connect(exporter)
            writer.write(f"GET /metrics HTTP/1.1\r\nHost: x\r\n{TIMEOUT_HEADER}: {header}\r\n\r\n".encode())
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.close()


@pytest.mark.parametrize("header", ["10", "1e9", "1e308", "inf"])
async def test_a_client_that_leaves_takes_its_scrape_along(header: str) -> None:
    """The node sees the connection closed, whatever the timeout was, and the next scrape is none the worse."""
    async with exporting(silent) as (node, exporter):
        _, writer = await _connect(exporter)
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
        _, leaving = await _connect(exporter)
        leaving.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n")
        await until(lambda: gate.questions == 1)
        staying = asyncio.create_task(exporter.metrics())
        leaving.close()
        await until(lambda: gate.questions == 2)
        gate.opened.set()
        assert (await staying).is_up


async def test_equal_scrapes_at_one_moment_ask_the_node_once_and_one_too_many_is_refused() -> None:
    """Twenty are let in and share one answer; five more are answered 503, and counted."""
    gate = Gate()
    async with exporting(gate, "--web.max-requests", "20") as (_, exporter):
        connections = [await _connect(exporter) for _ in range(25)]
        exporter.send(signal.SIGSTOP)  # so that all have come when it goes on: one moment, however slow the machine
        for _, writer in connections:
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            await writer.drain()
        exporter.send(signal.SIGCONT)
        answers = [asyncio.create_task(reader.read()) for reader, _ in connections]
        await until(lambda: sum(answer.done() for answer in answers) == 5)
        assert all(answer.result().startswith(b"HTTP/1.1 503") for answer in answers if answer.done())
        gate.opened.set()
        bodies = await asyncio.gather(*answers)
        assert sum(b"\nnundb_up 1\n" in body for body in bodies) == 20
        assert gate.questions == 1
        assert (await exporter.metrics()).samples["nundb_exporter_requests_rejected_total",] == 5
        for _, writer in connections:
            writer.close()


async def test_a_slow_scrape_makes_no_other_wait() -> None:
    """While one hangs, those are answered that come later than a moment after, whether they differ or not."""
    gate = Gate()
    async with exporting(gate) as (node, exporter):
        slow = asyncio.create_task(exporter.metrics("600"))  # in half of this it would ask a second time
        await until(lambda: gate.questions == 1)
        node.behaviour = answering()
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
        reader, writer = await _connect(exporter)
        writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        exporter.send(number)
        assert await exporter.ended() == 0
        writer.close()


async def test_clients_that_never_finish_their_request_hold_up_nobody() -> None:
    """A hundred send half a request line and wait; scrapes go on, and so does the end."""
    async with exporting(answering()) as (_, exporter):
        idle = [await _connect(exporter) for _ in range(100)]
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
            reader, writer = await _connect(exporter)
            writer.write(noise)
            answer = b""
            with contextlib.suppress(ConnectionResetError):  # it may hang up before it has read all
                writer.write_eof()
                answer = await reader.read()
            assert answer[:12] in {b"", b"HTTP/1.1 400", b"HTTP/1.0 400", b"HTTP/1.1 505"}
            writer.close()
        assert (await exporter.metrics()).is_up
        assert "Traceback" not in exporter.output


async def test_a_port_that_is_taken_ends_with_2_and_one_line() -> None:
    """The line names the setting, the address and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = await run("--web.listen-address", f"127.0.0.1:{port}", url="http://127.0.0.1:1")
    assert ended.code == 2
    assert not ended.stdout
    (line,) = ended.stderr.splitlines()
    assert "--web.listen-address" in line
    assert f"127.0.0.1:{port}" in line
    assert "cannot listen (address already in use)" in line
    assert "choose another" in line


async def test_it_listens_on_ipv6_and_on_several_addresses() -> None:
    """`[::1]:0` and another one; each serves."""
    async with ScriptedNode(answering()) as node:
        async with Exporter(node.url, listen="[::1]:0") as exporter:
            assert exporter.url.startswith("http://[::1]:")
            assert (await exporter.metrics()).is_up
        async with Exporter(node.url, "--web.listen-address", "[::1]:0") as exporter:
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


async def test_what_a_live_page_says_is_as_promtool_wants_it() -> None:
    """`promtool check metrics` finds nothing, with every collector on."""
    every = [f"--collector.{collector.name}" for collector in COLLECTORS]
    async with ScriptedNode(answering()) as node, Exporter(node.url, *every) as exporter:
        page = await exporter.metrics()
    assert page.is_up
    process = await asyncio.create_subprocess_exec(
        needed("promtool"), "check", "metrics", stdin=-1, stdout=-1, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate(page.body)
    assert said.decode() == ""
    assert process.returncode == 0


async def _connect(exporter: Exporter) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = exporter.url.removeprefix("http://").rpartition(":")
    return await asyncio.open_connection(host, int(port))


def _is_refused(exporter: Exporter) -> bool:
    host, _, port = exporter.url.removeprefix("http://").rpartition(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) != 0
