"""Addresses that behave as those of real networks: one that refuses, one that is silent, one that answers."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

from nundb_exporter.client.lookup import Address


def address(host: str, port: int) -> Address:
    """Return an IPv4 address."""
    return Address(socket.AF_INET, (host, port))


@contextlib.contextmanager
def living(host: str = "127.0.0.1", port: int = 0) -> Iterator[Address]:
    """Yield an address that takes connections."""
    with socket.create_server((host, port)) as listener:
        yield address(*listener.getsockname())


@contextlib.contextmanager
def refusing(host: str = "127.0.0.1") -> Iterator[Address]:
    """Yield an address where nobody listens."""
    with socket.socket() as holder:
        holder.bind((host, 0))
        yield address(*holder.getsockname())


@contextlib.contextmanager
def silent(host: str = "127.0.0.2", port: int = 0) -> Iterator[Address]:
    """Yield an address that answers no attempt to connect: the queue of its listener is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(0)
        while True:
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0.3)
            try:
                waiting.connect(listener.getsockname())
            except TimeoutError:
                break
        yield address(*listener.getsockname())


def descriptors() -> int:
    """Return how many file descriptors this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
