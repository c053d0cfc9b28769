"""/report of several nodes: those that are configured, and those that they name, as far as they may be asked."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from nundb_exporter.client.route import Route
from nundb_exporter.config.allow import AllowList, parse_allowed
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Module, Target, Web, parse_endpoint
from nundb_exporter.credentials import Credentials, Secret
from nundb_exporter.http_server import Request
from nundb_exporter.scrape import Scraper
from nundb_exporter.web.discovery import Discovery
from nundb_exporter.web.nodes import Nodes
from nundb_exporter.web.reports import Reports
from tests.judge.observed import said
from tests.scripted import ScriptedTransport
from tests.wire.waiting import answered

LISTS = {
    "a": " a:1(self):Primary , b:1(Connected):Secoundary, c:1(Connected):Secoundary,",  # sic
    "b": " a:1(Connected):Primary , b:1(self):Secoundary, c:1(Connected):Secoundary,",  # sic
    "c": " a:1(Connected):Primary , b:1(Connected):Secoundary, c:1(self):Secoundary,",  # sic
}
MODULE = Module(Credentials("nun", Secret("nun-pwd")), ("cluster", "databases", "process", "replication", "pending"))


class World:
    """The reports of an exporter that knows these nodes, and may ask what the entries allow."""

    def __init__(self, configured: Sequence[str], *allowed: str) -> None:
        targets = tuple(Target(parse_endpoint("node", f"http://{host}:3013"), MODULE) for host in configured)
        allow = AllowList(tuple(parse_allowed("allow", entry) for entry in allowed))
        self.asked: list[str] = []
        nodes = Nodes(Fleet(targets, {"default": MODULE}, allow), Web(listen=(), max_requests=1), make=self._scraper)
        self.reports = Reports(nodes, Discovery(nodes), list)

    def _scraper(self, target: Target, _: Route) -> Scraper:
        host = target.endpoint.host
        self.asked.append(host)
        answers = said("0", LISTS[host])
        return Scraper(target, ScriptedTransport(answers.node, answers.database))

    async def report(self, query: str = "") -> Any:  # noqa: ANN401 - JSON
        """Return the report."""
        response = await answered(self.reports.page(Request("GET", "/report", query)))
        assert response.status == HTTPStatus.OK
        return json.loads(response.body)


def urls(report: Any) -> list[str]:  # noqa: ANN401 - JSON
    """Return the URLs of a report's nodes."""
    return [node["url"] for node in report["nodes"]]


async def test_all_configured_nodes_are_judged_together() -> None:
    """Each with the way to its own page, and who sees whom."""
    report = await World(("a", "b", "c")).report()
    assert urls(report) == ["http://a:3013", "http://b:3013", "http://c:3013"]
    assert report["nodes"][1]["page"] == "./?target=http%3A%2F%2Fb%3A3013&module=default"
    assert [[sight["text"] for sight in view["sights"]] for view in report["views"]] == [["P", "S", "S"]] * 3
    assert report["headline"] == "3 nodes up"


async def test_members_that_are_allowed_are_asked_too() -> None:
    """At once, though only one node is configured; a member that is not allowed is never asked."""
    world = World(("a",), "b:3013")
    assert urls(await world.report()) == ["http://a:3013", "http://b:3013"]
    assert world.asked == ["a", "b"]
    assert urls(await world.report()) == ["http://a:3013", "http://b:3013"]
    assert world.asked == ["a", "b"]


async def test_one_node_of_several_has_a_report_of_its_own() -> None:
    """The query names it, as for /probe."""
    world = World(("a", "b", "c"))
    report = await world.report("target=b:3013")
    assert (urls(report), report["views"]) == (["http://b:3013"], [])
    refused = await answered(world.reports.page(Request("GET", "/report", "target=evil:3013")))
    assert refused.status == HTTPStatus.BAD_REQUEST


async def test_without_nodes_the_report_says_so() -> None:
    """An exporter that only probes what is allowed."""
    report = await World((), "b:3013").report()
    assert (report["headline"], report["nodes"], report["healthy"]) == ("No node is configured", [], True)
