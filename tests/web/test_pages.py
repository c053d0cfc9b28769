"""Pages of scrapes: one scrape for all that is asked at the same moment, and a limit for all pages together."""

import asyncio
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import DEFAULT_URL, Module, Target, Web, parse_endpoint
from nundb_exporter.credentials import Credentials, Secret
from nundb_exporter.http_server import Handler, Request
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import Reply
from nundb_exporter.scrape import Scraper
from nundb_exporter.web.discovery import Discovery
from nundb_exporter.web.nodes import Nodes
from nundb_exporter.web.pages import Pages
from nundb_exporter.web.probe import Probe
from nundb_exporter.web.reports import Reports
from tests.judge.observed import TWO, said
from tests.scripted import ScriptedTransport
from tests.wire.waiting import answered

REQUEST = Request("GET", "/")


class SlowTransport(ScriptedTransport):
    """Answers when it may."""

    def __init__(self) -> None:
        answers = said("0", TWO)
        super().__init__(answers.node, answers.database)
        self.may_answer = asyncio.Event()

    async def execute(self, commands: Sequence[Command[object]], deadline: float) -> list[Reply]:
        """Return the replies once it may."""
        replies = await super().execute(commands, deadline)
        await self.may_answer.wait()
        return replies


class Served(NamedTuple):
    """The pages that are made of scrapes of the configured node."""

    metrics: Handler
    probe: Handler
    report: Handler


def pages(transport: ScriptedTransport, max_requests: int = 40) -> Served:
    """Return the pages of a node that is asked through this transport."""
    collectors = tuple(collector.name for collector in COLLECTORS if collector.is_default)
    target = Target(parse_endpoint("NUN_URL", DEFAULT_URL), Module(Credentials("nun", Secret("nun-pwd")), collectors))
    settings = Web(listen=(), max_requests=max_requests)
    nodes = Nodes(Fleet.of(target), settings, make=lambda node, _: Scraper(node, transport))
    discovery = Discovery(nodes)
    served = Pages(nodes, discovery)
    return Served(served.metrics, Probe(nodes).page, Reports(nodes, discovery, served.own_samples).page)


async def test_report_and_metrics_at_the_same_moment_are_of_one_scrape() -> None:
    """The node is asked once, whatever is made of its answers."""
    transport = SlowTransport()
    served = pages(transport)
    asked = [asyncio.create_task(answered(page(REQUEST))) for page in (served.report, served.metrics, served.report)]
    await asyncio.sleep(0)
    transport.may_answer.set()
    report, metrics, _ = await asyncio.gather(*asked)
    assert json.loads(report.body)["healthy"] is True
    assert b"\nnundb_up 1" in metrics.body
    assert sum("metrics-state" in commands for commands in transport.asked) == 1


async def test_metrics_and_a_probe_at_the_same_moment_are_pages_of_their_own() -> None:
    """They share the scrape, and only /metrics tells of the exporter itself."""
    transport = SlowTransport()
    served = pages(transport)
    requests = {
        served.metrics: Request("GET", "/metrics"),
        served.probe: Request("GET", "/probe", "target=localhost:3013"),
    }
    asked = [asyncio.create_task(answered(page(request))) for page, request in requests.items()]
    await asyncio.sleep(0)
    transport.may_answer.set()
    metrics, probe = await asyncio.gather(*asked)
    assert b"\nnundb_up 1" in metrics.body
    assert b"\nnundb_up 1" in probe.body
    assert b"nundb_exporter_" in metrics.body
    assert b"nundb_exporter_" not in probe.body
    assert sum("metrics-state" in commands for commands in transport.asked) == 1


async def test_a_report_counts_among_the_requests_in_progress() -> None:
    """One too many is refused at once, and counted."""
    transport = SlowTransport()
    served = pages(transport, max_requests=1)
    first = asyncio.create_task(answered(served.metrics(REQUEST)))
    await asyncio.sleep(0)
    refused = await answered(served.report(REQUEST))
    transport.may_answer.set()
    await first
    report = await answered(served.report(REQUEST))
    assert refused.status is HTTPStatus.SERVICE_UNAVAILABLE
    assert json.loads(report.body)["exporter"]["requests_rejected"] == 1
