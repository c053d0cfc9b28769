"""Ports on which nobody listens, and ports that somebody else has."""

import contextlib
import socket
from collections.abc import Iterator

from nundb_devserver import HOST


@contextlib.contextmanager
def refusing() -> Iterator[int]:
    """Yield a port on which nobody listens, kept from everybody else."""
    with socket.socket() as holder:
        holder.bind((HOST, 0))
        yield holder.getsockname()[1]


@contextlib.contextmanager
def taken(port: int = 0) -> Iterator[int]:
    """Listen on a port, any free one unless it is given, and yield it."""
    with socket.create_server((HOST, port)) as listener:
        yield listener.getsockname()[1]
