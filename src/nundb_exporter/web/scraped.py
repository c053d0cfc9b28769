"""One node, as those who want a page of it see it: a scrape for all who ask at the same moment, and a limit."""

import asyncio
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NamedTuple, TypeVar

from nundb_exporter.coalesce import Coalescer
from nundb_exporter.config.settings import DEFAULT_TIMEOUT, Web
from nundb_exporter.errors import NotAllowedError
from nundb_exporter.exposition import accepts_gzip
from nundb_exporter.http_server import Request, Response
from nundb_exporter.results import Scrape
from nundb_exporter.scrape import Scraper
from nundb_exporter.sources import Sources

T = TypeVar("T")

_MAX_TIMEOUT: Final = 600.0
_GZIP_LEVEL: Final = 1
_GZIP: Final = zlib.MAX_WBITS + 16
"""Tells zlib to write gzip's header: all that the module gzip, which takes longer to import, would add."""
_TIMEOUT_HEADER: Final = "x-prometheus-scrape-timeout-seconds"


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


def allowed_seconds(request: Request, settings: Web) -> float:
    """Return the seconds that a request allows for a scrape."""
    return scrape_seconds(request.headers.get(_TIMEOUT_HEADER), settings.timeout_offset)


@dataclass(slots=True)
class Tally:
    """What the exporter counts of all its pages."""

    rejected: int = 0
    """Requests, because too many were in progress, or came."""
    logins: int | None = None
    """Requests without the name and password of a user; None where none is needed."""
    dropped: int = 0
    """Samples, because a page had the same already."""

    def reject(self, in_progress: int) -> Response:
        """Count a request that comes while so many are in progress, and return its answer."""
        self.rejected += 1
        text = f"{in_progress} requests are in progress, as many as --web.max-requests allows.\n"
        return Response.of_text(text, HTTPStatus.SERVICE_UNAVAILABLE)


def written(request: Request, content_type: str, text: str) -> Response:
    """Return a page, compressed if the request asks for it."""
    return _response(content_type, text, zipped=accepts_gzip(request.headers.get("accept-encoding", "")))


def _response(content_type: str, text: str, *, zipped: bool) -> Response:
    headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
    body = text.encode()
    if zipped:
        headers["Content-Encoding"] = "gzip"
        body = zlib.compress(body, _GZIP_LEVEL, _GZIP)
    return Response(HTTPStatus.OK, body, headers)


class _Written(NamedTuple):
    """A scrape, and the pages that have been written from it, by path, type and compression."""

    scrape: Scrape
    pages: dict[tuple[str, str, bool], Response]


class ScrapedNode:
    """The pages of one node that are made of scrapes, and of what local sources tell of it.

    `module` is the name of the one with which it is asked, `query` the one that selects it.
    """

    def __init__(
        self,
        scraper: Scraper,
        settings: Web,
        tally: Tally,
        sources: Sources | None = None,
        *,
        module: str = "",
        query: str = "",
    ) -> None:
        self.scraper = scraper
        self.module = module
        self.query = query
        self._settings = settings
        self._tally = tally
        self._sources = sources
        self._scrapes: Coalescer[_Written] = Coalescer()
        self._running = 0
        self._unused = asyncio.Event()
        self._unused.set()
        self._is_closed = False

    @property
    def is_in_use(self) -> bool:
        """Whether anybody waits for a scrape."""
        return self._scrapes.waiting > 0

    def page(
        self, request: Request, content_type: str, write: Callable[[Scrape, float], str]
    ) -> Response | asyncio.Future[Response]:
        """Scrape the node, or share a scrape that has just begun, and write a page from it.

        `write` is given the scrape and the seconds that it was allowed.
        """
        if self._scrapes.waiting >= self._settings.max_requests:
            return self._tally.reject(self._scrapes.waiting)
        allowed = allowed_seconds(request, self._settings)
        zipped = accepts_gzip(request.headers.get("accept-encoding", ""))

        def page(of: _Written) -> Response:
            if isinstance(of.scrape.error, NotAllowedError):
                return Response.of_status(HTTPStatus.BAD_REQUEST, of.scrape.error.detail)
            key = (request.path, content_type, zipped)
            if key not in of.pages:
                of.pages[key] = _response(content_type, write(of.scrape, allowed), zipped=zipped)
            return of.pages[key]

        return self._share(allowed, page)

    async def scrape(self, allowed: float) -> Scrape:
        """Scrape the node, or share a scrape that has just begun and was allowed as many seconds."""
        return await self._share(allowed, lambda of: of.scrape)

    def _share(self, allowed: float, use: Callable[[_Written], T]) -> asyncio.Future[T]:
        return self._scrapes.share(allowed, lambda: self._scrape(allowed), use)

    async def _scrape(self, allowed: float) -> _Written:
        self._running += 1
        self._unused.clear()
        try:
            scrape = await self.scraper.scrape(asyncio.get_running_loop().time() + allowed)
            return _Written(scrape if self._sources is None else self._sources.joined(scrape), {})
        finally:
            self._running -= 1
            if not self._running:
                self._unused.set()
                if self._is_closed:  # before this scrape began: nobody else will close what it has opened
                    await self.scraper.close()

    async def retire(self) -> None:
        """Close the kept connections as soon as no scrape is in progress."""
        await self._unused.wait()
        await self.close()

    async def close(self) -> None:
        """Close the kept connections; those of a scrape that is still to begin, at its end."""
        self._is_closed = True
        await self.scraper.close()
