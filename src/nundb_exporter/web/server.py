"""The exporter's HTTP server: it listens, and hands each request to the page of its path."""

from collections.abc import Awaitable, Callable
from typing import Final

from nundb_exporter import http_server
from nundb_exporter.config.settings import REPORT_PATH, Web
from nundb_exporter.http_server import Request, Response, Router
from nundb_exporter.scrape import Scraper
from nundb_exporter.web.listening import listeners
from nundb_exporter.web.pages import Answer, Asked, Pages

_SHUTDOWN_SECONDS: Final = 7.0
"""How long scrapes in progress may take after the signal to stop: Docker kills a container ten seconds after it."""
_HEADERS: Final = {"Server": "nundb-exporter", "X-Content-Type-Options": "nosniff"}


class Server:
    """Serve one node's metrics and the exporter's own."""

    def __init__(self, scraper: Scraper, settings: Web) -> None:
        self._scraper = scraper
        self._settings = settings
        pages = Pages(scraper, settings)
        routes = {
            settings.telemetry_path: pages.metrics,
            REPORT_PATH: pages.report,
            "/": pages.landing,
            "/-/healthy": pages.healthy,
            "/-/ready": pages.ready,
        }
        router = Router({path: {"GET": _handler(page)} for path, page in routes.items()})
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


def _handler(page: Callable[[Asked], Awaitable[Answer]]) -> http_server.Handler:
    async def handle(request: Request) -> Response:
        headers = request.headers
        asked = Asked(
            accept=headers.get("accept", ""),
            accept_encoding=headers.get("accept-encoding", ""),
            scrape_timeout=headers.get("x-prometheus-scrape-timeout-seconds"),
        )
        answer = await page(asked)
        return Response(answer.status, answer.body, answer.headers)

    return handle
