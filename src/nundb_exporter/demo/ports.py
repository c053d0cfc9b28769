"""Whether ports are free, asked before anything is started, so that an error can name the one that is not."""

import socket
from collections.abc import Iterable
from typing import Final

from nundb_exporter.errors import ConfigError

HOST: Final = "127.0.0.1"
"""Where all embedded nodes, their exporters and Prometheus listen: nobody else can reach them."""


def refuse_taken(setting: str, wanted: Iterable[int]) -> None:
    """Refuse to start what wants ports of which one is taken.

    Raises:
        ConfigError: it is; the text names it.
    """
    for port in wanted:
        if not is_free(port):
            cure = f"choose others with {setting}, or stop the program that has it"
            raise ConfigError(setting, f"port {port} is taken", cure)


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port."""
    with socket.socket() as probe:
        # As asyncio's own listeners: a port whose last connections only linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
