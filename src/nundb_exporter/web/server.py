"""The exporter's HTTP server: it listens, and hands each request to the page of its path."""

import ssl
from collections.abc import Callable, Sequence
from typing import Final

from nundb_exporter import http_server
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import DISCOVERY_PATH, PROBE_PATH, REPORT_PATH, SLOW_PATH, Web
from nundb_exporter.http_server import Handler, Router
from nundb_exporter.log.settings import NAME as LOG
from nundb_exporter.sources import Source, Sources
from nundb_exporter.web.discovery import Discovery
from nundb_exporter.web.listening import listeners
from nundb_exporter.web.nodes import Nodes
from nundb_exporter.web.pages import Pages
from nundb_exporter.web.prefix import Prefixed
from nundb_exporter.web.probe import Probe
from nundb_exporter.web.reload import Reload
from nundb_exporter.web.reports import Reports
from nundb_exporter.web.scraped import Tally

_SHUTDOWN_SECONDS: Final = 7.0
"""How long scrapes in progress may take after the signal to stop: Docker kills a container ten seconds after it."""
_HEADERS: Final = {"Server": "nundb-exporter", "X-Content-Type-Options": "nosniff"}
_HEALTHY: Final = "/-/healthy"
_READY: Final = "/-/ready"


class Server:
    """Serve the metrics of a fleet's nodes, those of local sources, and the exporter's own.

    Raises:
        ConfigError: the web configuration file is unusable, or a file of the TLS settings of a configured node.
    """

    def __init__(
        self, fleet: Fleet, settings: Web, sources: Sequence[Source] = (), reload: Reload | None = None
    ) -> None:
        self._settings = settings
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
            _HEALTHY: pages.healthy,
            _READY: pages.ready,
            **slow,
        }
        posts: dict[str, Handler] = {"/-/reload": reload.page} if reload else {}
        pages_by_method = {path: {"GET": page} for path, page in routes.items()}
        router = Router(pages_by_method | {path: {"POST": page} for path, page in posts.items()})
        routed = Prefixed(router, settings.route_prefix) if settings.route_prefix else router
        handler, tls = _guarded(routed, settings, self.nodes.tally)
        self.scheme = "https" if tls else "http"
        """In which the pages are served."""
        self._server = http_server.Server(handler, headers=_HEADERS, tls=tls)

    def start(self) -> list[str]:
        """Start listening, and return the addresses as `host:port` or `unix:path`.

        Raises:
            ConfigError: an address is unusable or in use.
        """
        opened = listeners(self._settings)
        self._server.start(opened)
        return [listener.address for listener in opened]

    async def stop(self) -> None:
        """Stop listening, wait for scrapes in progress, and close the connections to the nodes."""
        await self._server.stop(_SHUTDOWN_SECONDS)
        await self.nodes.close()


def _slow(sources: Sequence[Source]) -> dict[str, Handler]:
    """Return the page of the slowest commands by its path; none where no log is read."""
    if not any(source.subject.name == LOG for source in sources):
        return {}
    from nundb_exporter.web.slow import slow_page  # noqa: PLC0415 - only where there is a log

    page = slow_page(sources)
    return {} if page is None else {SLOW_PATH: page.page}


def _guarded(handler: Handler, settings: Web, tally: Tally) -> tuple[Handler, Callable[[], ssl.SSLContext] | None]:
    """Return a handler that does what the web configuration file asks for, and what gives the TLS of a connection."""
    if settings.config_file is None:
        return handler, None
    from nundb_exporter.web.guard import Configuration, Guard  # noqa: PLC0415 - only where there is such a file

    configuration = Configuration(settings.config_file)
    health = (f"{settings.route_prefix}{path}" for path in (_HEALTHY, _READY))
    guard = Guard(
        handler,
        configuration,
        tally,
        open_paths=frozenset(health if settings.has_open_health else ()),
        own_headers=frozenset(name.lower() for name in _HEADERS),
    )
    return guard, configuration.context if configuration.is_tls else None
