"""A server for a log alone, where there is no node to scrape."""

from html import escape
from http import HTTPStatus
from typing import Final

from nundb_exporter import __version__
from nundb_exporter.config.settings import SLOW_PATH, Web
from nundb_exporter.exposition import choose_format, render
from nundb_exporter.http_server import Request, Response, Router
from nundb_exporter.log.source import LogSource
from nundb_exporter.sources import Sources
from nundb_exporter.web.front import HEALTHY, READY, Front
from nundb_exporter.web.scraped import Tally, written
from nundb_exporter.web.slow import SlowPage

_LANDING: Final = """\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>nundb-exporter: the log of Nun-db</title>
<h1>The log of Nun-db</h1>
<ul>
<li><a href=".{metrics}">Metrics</a>
<li><a href=".{slow}">The slowest commands</a>
<li><a href=".{healthy}">Health</a>
</ul>
<p>nundb-exporter {version}
"""


class LocalServer:
    """Serves what the log tells.

    Raises:
        ConfigError: the web configuration file is unusable.
    """

    def __init__(self, log: LogSource, settings: Web) -> None:
        self._sources = Sources([log])
        self._page = _LANDING.format(
            metrics=escape(settings.telemetry_path), slow=SLOW_PATH, healthy=HEALTHY, version=__version__
        )
        router = Router(
            {
                "/": {"GET": self._landing},
                settings.telemetry_path: {"GET": self._metrics},
                SLOW_PATH: {"GET": SlowPage(log).page},
                HEALTHY: {"GET": self._healthy},
                READY: {"GET": self._healthy},
            }
        )
        self.front = Front(router, settings, Tally())

    def _landing(self, _: Request) -> Response:
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'"}
        return Response(HTTPStatus.OK, self._page.encode(), headers)

    def _metrics(self, request: Request) -> Response:
        form = choose_format(request.headers.get("accept", ""))
        return written(request, form.value, render(self._sources.samples(), form).text)

    def _healthy(self, _: Request) -> Response:
        return Response.of_text("nundb-exporter is healthy.\n")
