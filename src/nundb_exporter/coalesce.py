"""Equal questions at one moment are asked once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MOMENT_SECONDS: Final = 0.1
"""How long a question under way may be joined. It bounds how old an answer can be, and how much of his own time a
late comer can lose to an earlier one's deadline; less than the offset that every scrape keeps in hand."""


class _Flight(Generic[T]):
    """A question under way: its leader asks, the others wait."""

    __slots__ = ("started", "waiters")

    def __init__(self, started: float) -> None:
        self.started = started
        self.waiters: list[asyncio.Future[tuple[T] | None]] = []

    def land(self, answer: tuple[T] | None) -> None:
        """Give the answer to all who wait; None tells them that there will be none."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(answer)


class Coalescer(Generic[T]):
    """Share one answer among all who ask the same at the same moment.

    Nobody waits for an old question: whoever comes later than MOMENT_SECONDS asks anew. The first to ask does the
    asking in his own task, which spares a scrape the cost of another; if he leaves, the next one asks in his place.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def share(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what `ask` gives, asked now or a moment ago by another for the same key."""
        loop = asyncio.get_running_loop()
        while (flight := self._flights.get(key)) and loop.time() - flight.started <= MOMENT_SECONDS:
            waiter: asyncio.Future[tuple[T] | None] = loop.create_future()
            flight.waiters.append(waiter)
            if answer := await waiter:
                return answer[0]
        flight = self._flights[key] = _Flight(loop.time())
        found: tuple[T] | None = None
        try:
            found = (await ask(),)
            return found[0]
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]
            flight.land(found)
