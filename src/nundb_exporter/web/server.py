"""The exporter's HTTP server: it listens, and hands each request to the page of its path."""

from collections.abc import Sequence
from typing import Final

from nundb_exporter import http_server
from nundb_exporter.config.settings import REPORT_PATH, Web
from nundb_exporter.http_server import Handler, Router
from nundb_exporter.scrape import Scraper
from nundb_exporter.sources import Source, Sources
from nundb_exporter.web.listening import listeners
from nundb_exporter.web.pages import Pages

_SHUTDOWN_SECONDS: Final = 7.0
"""How long scrapes in progress may take after the signal to stop: Docker kills a container ten seconds after it."""
_HEADERS: Final = {"Server": "nundb-exporter", "X-Content-Type-Options": "nosniff"}


class Server:
    """Serve one node's metrics, those of its local sources, and the exporter's own."""

    def __init__(self, scraper: Scraper, settings: Web, sources: Sequence[Source] = ()) -> None:
        self._scraper = scraper
        self._settings = settings
        pages = Pages(scraper, settings, Sources(sources))
        routes: dict[str, Handler] = {
            settings.telemetry_path: pages.metrics,
            REPORT_PATH: pages.report,
            "/": pages.landing,
            "/-/healthy": pages.healthy,
            "/-/ready": pages.ready,
        }
        router = Router({path: {"GET": page} for path, page in routes.items()})
        self._server = http_server.Server(router, headers=_HEADERS)

    def start(self) -> list[str]:
        """Start listening, and return the addresses as `host:port` or `unix:path`.

        Raises:
            ConfigError: an address is unusable or in use.
        """
        opened = listeners(self._settings)
        self._server.start(opened)
        return [listener.address for listener in opened]

    async def stop(self) -> None:
        """Stop listening, wait for scrapes in progress, and close the connections to the node."""
        await self._server.stop(_SHUTDOWN_SECONDS)
        await self._scraper.close()
