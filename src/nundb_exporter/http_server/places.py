"""Who may have a connection: a limit, and silent clients that make room for those who ask."""

import asyncio
import resource
from typing import Final, Generic, Protocol, TypeVar

_STANDING_SHARE: Final = 4
"""Of so many places, one more for a connection that is only told that all are taken."""


def seats_for(wanted: int, descriptors: int) -> int:
    """Return how many connections there may be: half of the files that the process may open, the rest is for others."""
    return wanted if descriptors == resource.RLIM_INFINITY else min(wanted, max(descriptors // 2, 1))


class Guest(Protocol):
    """A connection, as far as its place is concerned."""

    def abort(self) -> None:
        """Close at once. The place is given back by `leave`, as always."""


G = TypeVar("G", bound=Guest)


class Places(Generic[G]):
    """The connections that are open."""

    def __init__(self, seats: int, patience_seconds: float) -> None:
        self.seats = seats
        self._patience = patience_seconds
        self._seated: set[G] = set()
        self._silent: dict[G, float] = {}
        """Those without a request in progress, the longest silent first, with the time since when."""
        self._standing: dict[G, None] = {}
        """Those that came when all seats were taken, the earliest first."""
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def are_taken(self) -> bool:
        """Whether the next one will need another's place."""
        return len(self._seated) >= self.seats

    @property
    def all(self) -> list[G]:
        """All connections."""
        return [*self._seated, *self._standing]

    def enter(self, guest: G, now: float) -> bool:
        """Give a new connection a place, if need be that of another one; it counts as silent.

        False means that there is none, and that it may stay only to be told so.
        """
        self._empty.clear()
        if self.are_taken:
            self.make_room(now)
        if not self.are_taken:
            self._seated.add(guest)
            self._silent[guest] = now
            return True
        if len(self._standing) * _STANDING_SHARE >= self.seats:
            self._drop(next(iter(self._standing)))
        self._standing[guest] = None
        return False

    def make_room(self, now: float) -> bool:
        """Close the connection that has been silent longest, if it was long enough; whether there was one."""
        longest = next(iter(self._silent), None)
        if longest is None or now - self._silent[longest] < self._patience:
            return False
        self._drop(longest)
        return True

    def _drop(self, guest: G) -> None:
        self.leave(guest)
        guest.abort()

    def speaks(self, guest: G) -> None:
        """Note that a connection has a request in progress."""
        self._silent.pop(guest, None)

    def falls_silent(self, guest: G, now: float) -> None:
        """Note that it has none any more."""
        if guest in self._seated:
            self._silent[guest] = now

    def leave(self, guest: G) -> None:
        """Note that a connection is closed."""
        self._seated.discard(guest)
        self._silent.pop(guest, None)
        self._standing.pop(guest, None)
        if not self._seated and not self._standing:
            self._empty.set()

    async def wait_until_empty(self) -> None:
        """Wait until no connection is open."""
        await self._empty.wait()
