"""What each path answers: facts of a request in, a status, headers and a body out. No server is known here."""

import asyncio
import gzip
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from nundb_exporter import __version__, logs
from nundb_exporter.coalesce import Coalescer
from nundb_exporter.config.settings import DEFAULT_TIMEOUT, Web
from nundb_exporter.exposition import Format, accepts_gzip, choose_format, render
from nundb_exporter.judge import describe, describe_exporter, judge, to_json
from nundb_exporter.metrics import LOG_LINES_DROPPED, REQUESTS_REJECTED, SAMPLES_DROPPED, SCRAPE_TIMEOUT, Sample
from nundb_exporter.results import Scrape
from nundb_exporter.scrape import Scraper
from nundb_exporter.self_metrics import ExporterProcess
from nundb_exporter.web.landing import landing_page

_MAX_TIMEOUT: Final = 600.0
_GZIP_LEVEL: Final = 1
_JSON: Final = "application/json"
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
        self._scrapes: Coalescer[Scrape] = Coalescer()
        self._bodies: Coalescer[bytes] = Coalescer()
        self._in_progress = 0
        self._rejected = 0
        self._dropped = 0
        self._landing = landing_page(scraper.target, settings)

    async def metrics(self, asked: Asked) -> Answer:
        """Return the metrics of the node and of the exporter itself."""
        form = choose_format(asked.accept)
        return await self._scraped(asked, form.value, lambda scrape, allowed: self._render(scrape, allowed, form))

    async def report(self, asked: Asked) -> Answer:
        """Return the judgement of the node as JSON."""
        return await self._scraped(asked, _JSON, self._judge)

    async def _scraped(self, asked: Asked, content_type: str, write: Callable[[Scrape, float], str]) -> Answer:
        """Scrape the node, or share a scrape that has just begun, and write a page from it.

        `write` is given the scrape and the seconds that it was allowed.
        """
        if self._in_progress >= self._settings.max_requests:
            self._rejected += 1
            text = f"{self._in_progress} requests are in progress, as many as --web.max-requests allows.\n"
            return Answer(text.encode(), HTTPStatus.SERVICE_UNAVAILABLE, {"Content-Type": _PLAIN})
        self._in_progress += 1
        try:
            allowed = scrape_seconds(asked.scrape_timeout, self._settings.timeout_offset)
            # A deadline, not a duration: a request that takes over another's scrape later has less time left.
            deadline = asyncio.get_running_loop().time() + allowed
            zipped = accepts_gzip(asked.accept_encoding)

            async def make() -> bytes:
                scrape = await self._scrapes.share(allowed, lambda: self._scraper.scrape(deadline))
                body = write(scrape, allowed).encode()
                return gzip.compress(body, _GZIP_LEVEL, mtime=0) if zipped else body

            body = await self._bodies.share((allowed, content_type, zipped), make)
            headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
            if zipped:
                headers["Content-Encoding"] = "gzip"
            return Answer(body, headers=headers)
        finally:
            self._in_progress -= 1

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
        now = time.time()
        node = describe(str(self._scraper.target.endpoint), scrape, now, allowed)
        return to_json(judge([node], describe_exporter(self._own_samples(), __version__, now)))

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
