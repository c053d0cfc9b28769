"""/report: the judgement of all configured nodes and of those that they name, or of the one that the query names."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from nundb_exporter import __version__
from nundb_exporter.errors import ConfigError, NotAllowedError
from nundb_exporter.http_server import Answer, Request, Response
from nundb_exporter.metrics import Answers, Sample
from nundb_exporter.results import Scrape
from nundb_exporter.web.discovery import Discovery
from nundb_exporter.web.nodes import Nodes
from nundb_exporter.web.scraped import ScrapedNode, allowed_seconds, written
from nundb_exporter.web.selection import RefusedError, names_target, select

_JSON: Final = "application/json"
_NOTHING: Final = Scrape(samples=(), answers=Answers(), collectors={}, error=None, seconds=0.0)
"""What was asked of no node."""
_SHORTEST_SECONDS: Final = 0.5
"""What is left for nodes that have just been found; with less they are asked the next time."""


class Reports:
    """Judges the nodes of a fleet."""

    def __init__(self, nodes: Nodes, discovery: Discovery, own_samples: Callable[[], Sequence[Sample]]) -> None:
        self._nodes = nodes
        self._discovery = discovery
        self._own_samples = own_samples
        self._in_progress = 0

    def page(self, request: Request) -> Answer:
        """Return the report, or status 400 with the reason why a node is not asked."""
        node = self._nodes.single
        if names_target(request.query):
            try:
                node = self._nodes.get(select(self._nodes.fleet, request.query))
            except (RefusedError, ConfigError) as error:
                return Response.of_status(HTTPStatus.BAD_REQUEST, str(error))
        elif node is None or self._nodes.fleet.allow.entries:
            return self._of_all(request)

        def write(scrape: Scrape, allowed: float) -> str:
            self._learn(node, scrape)
            return self._judge([(node, scrape)], allowed, are_several=False)

        return node.page(request, _JSON, write)

    def _learn(self, node: ScrapedNode, scrape: Scrape) -> None:
        if node in self._nodes.configured:
            self._discovery.learn(node.scraper.target.endpoint, scrape)

    async def _of_all(self, request: Request) -> Response:
        if self._in_progress >= self._nodes.settings.max_requests:
            return self._nodes.tally.reject(self._in_progress)
        self._in_progress += 1
        try:
            allowed = allowed_seconds(request, self._nodes.settings)
            return written(request, _JSON, self._judge(await self._scrape_all(allowed), allowed, are_several=True))
        finally:
            self._in_progress -= 1

    async def _scrape_all(self, allowed: float) -> list[tuple[ScrapedNode, Scrape]]:
        """Scrape the configured nodes and those that they named before, then those that they have just named."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + allowed
        known = [*self._nodes.configured, *map(self._nodes.get, self._discovery.members())]
        done = await self._scrape(known, allowed)
        asked = {node.scraper.target.endpoint for node, _ in done}
        new = [each for each in self._discovery.members() if each.target.endpoint not in asked]
        left = deadline - loop.time()
        if new and left >= _SHORTEST_SECONDS:
            done += await self._scrape([self._nodes.get(each) for each in new], left)
        return [(node, scrape) for node, scrape in done if not isinstance(scrape.error, NotAllowedError)]

    async def _scrape(self, nodes: Sequence[ScrapedNode], allowed: float) -> list[tuple[ScrapedNode, Scrape]]:
        scrapes = await asyncio.gather(*(node.scrape(allowed) for node in nodes))
        for node, scrape in zip(nodes, scrapes, strict=True):
            self._learn(node, scrape)
        return list(zip(nodes, scrapes, strict=True))

    def _judge(self, scraped: Sequence[tuple[ScrapedNode, Scrape]], allowed: float, *, are_several: bool) -> str:
        from nundb_exporter.judge import describe, describe_exporter, judge, to_json  # noqa: PLC0415 - no scrape needs it

        now = time.time()
        nodes = [describe(str(node.scraper.target.endpoint), scrape, now, allowed) for node, scrape in scraped]
        if are_several:
            nodes = [
                replace(report, page=f"./?{node.query}", module=node.module)
                for report, (node, _) in zip(nodes, scraped, strict=True)
            ]
        exporter = describe_exporter(self._own_samples(), __version__, now)
        beside = None
        if are_several and self._nodes.single is None:  # the only node has what is read beside it
            beside = describe("", self._nodes.sources_apart.joined(_NOTHING), now)
        return to_json(judge(nodes, exporter, beside))
