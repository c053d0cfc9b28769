"""The pages of `nundb-exporter` as a process: their formats, and the timeouts that scrapers announce."""

import asyncio
import gzip

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open_metrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.settings import DEFAULT_TIMEOUT
from tests.programs import needed
from tests.wire.behaviours import answering, silent
from tests.wire.exporter import OFFSET_SECONDS, Exporter
from tests.wire.pages import TIMEOUT_HEADER, fetch
from tests.wire.scripted import ScriptedNode
from tests.wire.waiting import until

from .exporting import Gate, connect, exporting

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


OLD_NAMES = {
    "nun_db_op_log_pending_ops": 0,
    "nun_db_op_log_file_size": 350,
    "nun_db_op_log_ops": 14,
    "nun_db_replication_time_moving_avg": 39.5,
    "nun_db_query_time_moving_avg": 0.25,
}


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


async def test_the_landing_page_links_the_metrics() -> None:
    """Wherever --web.telemetry-path puts them."""
    async with exporting(silent, "--web.telemetry-path", "/m") as (_, exporter):
        landing = await fetch(f"{exporter.url}/")
        assert landing.headers["Content-Type"].startswith("text/html")
        assert 'href="./m"' in landing.text
        assert "Nun-db" in landing.text


async def test_health_asks_no_node() -> None:
    """The exporter is well, however the node is."""
    async with exporting(silent) as (node, exporter):
        for path in ("/-/healthy", "/-/ready"):
            assert (await fetch(exporter.url + path)).status == 200
        assert node.connections == 0


async def test_there_is_nothing_at_other_paths_or_by_other_methods() -> None:
    """404, or 405 for another method; the node is not asked."""
    async with exporting(silent, "--web.telemetry-path", "/m") as (node, exporter):
        for path in ("/metrics", "/m/", "/favicon.ico", "/../etc/passwd", "/-/reload/", "/probe/"):
            missing = await fetch(exporter.url + path)
            assert missing.status == 404
            assert missing.headers["Server"] == "nundb-exporter"
        assert (await fetch(f"{exporter.url}/m", method="POST")).status == 405
        assert node.connections == 0


@pytest.mark.parametrize("header", ["abc", "-5", "0", "nan", "-inf"])
async def test_a_timeout_header_that_makes_no_sense_is_ignored(header: str) -> None:
    """It is never a 500: a node that hangs for a moment shows that another timeout held."""
    gate = Gate()
    async with exporting(gate) as (_, exporter):
        asking = asyncio.create_task(exporter.metrics(header))
        await until(lambda: gate.questions == 1)
        gate.opened.set()
        assert (await asking).is_up


@pytest.mark.parametrize("header", ["1e-9", "0.05"])
async def test_a_short_timeout_is_kept(header: str) -> None:
    """It may be over before there is a connection; half of it is left for a second attempt."""
    async with exporting(silent) as (node, exporter):
        page = await exporter.metrics(header)
        assert page.status == 200
        assert page.reasons in (["timeout"], ["connect"])
        assert node.connections <= 2


async def test_odd_timeout_headers_give_a_page() -> None:
    """Numbers beyond all reason are clamped, what is no number is ignored."""
    async with exporting(answering()) as (_, exporter):
        for header in ("1e9", "inf", "1" * 400, "5, 5", "0x10", "\u0665", " 5 ", "5s", "", "1e-320", "1_0"):
            reader, writer = await connect(exporter)
            writer.write(f"GET /metrics HTTP/1.1\r\nHost: x\r\n{TIMEOUT_HEADER}: {header}\r\n\r\n".encode())
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.close()


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
