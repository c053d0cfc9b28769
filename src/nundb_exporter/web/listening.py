"""The sockets that the exporter listens on."""

import os
from pathlib import Path
from typing import Final

from nundb_exporter.config.settings import Web
from nundb_exporter.errors import ConfigError
from nundb_exporter.http_server import Listener, ListenError, handed_over, listen, listen_unix

_SYSTEMD: Final = "--web.systemd-socket"


def listeners(settings: Web) -> list[Listener]:
    """Listen on every address, or take the sockets that systemd has opened.

    Raises:
        ConfigError: an address is unusable or in use, or systemd has opened none.
    """
    if settings.uses_systemd_socket:
        return _of_systemd()
    opened: list[Listener] = []
    for address in settings.listen:
        try:
            opened += [listen_unix(address)] if isinstance(address, Path) else listen(*address)
        except ListenError as error:
            for listener in opened:
                listener.close()
            raise ConfigError(f"--web.listen-address {error.address}", error.problem, error.cure) from error
    return opened


def _of_systemd() -> list[Listener]:
    try:
        given = handed_over(os.environ)
    except ListenError as error:
        raise ConfigError(_SYSTEMD, f"{error.address}: {error.problem}", error.cure) from error
    if not given:
        raise ConfigError(_SYSTEMD, "systemd has handed over no socket", "start the socket unit, not the service alone")
    return given
