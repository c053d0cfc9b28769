"""What each path answers: a request in, a response out."""

import asyncio
import math
import time
import zlib
from collections.abc import Callable
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from nundb_exporter import __version__, logs
from nundb_exporter.coalesce import Coalescer
from nundb_exporter.config.settings import DEFAULT_TIMEOUT, Web
from nundb_exporter.exposition import Format, accepts_gzip, choose_format, render
from nundb_exporter.http_server import Request, Response
from nundb_exporter.metrics import LOG_LINES_DROPPED, REQUESTS_REJECTED, SAMPLES_DROPPED, SCRAPE_TIMEOUT, Sample
from nundb_exporter.results import Scrape
from nundb_exporter.scrape import Scraper
from nundb_exporter.self_metrics import ExporterProcess
from nundb_exporter.sources import Sources

if TYPE_CHECKING:
    from nundb_exporter.web.landing import LandingPage

_MAX_TIMEOUT: Final = 600.0
_GZIP_LEVEL: Final = 1
_GZIP: Final = zlib.MAX_WBITS + 16
"""Tells zlib to write gzip's header: all that the module gzip, which takes longer to import, would add."""
_JSON: Final = "application/json"


def scrape_seconds(header: str | None, offset: float) -> float:
    """Return the seconds that a scrape may take, given X-Prometheus-Scrape-Timeout-Seconds.

    The offset is reserved for sending the answer; of a short timeout, half is reserved instead. A header that is not a
    positive number is ignored.
    """
    try:
        timeout = float(header) if header else DEFAULT_TIMEOUT
    except ValueError:
        timeout = DEFAULT_TIMEOUT
    if not (math.isfinite(timeout) and timeout > 0):
        timeout = DEFAULT_TIMEOUT
    timeout = min(timeout, _MAX_TIMEOUT)
    return timeout / 2 if timeout < 2 * offset else timeout - offset


class _Shared(NamedTuple):
    """A scrape, and the bodies that have been written from it, by type and compression."""

    scrape: Scrape
    bodies: dict[tuple[str, bool], bytes]


class Pages:
    """The pages of the exporter of one node."""

    def __init__(self, scraper: Scraper, settings: Web, sources: Sources | None = None) -> None:
        self._scraper = scraper
        self._sources = sources or Sources()
        self._settings = settings
        self._process = ExporterProcess()
        self._scrapes: Coalescer[_Shared] = Coalescer()
        self._in_progress = 0
        self._rejected = 0
        self._dropped = 0

    async def metrics(self, request: Request) -> Response:
        """Return the metrics of the node and of the exporter itself."""
        form = choose_format(request.headers.get("accept", ""))
        return await self._scraped(request, form.value, lambda scrape, allowed: self._render(scrape, allowed, form))

    async def report(self, request: Request) -> Response:
        """Return the judgement of the node as JSON."""
        return await self._scraped(request, _JSON, self._judge)

    async def _scraped(self, request: Request, content_type: str, write: Callable[[Scrape, float], str]) -> Response:
        """Scrape the node, or share a scrape that has just begun, and write a page from it.

        `write` is given the scrape and the seconds that it was allowed.
        """
        if self._in_progress >= self._settings.max_requests:
            self._rejected += 1
            text = f"{self._in_progress} requests are in progress, as many as --web.max-requests allows.\n"
            return Response.of_text(text, HTTPStatus.SERVICE_UNAVAILABLE)
        self._in_progress += 1
        try:
            headers = request.headers
            timeout = headers.get("x-prometheus-scrape-timeout-seconds")
            allowed = scrape_seconds(timeout, self._settings.timeout_offset)
            # A deadline, not a duration: a request that takes over another's scrape later has less time left.
            deadline = asyncio.get_running_loop().time() + allowed
            zipped = accepts_gzip(headers.get("accept-encoding", ""))
            shared = await self._scrapes.share(allowed, lambda: self._scrape(deadline))
            key = (content_type, zipped)
            body = shared.bodies.get(key)
            if body is None:
                body = write(shared.scrape, allowed).encode()
                body = shared.bodies[key] = zlib.compress(body, _GZIP_LEVEL, _GZIP) if zipped else body
            own = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
            if zipped:
                own["Content-Encoding"] = "gzip"
            return Response(HTTPStatus.OK, body, own)
        finally:
            self._in_progress -= 1

    async def _scrape(self, deadline: float) -> _Shared:
        return _Shared(self._sources.joined(await self._scraper.scrape(deadline)), {})

    def _own_samples(self) -> list[Sample]:
        return [
            REQUESTS_REJECTED.sample(self._rejected),
            SAMPLES_DROPPED.sample(self._dropped),
            LOG_LINES_DROPPED.sample(logs.dropped_lines()),
            *self._process.samples(),
        ]

    def _render(self, scrape: Scrape, allowed: float, form: Format) -> str:
        page = render([*scrape.samples, SCRAPE_TIMEOUT.sample(allowed), *self._own_samples()], form)
        self._dropped += page.dropped
        return page.text

    def _judge(self, scrape: Scrape, allowed: float) -> str:
        from nundb_exporter.judge import describe, describe_exporter, judge, to_json  # noqa: PLC0415 - no scrape needs it

        now = time.time()
        node = describe(str(self._scraper.target.endpoint), scrape, now, allowed)
        return to_json(judge([node], describe_exporter(self._own_samples(), __version__, now)))

    @cached_property
    def _landing(self) -> "LandingPage":
        from nundb_exporter.web.landing import landing_page  # noqa: PLC0415 - no scrape needs it

        return landing_page(self._scraper.target, self._settings)

    def landing(self, _: Request) -> Response:
        """Return the landing page."""
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": self._landing.policy}
        return Response(HTTPStatus.OK, self._landing.text.encode(), headers)

    def healthy(self, _: Request) -> Response:
        """Say that the exporter runs."""
        return Response.of_text("nundb-exporter is healthy.\n")

    def ready(self, _: Request) -> Response:
        """Say that the exporter answers scrapes."""
        return Response.of_text("nundb-exporter is ready.\n")
