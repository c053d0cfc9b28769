"""The exporter's HTTP server: it listens, and hands each request to the page of its path."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import DISCOVERY_PATH, PROBE_PATH, REPORT_PATH, SLOW_PATH, Web
from nundb_exporter.http_server import Handler, Router
from nundb_exporter.log.settings import NAME as LOG
from nundb_exporter.sources import LocalSource, Source, Sources
from nundb_exporter.web.discovery import Discovery
from nundb_exporter.web.front import HEALTHY, READY, Front
from nundb_exporter.web.nodes import Nodes
from nundb_exporter.web.pages import Pages
from nundb_exporter.web.probe import Probe
from nundb_exporter.web.reload import Reload
from nundb_exporter.web.reports import Reports


class Server:
    """Serve the metrics of a fleet's nodes, those of local sources, and the exporter's own.

    Raises:
        ConfigError: the web configuration file is unusable, or a file of the TLS settings of a configured node.
    """

    def __init__(
        self, fleet: Fleet, settings: Web, sources: Sequence[Source] = (), reload: Reload | None = None
    ) -> None:
        self.nodes = Nodes(fleet, settings, Sources(sources))
        """Those that are asked."""
        discovery = Discovery(self.nodes)
        slow = _slow(sources)
        pages = Pages(self.nodes, discovery, reload, has_log=bool(slow))
        routes: dict[str, Handler] = {
            settings.telemetry_path: pages.metrics,
            PROBE_PATH: Probe(self.nodes).page,
            DISCOVERY_PATH: discovery.page,
            REPORT_PATH: Reports(self.nodes, discovery, pages.own_samples).page,
            "/": pages.landing,
            HEALTHY: pages.healthy,
            READY: pages.ready,
            **slow,
        }
        posts: dict[str, Handler] = {"/-/reload": reload.page} if reload else {}
        pages_by_method = {path: {"GET": page} for path, page in routes.items()}
        router = Router(pages_by_method | {path: {"POST": page} for path, page in posts.items()})
        self.front = Front(router, settings, self.nodes.tally)

    def start(self) -> list[str]:
        """Start listening, and return the addresses as `host:port` or `unix:path`.

        Raises:
            ConfigError: an address is unusable or in use.
        """
        return self.front.start()

    async def stop(self) -> None:
        """Stop listening, wait for scrapes in progress, and close the connections to the nodes."""
        await self.front.stop()
        await self.nodes.close()


@asynccontextmanager
async def serving(server: Server, sources: Sequence[LocalSource]) -> AsyncIterator[list[str]]:
    """Serve while the block runs, and let its local sources work; yield the addresses.

    Raises:
        ConfigError: an address is unusable or in use.
    """
    addresses = server.start()
    for source in sources:
        source.start()
    try:
        yield addresses
    finally:
        await server.stop()
        for source in sources:
            source.stop()


def _slow(sources: Sequence[Source]) -> dict[str, Handler]:
    """Return the page of the slowest commands by its path; none where no log is read."""
    if not any(source.subject.name == LOG for source in sources):
        return {}
    from nundb_exporter.web.slow import slow_page  # noqa: PLC0415 - only where there is a log

    page = slow_page(sources)
    return {} if page is None else {SLOW_PATH: page.page}
