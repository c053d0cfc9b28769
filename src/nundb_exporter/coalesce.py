"""Equal requests at the same moment share one answer."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

JOIN_WINDOW_SECONDS: Final = 0.1
"""How long others may join a request in progress. It bounds the age of an answer, and the time that a later request can
lose to the deadline of an earlier one; it is less than the offset that every scrape reserves."""


class _Shared(Generic[T]):
    """A request in progress: the first client runs it, the others wait."""

    __slots__ = ("started", "waiters")

    def __init__(self, started: float) -> None:
        self.started = started
        # In a tuple, because the answer itself may be None or false.
        self.waiters: list[asyncio.Future[tuple[T] | None]] = []

    def finish(self, answer: tuple[T] | None) -> None:
        """Give the answer to all who wait; None means that there will be none."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(answer)


class Coalescer(Generic[T]):
    """Share one answer among equal requests at the same moment.

    A request that comes later than JOIN_WINDOW_SECONDS starts anew. The first request runs in its own task, which saves
    the cost of another task; if it is cancelled, the next one takes over.
    """

    def __init__(self) -> None:
        self._shared: dict[Hashable, _Shared[T]] = {}

    async def share(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the result of `ask`, run now or a moment ago for the same key."""
        loop = asyncio.get_running_loop()
        while (request := self._shared.get(key)) and loop.time() - request.started <= JOIN_WINDOW_SECONDS:
            waiter: asyncio.Future[tuple[T] | None] = loop.create_future()
            request.waiters.append(waiter)
            if answer := await waiter:
                return answer[0]
        request = self._shared[key] = _Shared(loop.time())
        found: tuple[T] | None = None
        try:
            found = (await ask(),)
            return found[0]
        finally:
            if self._shared.get(key) is request:
                del self._shared[key]
            request.finish(found)
