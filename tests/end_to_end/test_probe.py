"""/probe: one node that the query names, asked as /metrics asks the configured one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import pytest

from nundb_exporter.config.allow import AllowList, parse_allowed
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.metrics import Family, Sample, Subject
from tests.wire.behaviours import answering, saying, silent
from tests.wire.exporter import LONG, SHORT, serving_fleet, target
from tests.wire.framing import http
from tests.wire.pages import Page, fetch
from tests.wire.replies import PASSWORD, PENDING, Said, script
from tests.wire.scripted import Behaviour, ScriptedNode

NUMBER = Family("nundb_test_number", "gauge", "Number", "test", since=None)
OWN_FAMILIES = ("nundb_exporter_", "process_", "python_info")


@contextlib.asynccontextmanager
async def probing(*behaviours: Behaviour, scheme: str = "http") -> AsyncIterator[tuple[str, list[ScriptedNode]]]:
    """Serve a fleet that has no nodes and allows these, and yield the URL of /probe and the nodes."""
    async with contextlib.AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(ScriptedNode(behaviour, scheme)) for behaviour in behaviours]
        allow = AllowList(tuple(parse_allowed("allow", f"127.0.0.1:{node.port}") for node in nodes))
        modules = {name: target(f"{scheme}://127.0.0.1:1").module for name in ("default", "other")}
        url = await stack.enter_async_context(serving_fleet(Fleet((), modules, allow)))
        yield f"{url}/probe", nodes


async def probe(url: str, node: ScriptedNode, more: str = "", seconds: str = LONG) -> Page:
    """Probe a node."""
    return await fetch(f"{url}?target={quote(node.url)}{more}", timeout_header=seconds)


@pytest.mark.parametrize("scheme", ["http", "tcp", "ws"])
async def test_a_node_is_probed_without_the_exporter_s_own_families(scheme: str) -> None:
    """They would appear once for each target; the scrape's own families are there."""
    async with probing(answering(), scheme=scheme) as (url, (node,)):
        page = await probe(url, node)
    assert page.is_up
    assert page.samples["nundb_oplog_records",] == 14
    assert page.samples["nundb_scrape_timeout_seconds",] == pytest.approx(float(LONG) - 1.6)
    assert not [key for key in page.samples if key[0].startswith(OWN_FAMILIES)]


async def test_a_node_that_is_down_is_a_page_with_the_reason() -> None:
    """As on /metrics: 200, nundb_up 0."""
    async with probing(silent) as (url, (node,)):
        page = await probe(url, node, seconds=SHORT)
    assert (page.status, page.reasons) == (200, ["timeout"])


async def test_connections_are_kept_from_one_probe_to_the_next() -> None:
    """For each target and module."""
    async with probing(answering()) as (url, (node,)):
        for _ in range(3):
            assert (await probe(url, node)).is_up
        assert node.connections == 1
        assert (await probe(url, node, "&module=other")).is_up
        assert node.connections == 2


async def test_probes_of_one_target_at_the_same_moment_share_one_question() -> None:
    """As scrapes of /metrics do."""
    async with probing(answering()) as (url, (node,)):
        pages = await asyncio.gather(*(probe(url, node) for _ in range(8)))
    assert all(page.is_up for page in pages)
    assert node.commands.count("metrics-state") < 8


async def test_a_target_that_hangs_holds_up_no_other() -> None:
    """More requests wait for it than may for one target: only those are refused."""
    async with probing(silent, answering()) as (url, (hung, well)):
        waiting = [asyncio.create_task(probe(url, hung, f"&debug={number % 2}")) for number in range(2)]
        waiting += [asyncio.create_task(probe(url, hung, seconds=f"{20 + number / 10}")) for number in range(60)]
        page = await probe(url, well)
        assert page.is_up
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_trace_tells_what_was_asked_answered_and_made_of_it() -> None:
    """Which address was dialled, in how long, each command with its reply, and the samples."""
    async with probing(answering()) as (url, (node,)):
        page = await probe(url, node, "&debug=true")
    lines = page.text.splitlines()
    assert page.status == 200
    assert lines[0] == f"target: {node.url}"
    assert lines[1] == "module: default, as user nun"
    assert lines[2] == "dialled: 127.0.0.1"
    assert lines[4] == "result: up"
    assert "  > auth nun ****" in lines
    assert "  < valid auth" in lines
    asked = lines.index("  > metrics-state")
    assert lines[asked + 1].startswith("  < metrics-state pending_ops: 0, op_log_file_size: 350")
    assert any(line.startswith("collector oplog: ok (") for line in lines)
    assert "nundb_oplog_records 14" in lines


async def test_a_trace_hides_values_and_secrets() -> None:
    """Those of the operations that are pending, and a password that a node repeats."""
    told = Said("pending-ops \n1795400324150000000 rp shop key stored-value,10.0.0.2:3014\n")
    replies = script(metrics_state=PENDING, debug_pending_ops=told)
    replies["cluster-state"] = Said(error=f"no {PASSWORD} here")
    replies["debug list-dbs"] = Said(error=f"unknown command: {PASSWORD}")
    async with probing(answering(replies)) as (url, (node,)):
        page = await probe(url, node, "&debug=true")
    assert "  > debug pending-ops" in page.text
    assert "stored-value" not in page.text
    assert PASSWORD not in page.text
    assert f"  < error: {len(PASSWORD) + 8} characters, not shown because stored values" in page.text
    assert "  < error: unknown command\n" in page.text


async def test_a_trace_of_a_node_that_is_down_says_where_it_ended() -> None:
    """The failure stands in the place of the replies."""
    async with probing(silent) as (url, (node,)):
        page = await probe(url, node, "&debug=true", seconds=SHORT)
    assert f"result: timeout: 127.0.0.1:{node.port}: request: connected, and not answered in time" in page.text
    assert "  > metrics-state" in page.text


async def test_a_node_that_is_left_alone_is_traced_over_tcp_alone() -> None:
    """Each question over HTTP could end another of its workers, whoever asks it and however often."""
    broken = saying(http(b"", "500 Internal Server Error"))
    async with probing(broken) as (url, (node,)):
        assert (await probe(url, node)).reasons == ["protocol"]
        questions = node.connections
        for _ in range(4):
            page = await probe(url, node, "&debug=true")
            assert "the node is not asked again before" in page.text
    assert node.connections == questions


@pytest.mark.parametrize(
    "query",
    [
        "",
        "target=",
        "target=localhost:1",
        "target=127.0.0.1:{port}&module=west",
        "target=127.0.0.1:{port}&x=1",
        "target=127.0.0.1:{port}&target=127.0.0.1:{port}",
        "target=user:pw@127.0.0.1:{port}",
    ],
)
async def test_a_bad_query_is_status_400_with_one_line_and_nobody_is_asked(query: str) -> None:
    """The line says what is wrong."""
    async with probing(answering()) as (url, (node,)):
        page = await fetch(f"{url}?{query.format(port=node.port)}", timeout_header=LONG)
        assert node.connections == 0
    assert page.status == 400
    assert page.text.startswith("400 Bad Request: ")
    assert page.text.count("\n") == 1


async def test_an_exporter_of_one_node_probes_that_node_alone() -> None:
    """Without a configuration file nothing else is allowed."""
    async with ScriptedNode(answering()) as node, ScriptedNode(answering()) as other:
        async with serving_fleet(Fleet.of(target(node.url))) as url:
            assert (await probe(f"{url}/probe", node)).is_up
            refused = await probe(f"{url}/probe", other)
        assert (refused.status, other.connections) == (400, 0)
        assert refused.text == f"400 Bad Request: target {other.url} is not in targets.allow.\n"


class Apart:
    """A source that does not know of which node it tells, as a log."""

    subject = Subject(name="apart", help="A test.", families=(NUMBER,))

    def samples(self) -> Iterator[Sample]:
        """Yield a number."""
        yield NUMBER.sample(7)


@pytest.mark.parametrize(
    ("count", "query", "shown", "is_with_node"),
    [(1, "", 7, True), (1, "?node=none", None, False), (2, "", 7, False), (2, "?node=none", 7, False)],
)
async def test_what_tells_of_no_particular_node_is_on_the_page_of_the_exporter(
    count: int, query: str, shown: float | None, *, is_with_node: bool
) -> None:
    """With one node it tells of that one, and leaves the page with it: /probe has both."""
    async with contextlib.AsyncExitStack() as stack:
        nodes = [target((await stack.enter_async_context(ScriptedNode(answering()))).url) for _ in range(count)]
        url = await stack.enter_async_context(
            serving_fleet(Fleet(tuple(nodes), {"default": nodes[0].module}), sources=[Apart()])
        )
        page = await fetch(f"{url}/metrics{query}", timeout_header=LONG)
        probed = await fetch(f"{url}/probe?target={nodes[0].endpoint}", timeout_header=LONG)
    assert page.samples.get((NUMBER.name,)) == shown
    assert (("nundb_up",) in page.samples) is is_with_node
    assert page.samples["nundb_exporter_requests_rejected_total",] == 0
    assert probed.samples.get((NUMBER.name,)) == (7 if count == 1 else None)


async def test_a_page_without_something_else_than_the_node_is_status_400() -> None:
    """With a line that says what there is."""
    async with ScriptedNode(answering()) as node, serving_fleet(Fleet.of(target(node.url))) as url:
        page = await fetch(f"{url}/metrics?node=one", timeout_header=LONG)
        assert node.connections == 0
    assert (page.status, page.text.count("\n")) == (400, 1)


class Standing:
    """A source beside the node of its number, which tells its number."""

    subject = Subject(name="standing", help="A test.", families=(NUMBER,))

    def __init__(self, fleet: Fleet, number: int) -> None:
        self.node = fleet.nodes[number]
        self._number = number

    def samples(self) -> Iterator[Sample]:
        """Yield it."""
        yield NUMBER.sample(self._number)


async def test_what_stands_beside_one_of_several_nodes_is_on_its_page() -> None:
    """As the canary's metrics: the rules then see its job and its instance, and its findings are that node's."""
    async with ScriptedNode(answering()) as first, ScriptedNode(answering()) as second:
        nodes = (target(first.url), target(second.url))
        fleet = Fleet(nodes, {"default": nodes[0].module})
        async with serving_fleet(fleet, sources=[Standing(fleet, 1)]) as url:
            own = await fetch(f"{url}/metrics", timeout_header=LONG)
            pages = [await probe(f"{url}/probe", node) for node in (first, second)]
    assert [page.samples.get((NUMBER.name,)) for page in (own, *pages)] == [None, None, 1]
    assert pages[1].samples["nundb_scrape_collector_success", "standing"] == 1
