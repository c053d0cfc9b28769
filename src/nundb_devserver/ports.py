"""Which ports are free: for nodes, and for whatever is started beside them.

A port that is looked up long before it is listened on must not be lost in between. These lie below the range from which
the kernel takes ports for outgoing connections, and no process hands one out twice.
"""

import itertools
import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
"""Where embedded nodes listen: other machines cannot reach them."""

_RANGE_OF_THE_KERNEL: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST: Final = 10_000
_DEFAULT_END: Final = 32_768
"""Where the kernel's range begins on Linux, unless it is configured; elsewhere it begins above."""
_STEP: Final = 7_919
"""Between the first ports of two processes whose ids are neighbours: far apart, so that neither meets the other."""

_places: Final = itertools.count(os.getpid() * _STEP)


def is_free(port: int, host: str = HOST) -> bool:
    """Tell whether a port can be listened on, as it can where closed connections only linger."""
    with socket.socket() as probe:
        # As asyncio's own listeners.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def first_taken(ports: Iterable[int], host: str = HOST) -> int | None:
    """Return the first of some ports that is not free; None if all are."""
    return next((port for port in ports if not is_free(port, host)), None)


def free_port(host: str = HOST) -> int:
    """Return a port that is free, and not handed out before."""
    return free_row(1, host)


def free_row(length: int, host: str = HOST) -> int:
    """Return the first of so many consecutive ports that are free, and not handed out before.

    Raises:
        OSError: there is no such row.
    """
    ports = range(_LOWEST, _end())
    row: list[int] = []
    for place in itertools.islice(_places, 2 * len(ports)):
        port = ports[place % len(ports)]
        if row and port != row[-1] + 1:
            row.clear()
        if is_free(port, host):
            row.append(port)
        else:
            row.clear()
        if len(row) == length:
            return row[0]
    raise OSError(f"there are no {length} free ports in a row from {ports.start} to {ports.stop}")


def _end() -> int:
    try:
        configured = int(_RANGE_OF_THE_KERNEL.read_text("ascii").split()[0])
    except OSError:
        configured = _DEFAULT_END
    # A kernel that was configured to take nearly all leaves no room below: then any port is as good as another.
    return configured if configured > 2 * _LOWEST else _DEFAULT_END
