"""The exporter's HTTP server: the metrics, the landing page and health. It does not know Nun-db's protocol."""

import asyncio
import base64
import gzip
import hashlib
import html
import logging
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from nundb_exporter import __version__
from nundb_exporter.client.transport import cause_of
from nundb_exporter.coalesce import Coalescer
from nundb_exporter.collectors.pending import OLD_SECONDS
from nundb_exporter.config.settings import DEFAULT_TIMEOUT, Web
from nundb_exporter.errors import ConfigError
from nundb_exporter.exposition import Format, accepts_gzip, choose_format, render
from nundb_exporter.metrics import REQUESTS_REJECTED, SAMPLES_DROPPED, SCRAPE_TIMEOUT
from nundb_exporter.process import Process
from nundb_exporter.scrape import Scraper

_LOGGER: Final = logging.getLogger(__name__)
_BACKLOG: Final = 512
"""Connections that may wait to be accepted: several Prometheus servers may scrape at the same moment."""
_SHUTDOWN_SECONDS: Final = DEFAULT_TIMEOUT
"""How long scrapes in progress may take after the signal to stop: a scrape with the default timeout can finish."""
_MAX_TIMEOUT: Final = 600.0
_GZIP_LEVEL: Final = 1
_HEADERS: Final = {"Server": "nundb-exporter", "X-Content-Type-Options": "nosniff"}


async def _sign(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


def budget(header: str | None, offset: float) -> float:
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


def _is_defect(record: logging.LogRecord) -> bool:
    """Whether aiohttp logs a defect of the exporter: clients that send malformed requests must not fill the disk."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_LOGGER.addFilter(_is_defect)


class Server:
    """Serve one node's metrics and the exporter's own."""

    def __init__(self, node: Scraper, settings: Web) -> None:
        self._node = node
        self._settings = settings
        self._process = Process()
        self._coalescer: Coalescer[bytes] = Coalescer()
        self._in_progress = 0
        self._rejected = 0
        self._dropped = 0
        self._landing, self._landing_policy = _landing_page(
            {
                "metrics": settings.telemetry_path,
                "node": str(node.target.endpoint),
                "old_seconds": str(OLD_SECONDS),
                "version": __version__,
            }
        )
        application = web.Application()
        application.on_response_prepare.append(_sign)
        application.router.add_get(settings.telemetry_path, self._metrics)
        application.router.add_get("/", self._index)
        application.router.add_get("/-/healthy", _health("healthy"))
        application.router.add_get("/-/ready", _health("ready"))
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
        for host, port in self._settings.listen:
            site = web.TCPSite(self._runner, host, port, backlog=_BACKLOG)
            try:
                await site.start()
            except OSError as error:
                await self.stop()
                cure = "choose another address, or stop the program that has it"
                raise ConfigError(
                    f"--web.listen-address {host or ''}:{port}", f"cannot listen ({cause_of(error)})", cure
                ) from error
        return [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port, *_ in self._runner.addresses]

    async def stop(self) -> None:
        """Stop listening, wait for scrapes in progress, and close the connections to the node."""
        await self._runner.cleanup()
        await self._node.close()

    async def _metrics(self, request: web.Request) -> web.Response:
        if self._in_progress >= self._settings.max_requests:
            self._rejected += 1
            text = f"{self._in_progress} requests are in progress, as many as --web.max-requests allows.\n"
            return web.Response(status=503, text=text)
        self._in_progress += 1
        try:
            headers = request.headers
            timeout = budget(headers.get("X-Prometheus-Scrape-Timeout-Seconds"), self._settings.timeout_offset)
            form = choose_format(",".join(headers.getall("Accept", ())))
            zipped = accepts_gzip(",".join(headers.getall("Accept-Encoding", ())))
            # A deadline, not a duration: a request that takes over another's scrape later has less time left.
            deadline = asyncio.get_running_loop().time() + timeout
            key = (timeout, form, zipped)
            body = await self._coalescer.share(key, lambda: self._page(timeout, deadline, form, zipped))
            own = {"Content-Type": form.value, "Vary": "Accept, Accept-Encoding"}
            if zipped:
                own["Content-Encoding"] = "gzip"
            return web.Response(body=body, headers=own)
        finally:
            self._in_progress -= 1

    async def _page(self, allowed: float, deadline: float, form: Format, zipped: bool) -> bytes:
        """Scrape the node and render the page."""
        scrape = await self._node.scrape(deadline)
        own = (
            SCRAPE_TIMEOUT.sample(allowed),
            REQUESTS_REJECTED.sample(self._rejected),
            SAMPLES_DROPPED.sample(self._dropped),
        )
        page = render([*scrape.samples, *own, *self._process.samples()], form)
        self._dropped += page.dropped
        body = page.text.encode()
        return gzip.compress(body, _GZIP_LEVEL, mtime=0) if zipped else body

    async def _index(self, _: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": self._landing_policy}
        return web.Response(text=self._landing, content_type="text/html", headers=headers)


def _landing_page(words: Mapping[str, str]) -> tuple[str, str]:
    """Return the landing page with the words filled in, and its Content-Security-Policy.

    The policy allows only the page's own style and script, by their hashes, and requests to the exporter: a name that a
    node sends cannot become code even if the page has a bug. Words are only filled in outside style and script.
    """
    page = resources.files("nundb_exporter").joinpath("landing.html").read_text(encoding="utf-8")
    allowed = {tag: _hash(page, tag) for tag in ("style", "script")}
    page = re.sub(r"\{\{(\w+)\}\}", lambda found: html.escape(words[found[1]]), page)
    policy = (
        f"default-src 'none'; script-src {allowed['script']}; style-src {allowed['style']}; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return page, policy


def _hash(page: str, tag: str) -> str:
    _, _, rest = page.partition(f"<{tag}>")
    text, _, _ = rest.partition(f"</{tag}>")
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _health(word: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=f"nundb-exporter is {word}.\n")

    return answer
