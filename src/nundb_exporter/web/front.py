"""What stands before the pages of every server: the sockets, TLS, users and limits, and the prefix of all paths."""

import ssl
from collections.abc import Callable
from typing import Final

from nundb_exporter import http_server
from nundb_exporter.config.settings import Web
from nundb_exporter.http_server import Handler
from nundb_exporter.web.listening import listeners
from nundb_exporter.web.prefix import Prefixed
from nundb_exporter.web.scraped import Tally

HEALTHY: Final = "/-/healthy"
READY: Final = "/-/ready"
_SHUTDOWN_SECONDS: Final = 7.0
"""How long requests in progress may take after the signal to stop: Docker kills a container ten seconds after it."""
_HEADERS: Final = {"Server": "nundb-exporter", "X-Content-Type-Options": "nosniff"}


class Front:
    """Serve pages as the settings say.

    Raises:
        ConfigError: the web configuration file is unusable.
    """

    def __init__(self, pages: Handler, settings: Web, tally: Tally) -> None:
        self._settings = settings
        prefixed = Prefixed(pages, settings.route_prefix) if settings.route_prefix else pages
        handler, tls = _guarded(prefixed, settings, tally)
        self._scheme = "https" if tls else "http"
        self._server = http_server.Server(handler, headers=_HEADERS, tls=tls)

    def start(self) -> list[str]:
        """Start listening, and return the addresses as `host:port` or `unix:path`.

        Raises:
            ConfigError: an address is unusable or in use.
        """
        opened = listeners(self._settings)
        self._server.start(opened)
        return [listener.address for listener in opened]

    def metrics_at(self, address: str) -> str:
        """Return where the metrics are at an address that `start` has returned: as a URL, or as `unix:path`."""
        if address.startswith("unix:"):
            return address
        return f"{self._scheme}://{address}{self._settings.route_prefix}{self._settings.telemetry_path}"

    async def stop(self) -> None:
        """Stop listening, and wait for requests in progress."""
        await self._server.stop(_SHUTDOWN_SECONDS)


def _guarded(handler: Handler, settings: Web, tally: Tally) -> tuple[Handler, Callable[[], ssl.SSLContext] | None]:
    """Return a handler that does what the web configuration file asks for, and what gives the TLS of a connection."""
    if settings.config_file is None:
        return handler, None
    from nundb_exporter.web.guard import Configuration, Guard  # noqa: PLC0415 - only where there is such a file

    configuration = Configuration(settings.config_file)
    health = (f"{settings.route_prefix}{path}" for path in (HEALTHY, READY))
    guard = Guard(
        handler,
        configuration,
        tally,
        open_paths=frozenset(health if settings.has_open_health else ()),
        own_headers=frozenset(name.lower() for name in _HEADERS),
    )
    return guard, configuration.context if configuration.is_tls else None
