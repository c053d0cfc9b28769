"""What each path answers that is about the exporter and its configured nodes: a request in, a response out."""

from collections.abc import Sequence
from http import HTTPStatus

from nundb_exporter import logs
from nundb_exporter.exposition import Format, choose_format, render
from nundb_exporter.http_server import Answer, Request, Response
from nundb_exporter.metrics import (
    LOG_LINES_DROPPED,
    LOGINS_REFUSED,
    REQUESTS_REJECTED,
    SAMPLES_DROPPED,
    SCRAPE_TIMEOUT,
    Sample,
)
from nundb_exporter.results import Scrape
from nundb_exporter.self_metrics import ExporterProcess
from nundb_exporter.web.discovery import Discovery
from nundb_exporter.web.nodes import Nodes
from nundb_exporter.web.reload import Reload
from nundb_exporter.web.scraped import written
from nundb_exporter.web.selection import RefusedError, leaves_node_out, names_target, select


class Pages:
    """The pages of an exporter."""

    def __init__(
        self, nodes: Nodes, discovery: Discovery, reload: Reload | None = None, *, has_log: bool = False
    ) -> None:
        self._nodes = nodes
        self._discovery = discovery
        self._reload = reload
        self._has_log = has_log
        self._process = ExporterProcess()

    def metrics(self, request: Request) -> Answer:
        """Return the metrics of the exporter itself, and of the node, if there is exactly one and it is not left out.

        Local sources are on the page of the only node; of several, they stand beside none, and are here.
        """
        form = choose_format(request.headers.get("accept", ""))
        try:
            is_without_node = bool(request.query) and leaves_node_out(request.query)
        except RefusedError as error:
            return Response.of_status(HTTPStatus.BAD_REQUEST, str(error))
        node = self._nodes.single
        if node is None:
            return written(request, form.value, self._render(self._nodes.sources_apart.samples(), form))
        if is_without_node:
            return written(request, form.value, self._render((), form))

        def write(scrape: Scrape, allowed: float) -> str:
            return self._render((*scrape.samples, SCRAPE_TIMEOUT.sample(allowed)), form)

        return node.page(request, form.value, write)

    def _render(self, samples: Sequence[Sample], form: Format) -> str:
        page = render((*samples, *self.own_samples()), form)
        self._nodes.tally.dropped += page.dropped
        return page.text

    def own_samples(self) -> list[Sample]:
        """Return what is known of the exporter itself."""
        tally = self._nodes.tally
        logins = [] if tally.logins is None else [LOGINS_REFUSED.sample(tally.logins)]
        return [
            REQUESTS_REJECTED.sample(tally.rejected),
            *logins,
            SAMPLES_DROPPED.sample(tally.dropped),
            LOG_LINES_DROPPED.sample(logs.dropped_lines()),
            *(self._reload.samples() if self._reload else ()),
            *self._discovery.samples(),
            *self._process.samples(),
        ]

    async def landing(self, request: Request) -> Response:
        """Return the landing page: of the only node, of the one that the query names, or of several."""
        from nundb_exporter.web.landing import cluster_page, node_page  # noqa: PLC0415 - no scrape needs it

        settings = self._nodes.settings
        if names_target(request.query):
            try:
                selection = select(self._nodes.fleet, request.query)
            except RefusedError as error:
                return Response.of_status(HTTPStatus.BAD_REQUEST, str(error))
            page = node_page(selection.target, settings, selection.query)
        elif self._nodes.single is None or await self._has_found_others():
            page = cluster_page(self._nodes.fleet, settings, has_log=self._has_log)
        else:
            page = node_page(self._nodes.single.scraper.target, settings, has_log=self._has_log)
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": page.policy}
        return Response(HTTPStatus.OK, page.text.encode(), headers)

    async def _has_found_others(self) -> bool:
        """Whether the only configured node has named others that may be asked."""
        if self._nodes.fleet.allow.entries and not self._discovery.has_asked:
            await self._discovery.refresh()
        return bool(self._discovery.members())

    def healthy(self, _: Request) -> Response:
        """Say that the exporter runs."""
        return Response.of_text("nundb-exporter is healthy.\n")

    def ready(self, _: Request) -> Response:
        """Say that the exporter answers scrapes."""
        return Response.of_text("nundb-exporter is ready.\n")
