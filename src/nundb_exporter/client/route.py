"""The way to a node: how its name is looked up, which addresses may be dialled, and who is told which one was."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final


def _any(_: str) -> bool:
    """Admit every address."""
    return True


def _nobody(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Route:
    """The way to one node, for all connections to it."""

    admits: Callable[[str], bool] = _any
    """Whether an address may be dialled. It is asked of each one that a name has resolved to, each time, and the
    addresses that pass are dialled as they are: a name that says something else a moment later changes nothing."""
    dialled: Callable[[str], None] = _nobody
    """Told the address of each connection that has been made."""
    resolve: Callable[..., Sequence[Any]] = socket.getaddrinfo
    """Looks a name up; called as socket.getaddrinfo is."""


DIRECT: Final = Route()
"""To a node that is configured: any address, found by the system."""
