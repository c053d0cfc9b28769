"""The sockets that the exporter listens on."""

import os
import threading
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
    # In a thread, because Python obeys no signal while its main thread looks up a name: silent name servers would delay
    # the end of the program by as long as the system asks them.
    found: list[list[Listener] | ConfigError] = []
    thread = threading.Thread(target=lambda: found.append(_open(settings)), name="listen", daemon=True)
    thread.start()
    thread.join()
    (opened,) = found
    if isinstance(opened, ConfigError):
        raise opened
    return opened


def _open(settings: Web) -> list[Listener] | ConfigError:
    opened: list[Listener] = []
    for address in settings.listen:
        try:
            opened += [listen_unix(address)] if isinstance(address, Path) else listen(*address)
        except ListenError as error:
            for listener in opened:
                listener.close()
            return ConfigError(f"--web.listen-address {error.address}", error.problem, error.cure)
    return opened


def _of_systemd() -> list[Listener]:
    try:
        given = handed_over(os.environ)
    except ListenError as error:
        raise ConfigError(_SYSTEMD, f"{error.address}: {error.problem}", error.cure) from error
    if not given:
        raise ConfigError(_SYSTEMD, "systemd has handed over no socket", "start the socket unit, not the service alone")
    return given
