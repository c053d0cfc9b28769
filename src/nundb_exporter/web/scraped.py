"""One node, as those who want a page of it see it: a scrape for all who ask at the same moment, and a limit."""

import asyncio
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NamedTuple

from nundb_exporter.coalesce import Coalescer
from nundb_exporter.config.settings import DEFAULT_TIMEOUT, Web
from nundb_exporter.errors import NotAllowedError
from nundb_exporter.exposition import accepts_gzip
from nundb_exporter.http_server import Request, Response
from nundb_exporter.results import Scrape
from nundb_exporter.scrape import Scraper
from nundb_exporter.sources import Sources

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
    zipped = accepts_gzip(request.headers.get("accept-encoding", ""))
    return _response(content_type, _encoded(text, zipped=zipped), zipped=zipped)


def _encoded(text: str, *, zipped: bool) -> bytes:
    return zlib.compress(text.encode(), _GZIP_LEVEL, _GZIP) if zipped else text.encode()


def _response(content_type: str, body: bytes, *, zipped: bool) -> Response:
    headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(HTTPStatus.OK, body, headers)


class _Shared(NamedTuple):
    """A scrape, and the bodies that have been written from it, by path, type and compression."""

    scrape: Scrape
    bodies: dict[tuple[str, str, bool], bytes]


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
        self._scrapes: Coalescer[_Shared] = Coalescer()
        self._in_progress = 0
        self._unused = asyncio.Event()
        self._unused.set()
        self._is_closed = False

    @property
    def is_in_use(self) -> bool:
        """Whether a scrape is in progress."""
        return self._in_progress > 0

    async def page(self, request: Request, content_type: str, write: Callable[[Scrape, float], str]) -> Response:
        """Scrape the node, or share a scrape that has just begun, and write a page from it.

        `write` is given the scrape and the seconds that it was allowed.
        """
        if self._in_progress >= self._settings.max_requests:
            return self._tally.reject(self._in_progress)
        allowed = allowed_seconds(request, self._settings)
        zipped = accepts_gzip(request.headers.get("accept-encoding", ""))
        shared = await self._share(allowed)
        if isinstance(shared.scrape.error, NotAllowedError):
            return Response.of_status(HTTPStatus.BAD_REQUEST, shared.scrape.error.detail)
        key = (request.path, content_type, zipped)
        body = shared.bodies.get(key)
        if body is None:
            body = shared.bodies[key] = _encoded(write(shared.scrape, allowed), zipped=zipped)
        return _response(content_type, body, zipped=zipped)

    async def scrape(self, allowed: float) -> Scrape:
        """Scrape the node, or share a scrape that has just begun and was allowed as many seconds."""
        return (await self._share(allowed)).scrape

    async def _share(self, allowed: float) -> _Shared:
        # A deadline, not a duration: a request that takes over another's scrape later has less time left.
        deadline = asyncio.get_running_loop().time() + allowed
        self._in_progress += 1
        self._unused.clear()
        try:
            return await self._scrapes.share(allowed, lambda: self._scrape(deadline))
        finally:
            self._in_progress -= 1
            if not self._in_progress:
                self._unused.set()
                if self._is_closed:  # before this scrape began: nobody else will close what it has opened
                    await self.scraper.close()

    async def _scrape(self, deadline: float) -> _Shared:
        scrape = await self.scraper.scrape(deadline)
        return _Shared(scrape if self._sources is None else self._sources.joined(scrape), {})

    async def retire(self) -> None:
        """Close the kept connections as soon as no scrape is in progress."""
        await self._unused.wait()
        await self.close()

    async def close(self) -> None:
        """Close the kept connections; those of a scrape that is still to begin, at its end."""
        self._is_closed = True
        await self.scraper.close()
