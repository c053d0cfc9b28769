"""Equal requests at the same moment share one answer."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MOMENT_SECONDS: Final = 0.1
"""How long others may join a request in progress. It bounds the age of an answer, and the time that a later request can
lose to the deadline of an earlier one; it is less than the offset that every scrape reserves."""


class _Flight(Generic[T]):
    """A request in progress: the first client runs it, the others wait."""

    __slots__ = ("started", "waiters")

    def __init__(self, started: float) -> None:
        self.started = started
        self.waiters: list[asyncio.Future[tuple[T] | None]] = []

    def land(self, answer: tuple[T] | None) -> None:
        """Give the answer to all who wait; None means that there will be none."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(answer)


class Coalescer(Generic[T]):
    """Share one answer among equal requests at the same moment.

    A request that comes later than MOMENT_SECONDS starts anew. The first request runs in its own task, which saves the
    cost of another task; if it is cancelled, the next one takes over.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def share(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the result of `ask`, run now or a moment ago for the same key."""
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
