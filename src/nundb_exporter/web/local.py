"""A server for a log alone, where there is no node to scrape."""

import gzip
from http import HTTPStatus
from typing import Final

from nundb_exporter import http_server
from nundb_exporter.config.settings import SLOW_PATH, Web
from nundb_exporter.exposition import accepts_gzip, choose_format, render
from nundb_exporter.http_server import Request, Response, Router
from nundb_exporter.log.source import LogSource
from nundb_exporter.sources import Sources
from nundb_exporter.web.listening import listeners
from nundb_exporter.web.slow import SlowPage

_SHUTDOWN_SECONDS: Final = 7.0
_GZIP_LEVEL: Final = 1
_HEADERS: Final = {"Server": "nundb-exporter", "X-Content-Type-Options": "nosniff"}


class LocalServer:
    """Serves what the log tells."""

    def __init__(self, log: LogSource, settings: Web) -> None:
        self._sources = Sources([log])
        self._settings = settings
        router = Router(
            {
                settings.telemetry_path: {"GET": self._metrics},
                SLOW_PATH: {"GET": SlowPage(log).page},
                "/-/healthy": {"GET": self._healthy},
                "/-/ready": {"GET": self._healthy},
            }
        )
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
        """Stop listening."""
        await self._server.stop(_SHUTDOWN_SECONDS)

    def _metrics(self, request: Request) -> Response:
        form = choose_format(request.headers.get("accept", ""))
        body = render(self._sources.samples(), form).text.encode()
        headers = {"Content-Type": form.value, "Vary": "Accept, Accept-Encoding"}
        if accepts_gzip(request.headers.get("accept-encoding", "")):
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return Response(HTTPStatus.OK, body, headers)

    def _healthy(self, _: Request) -> Response:
        return Response.of_text("nundb-exporter is healthy.\n")
