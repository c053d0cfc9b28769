"""Pages of scrapes: one scrape for all that is asked at the same moment, and a limit for all pages together."""

import asyncio
import json
from collections.abc import Sequence
from http import HTTPStatus

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.settings import DEFAULT_URL, Module, Target, Web, parse_endpoint
from nundb_exporter.credentials import Credentials, Secret
from nundb_exporter.http_server import Request
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import Reply
from nundb_exporter.scrape import Scraper
from nundb_exporter.web.pages import Pages
from tests.judge.observed import TWO, said
from tests.scripted import ScriptedTransport

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


def pages(transport: ScriptedTransport, max_requests: int = 40) -> Pages:
    """Return the pages of a node that is asked through this transport."""
    collectors = tuple(collector.name for collector in COLLECTORS if collector.is_default)
    target = Target(parse_endpoint("NUN_URL", DEFAULT_URL), Module(Credentials("nun", Secret("nun-pwd")), collectors))
    return Pages(Scraper(target, transport), Web(listen=(), max_requests=max_requests))


async def test_report_and_metrics_at_the_same_moment_are_of_one_scrape() -> None:
    """The node is asked once, whatever is made of its answers."""
    transport = SlowTransport()
    served = pages(transport)
    asked = [asyncio.create_task(page(REQUEST)) for page in (served.report, served.metrics, served.report)]
    await asyncio.sleep(0)
    transport.may_answer.set()
    report, metrics, _ = await asyncio.gather(*asked)
    assert json.loads(report.body)["healthy"] is True
    assert b"\nnundb_up 1" in metrics.body
    assert sum("metrics-state" in commands for commands in transport.asked) == 1


async def test_a_report_counts_among_the_requests_in_progress() -> None:
    """One too many is refused at once, and counted."""
    transport = SlowTransport()
    served = pages(transport, max_requests=1)
    first = asyncio.create_task(served.metrics(REQUEST))
    await asyncio.sleep(0)
    refused = await served.report(REQUEST)
    transport.may_answer.set()
    await first
    report = await served.report(REQUEST)
    assert refused.status is HTTPStatus.SERVICE_UNAVAILABLE
    assert json.loads(report.body)["exporter"]["requests_rejected"] == 1
