"""What each path answers: facts of a request in, a status, headers and a body out. No server is known here."""

import asyncio
import gzip
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from nundb_exporter import __version__, logs
from nundb_exporter.coalesce import Coalescer
from nundb_exporter.config.settings import DEFAULT_TIMEOUT, Web
from nundb_exporter.exposition import Format, accepts_gzip, choose_format, render
from nundb_exporter.metrics import LOG_LINES_DROPPED, REQUESTS_REJECTED, SAMPLES_DROPPED, SCRAPE_TIMEOUT
from nundb_exporter.problems.replication import OLD_SECONDS
from nundb_exporter.scrape import Scraper
from nundb_exporter.self_metrics import ExporterProcess
from nundb_exporter.web.landing import landing_page

_MAX_TIMEOUT: Final = 600.0
_GZIP_LEVEL: Final = 1
_PLAIN: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page needs to know of a request; each header's values are joined by commas, as RFC 9110 5.3 allows."""

    accept: str = ""
    accept_encoding: str = ""
    scrape_timeout: str | None = None
    """X-Prometheus-Scrape-Timeout-Seconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


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


class Pages:
    """The pages of the exporter of one node."""

    def __init__(self, scraper: Scraper, settings: Web) -> None:
        self._scraper = scraper
        self._settings = settings
        self._process = ExporterProcess()
        self._coalescer: Coalescer[bytes] = Coalescer()
        self._in_progress = 0
        self._rejected = 0
        self._dropped = 0
        self._landing = landing_page(
            {
                # Relative, so that the page works behind a proxy that serves it under a prefix.
                "metrics": f".{settings.telemetry_path}",
                "telemetry_path": settings.telemetry_path,
                "node": str(scraper.target.endpoint),
                "old_seconds": str(OLD_SECONDS),
                "version": __version__,
            }
        )

    async def metrics(self, asked: Asked) -> Answer:
        """Scrape the node, or share a scrape that has just begun, and return its metrics and the exporter's own."""
        if self._in_progress >= self._settings.max_requests:
            self._rejected += 1
            text = f"{self._in_progress} requests are in progress, as many as --web.max-requests allows.\n"
            return Answer(text.encode(), HTTPStatus.SERVICE_UNAVAILABLE, {"Content-Type": _PLAIN})
        self._in_progress += 1
        try:
            timeout = scrape_seconds(asked.scrape_timeout, self._settings.timeout_offset)
            form = choose_format(asked.accept)
            zipped = accepts_gzip(asked.accept_encoding)
            # A deadline, not a duration: a request that takes over another's scrape later has less time left.
            deadline = asyncio.get_running_loop().time() + timeout
            key = (timeout, form, zipped)
            body = await self._coalescer.share(key, lambda: self._scrape(timeout, deadline, form, zipped))
            headers = {"Content-Type": form.value, "Vary": "Accept, Accept-Encoding"}
            if zipped:
                headers["Content-Encoding"] = "gzip"
            return Answer(body, headers=headers)
        finally:
            self._in_progress -= 1

    async def _scrape(self, allowed: float, deadline: float, form: Format, zipped: bool) -> bytes:
        scrape = await self._scraper.scrape(deadline)
        own = (
            SCRAPE_TIMEOUT.sample(allowed),
            REQUESTS_REJECTED.sample(self._rejected),
            SAMPLES_DROPPED.sample(self._dropped),
            LOG_LINES_DROPPED.sample(logs.dropped_lines()),
        )
        page = render([*scrape.samples, *own, *self._process.samples()], form)
        self._dropped += page.dropped
        body = page.text.encode()
        return gzip.compress(body, _GZIP_LEVEL, mtime=0) if zipped else body

    async def landing(self, _: Asked) -> Answer:
        """Return the landing page."""
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": self._landing.policy}
        return Answer(self._landing.text.encode(), headers=headers)

    async def healthy(self, _: Asked) -> Answer:
        """Say that the exporter runs."""
        return Answer(b"nundb-exporter is healthy.\n", headers={"Content-Type": _PLAIN})

    async def ready(self, _: Asked) -> Answer:
        """Say that the exporter answers scrapes."""
        return Answer(b"nundb-exporter is ready.\n", headers={"Content-Type": _PLAIN})
