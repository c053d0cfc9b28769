"""The exporter's HTTP server: it listens, and hands each request to the page of its path."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from nundb_exporter.config.settings import Web
from nundb_exporter.errors import ConfigError
from nundb_exporter.scrape import Scraper
from nundb_exporter.web.listening import listen
from nundb_exporter.web.pages import Answer, Asked, Pages

_LOGGER: Final = logging.getLogger(__name__)
_SHUTDOWN_SECONDS: Final = 7.0
"""How long scrapes in progress may take after the signal to stop: Docker kills a container ten seconds after it."""
_HEADERS: Final = {"Server": "nundb-exporter", "X-Content-Type-Options": "nosniff"}


class Server:
    """Serve one node's metrics and the exporter's own."""

    def __init__(self, scraper: Scraper, settings: Web) -> None:
        self._scraper = scraper
        self._settings = settings
        pages = Pages(scraper, settings)
        application = web.Application()
        application.on_response_prepare.append(_add_headers)
        for path, page in (
            (settings.telemetry_path, pages.metrics),
            ("/", pages.landing),
            ("/-/healthy", pages.healthy),
            ("/-/ready", pages.ready),
        ):
            application.router.add_get(path, _handler(page))
        # aiohttp only cancels the scrape of a client that disconnects if this is set.
        self._runner = web.AppRunner(
            application,
            access_log=None,
            logger=_LOGGER,
            handler_cancellation=True,
            # Half, because aiohttp waits twice: for the handler, and again after closing its request.
            shutdown_timeout=_SHUTDOWN_SECONDS / 2,
        )

    async def start(self) -> list[str]:
        """Start listening, and return the addresses as `host:port`.

        Raises:
            ConfigError: an address is unusable or in use.
        """
        await self._runner.setup()
        try:
            return await listen(self._runner, self._settings.listen)
        except ConfigError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop listening, wait for scrapes in progress, and close the connections to the node."""
        await self._runner.cleanup()
        await self._scraper.close()


def _handler(page: Callable[[Asked], Awaitable[Answer]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        headers = request.headers
        asked = Asked(
            accept=",".join(headers.getall("Accept", ())),
            accept_encoding=",".join(headers.getall("Accept-Encoding", ())),
            scrape_timeout=headers.get("X-Prometheus-Scrape-Timeout-Seconds"),
        )
        answer = await page(asked)
        return web.Response(body=answer.body, status=answer.status, headers=answer.headers)

    return handle


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


def _is_defect(record: logging.LogRecord) -> bool:
    """Whether aiohttp logs a defect of the exporter: clients that send malformed requests must not fill the disk."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_LOGGER.addFilter(_is_defect)
