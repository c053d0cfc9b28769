"""The exporter and the embedded Nun-db, which shares nothing of its decoding: true numbers over each transport."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from nundb_devserver import Node, NodeOptions
from nundb_devserver.data.members import Role
from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.settings import TransportPorts
from tests.wire.clients import ask
from tests.wire.clock import Clock
from tests.wire.exporter import SHORT, Exporter, scrape, serving, target
from tests.wire.pages import Page, fetch
from tests.wire.replies import PASSWORD, USER
from tests.wire.waiting import PATIENCE_SECONDS, until

EVERY = tuple(collector.name for collector in COLLECTORS)


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    """Return a running node that holds the database `shop`."""
    async with Node(NodeOptions(user=USER, password=PASSWORD)) as made:
        await until(lambda: made.role is Role.PRIMARY)
        await ask(made.options.http_port, f"auth {USER} {PASSWORD}", "create-db shop shop-token arbiter")
        yield made


def urls(node: Node) -> dict[str, str]:
    """Return the node's URL for each transport."""
    host, port = node.tcp_address
    return {"http": node.http_url, "tcp": f"tcp://{host}:{port}", "ws": node.ws_url}


@pytest.mark.parametrize("scheme", ["http", "tcp", "ws"])
async def test_every_collector_reads_a_live_node(node: Node, scheme: str, clock: Clock) -> None:
    """What was done to the node is what the page tells, whatever the transport."""
    written = ("arbiter", "set a 1", "set a 2", "set-safe a 0 stale", "set b one; two")
    await ask(node.options.http_port, "use-db shop shop-token", *written)
    ports = TransportPorts(
        http=node.options.http_port, tcp=node.options.tcp_port, websocket=node.options.websocket_port
    )
    clock.stop()  # a probe has a second
    page = await scrape(target(urls(node)[scheme], "shop", collectors=EVERY, ports=ports))
    assert page.is_up
    assert not page.failed_collectors
    assert page.samples["nundb_oplog_size_bytes",] == page.samples["nundb_oplog_records",] * 25
    assert page.samples["nundb_database_info", "shop", "arbiter"] == 1
    assert page.samples["nundb_database_conflicts", "shop", "unresolved"] == 1
    assert page.samples["nundb_database_connections", "shop"] == 0
    assert page.samples["nundb_node_role", "primary"] == 1
    assert page.samples["nundb_node_acting_primary",] == 1
    assert [page.samples["nundb_transport_up", name] for name in ("http", "tcp", "websocket")] == [1, 1, 1]


@pytest.mark.parametrize("seconds", [-30, 3600])
async def test_a_clock_that_differs_is_measured_over_http(node: Node, seconds: int) -> None:
    """In both directions, from the time that each answer carries; at least a second is lost to its resolution."""
    node.conditions.clock_offset_nanoseconds = seconds * 1_000_000_000
    page = await scrape(target(node.http_url))
    assert page.samples["nundb_clock_offset_seconds",] == pytest.approx(seconds, abs=2)


@pytest.mark.parametrize(("scheme", "is_told"), [("http", True), ("tcp", False), ("ws", False)])
async def test_only_http_carries_the_nodes_time(node: Node, scheme: str, is_told: bool) -> None:
    """A clock that agrees is 0, and one of which nothing is known is absent."""
    page = await scrape(target(urls(node)[scheme]))
    assert page.samples.get(("nundb_clock_offset_seconds",)) == (0 if is_told else None)


@pytest.mark.parametrize("scheme", ["http", "tcp", "ws"])
async def test_scraping_leaves_no_connection_behind(node: Node, scheme: str) -> None:
    """Many scrapes of a database later it counts none: a second use-db on a connection would leak one for ever."""
    async with serving(target(urls(node)[scheme], "shop", collectors=EVERY)) as url:
        pages: list[Page] = [await fetch(f"{url}/metrics", timeout_header=str(number)) for number in range(20, 30)]
        assert all(page.samples["nundb_database_connections", "shop"] == 0 for page in pages)


@pytest.mark.parametrize("scheme", ["http", "tcp", "ws"])
async def test_a_restart_between_scrapes_costs_none(node: Node, scheme: str) -> None:
    """The node ends and starts again with its data; its start time tells."""
    async with serving(target(urls(node)[scheme])) as url:
        before = await fetch(f"{url}/metrics")
        assert before.is_up
        node.stop()
        await node.start()
        after = await fetch(f"{url}/metrics")
        assert after.is_up
        start = ("nundb_process_start_time_seconds",)
        assert after.samples[start] > before.samples[start]


async def test_an_exporter_recovers_with_a_node_that_was_frozen(node: Node) -> None:
    """As after SIGSTOP: the kernel accepts, nobody answers; when it goes on, so do the metrics."""
    async with Exporter(node.http_url) as exporter:
        assert (await exporter.metrics()).is_up
        node.hang()
        page = await exporter.metrics(SHORT)
        assert page.reasons == ["timeout"]
        node.resume()
        assert (await exporter.metrics()).is_up
        async with asyncio.timeout(PATIENCE_SECONDS):
            while "recovered" not in exporter.output:  # by a scrape that is given as little time
                await exporter.metrics(SHORT)


async def test_a_wrong_password_is_told(node: Node) -> None:
    """By a server that says HTTP 200 to it."""
    async with Exporter(node.http_url, NUN_PWD="another") as exporter:
        page = await exporter.metrics()
        assert page.reasons == ["auth"]
        await until(lambda: "invalid user or password" in exporter.output)
