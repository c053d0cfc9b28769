"""/probe: the metrics of one node that the query names, and nothing of the exporter itself."""

import asyncio
import dataclasses
from http import HTTPStatus
from typing import Final

from nundb_exporter.errors import ConfigError, NotAllowedError
from nundb_exporter.exposition import Format, choose_format, render
from nundb_exporter.http_server import Answer, Request, Response
from nundb_exporter.metrics import SCRAPE_TIMEOUT
from nundb_exporter.results import Scrape
from nundb_exporter.scrape import Scraper
from nundb_exporter.web.nodes import Nodes
from nundb_exporter.web.scraped import allowed_seconds
from nundb_exporter.web.selection import RefusedError, Selection, select

_MOST_TRACED: Final = 4
"""Traces at a time: each has connections of its own, which are not kept."""


class Probe:
    """Answers /probe for the nodes of a fleet and for what is allowed besides."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._traced = 0

    def page(self, request: Request) -> Answer:
        """Return the metrics of the node, or status 400 with the reason why it is not asked."""
        try:
            selection = select(self._nodes.fleet, request.query)
            if selection.is_debug:
                return self._trace(request, selection)
            node = self._nodes.get(selection)
        except (RefusedError, ConfigError) as error:
            return Response.of_status(HTTPStatus.BAD_REQUEST, str(error))
        form = choose_format(request.headers.get("accept", ""))
        return node.page(request, form.value, lambda scrape, allowed: self._render(scrape, allowed, form))

    def _render(self, scrape: Scrape, allowed: float, form: Format) -> str:
        page = render([*scrape.samples, SCRAPE_TIMEOUT.sample(allowed)], form)
        self._nodes.tally.dropped += page.dropped
        return page.text

    async def _trace(self, request: Request, selection: Selection) -> Response:
        """Scrape the node by itself, over connections of its own, and tell all about it."""
        from nundb_exporter.client.traced import TracedTransport  # noqa: PLC0415 - no scrape needs it
        from nundb_exporter.web.trace import written  # noqa: PLC0415

        if self._traced >= _MOST_TRACED:
            self._nodes.tally.rejected += 1
            text = f"{self._traced} requests with debug=true are in progress, which is as many as may be.\n"
            return Response.of_text(text, HTTPStatus.SERVICE_UNAVAILABLE)
        dialled: list[str] = []
        route = dataclasses.replace(selection.route, dialled=dialled.append)
        transport = TracedTransport(self._nodes.transport(selection.target, route))
        scraper = Scraper(selection.target, transport, route=route)
        scraper.failure_log = self._nodes.failure_log(selection)
        allowed = allowed_seconds(request, self._nodes.settings)
        self._traced += 1
        try:
            scrape = await scraper.scrape(asyncio.get_running_loop().time() + allowed)
        finally:
            self._traced -= 1
            await scraper.close()
        if isinstance(scrape.error, NotAllowedError):
            return Response.of_status(HTTPStatus.BAD_REQUEST, scrape.error.detail)
        return Response.of_text(written(selection, scrape, transport.sessions, dialled, allowed))
