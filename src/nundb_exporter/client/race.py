"""Connects to the first of several addresses that answers: RFC 8305, "Happy Eyeballs".

A name may have an address where nobody answers, not even with a refusal. The next address is tried a moment after the
one before, or as soon as that fails. One function owns every socket, without tasks: when it is cancelled, none is lost,
as one may be in asyncio's own race.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from nundb_exporter.client.lookup import Address
from nundb_exporter.system_errors import cause_of, cause_of_number

STAGGER_SECONDS: Final = 0.25
"""How long an address is waited for before the next is tried too; RFC 8305's own number."""
_UNDER_WAY: Final = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK})
NO_ANSWER: Final = "no answer"


async def connect(addresses: Sequence[Address], tried: dict[str, str]) -> tuple[socket.socket, Address]:
    """Return a connected socket, which belongs to the caller, and where it is connected to.

    The socket itself cannot always tell: the other end may have reset it meanwhile.

    `tried` is filled with the addresses that were tried, and what became of each: its error, or NO_ANSWER.

    Raises:
        OSError: all have failed.
    """
    race = _Race(tried)
    try:
        for address in _alternating(addresses):
            race.start(address)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STAGGER_SECONDS):
                    await race.news()
            if connected := race.take_winner():
                return connected
        while race.is_open:
            await race.news()
            if connected := race.take_winner():
                return connected
        raise OSError("no address can be reached")
    finally:
        race.close()


def _alternating(addresses: Sequence[Address]) -> Iterator[Address]:
    """Yield the addresses so that the families take turns, beginning with that of the first."""
    first = [address for address in addresses if address.family == addresses[0].family]
    others = [address for address in addresses if address.family != addresses[0].family]
    for pair in zip_longest(first, others):
        yield from (address for address in pair if address is not None)


class _Race:
    """The connections that are being tried."""

    def __init__(self, tried: dict[str, str]) -> None:
        self._tried = tried
        self._loop = asyncio.get_running_loop()
        self._open: dict[socket.socket, Address] = {}
        self._winner: socket.socket | None = None
        self._has_news = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether there is anything to wait for."""
        return bool(self._open)

    async def news(self) -> None:
        """Wait until a connection stands or has failed."""
        await self._has_news.wait()
        self._has_news.clear()

    def start(self, address: Address) -> None:
        """Begin to connect to an address."""
        self._tried[str(address)] = NO_ANSWER
        try:
            attempt = socket.socket(address.family, socket.SOCK_STREAM)
        except OSError as error:
            self._tried[str(address)] = cause_of(error)
            self._has_news.set()
            return
        self._open[attempt] = address
        attempt.setblocking(False)
        _keep_alive(attempt)
        number = attempt.connect_ex(address.sockaddr)
        if number in _UNDER_WAY:
            self._loop.add_writer(attempt, self._decide, attempt)
        else:
            self._lose(attempt, number)

    def _decide(self, attempt: socket.socket) -> None:
        self._loop.remove_writer(attempt)
        number = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self._lose(attempt, number)
        elif self._winner is None:
            self._winner = attempt
            self._has_news.set()

    def _lose(self, attempt: socket.socket, number: int) -> None:
        self._tried[str(self._open.pop(attempt))] = cause_of_number(number)
        attempt.close()
        self._has_news.set()

    def take_winner(self) -> tuple[socket.socket, Address] | None:
        """Return the connection that stands, if there is one, with its address, and leave it to the caller."""
        return None if self._winner is None else (self._winner, self._open.pop(self._winner))

    def close(self) -> None:
        """Give up all connections that nobody has taken."""
        for attempt in self._open:
            self._loop.remove_writer(attempt)
            attempt.close()


_PROBES: Final = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""Seconds of silence before the first probe, seconds between probes, and how many may stay unanswered."""


def _keep_alive(attempt: socket.socket) -> None:
    """Let the kernel probe the connection while it is idle: routers forget silent ones, the shortest after a minute."""
    attempt.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _PROBES.items():
        if hasattr(socket, name):  # not every system has them all
            attempt.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
