"""The addresses that the exporter listens on."""

from collections.abc import Iterable
from typing import Final

from aiohttp import web

from nundb_exporter.errors import ConfigError
from nundb_exporter.system_errors import cause_of

_BACKLOG: Final = 512
"""Connections that may wait to be accepted: several Prometheus servers may scrape at the same moment."""


async def listen(runner: web.AppRunner, addresses: Iterable[tuple[str | None, int]]) -> list[str]:
    """Listen on every address, and return those that it became as `host:port`.

    Raises:
        ConfigError: an address is unusable or in use.
    """
    for host, port in addresses:
        try:
            await web.TCPSite(runner, host, port, backlog=_BACKLOG).start()
        except OSError as error:
            cure = "choose another address, or stop the program that has it"
            raise ConfigError(
                f"--web.listen-address {host or ''}:{port}", f"cannot listen ({cause_of(error)})", cure
            ) from error
    return [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port, *_ in runner.addresses]
