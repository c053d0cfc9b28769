"""Equal requests at the same moment share one answer."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

JOIN_WINDOW_SECONDS: Final = 0.1
"""How long others may join a request in progress. It bounds the age of an answer, and the time that a later request can
lose to the deadline of an earlier one; it is less than the offset that every scrape reserves."""


class _Shared(Generic[T]):
    """A request in progress, and those who wait for its answer: each is a future, which costs less than a task."""

    __slots__ = ("_waiters", "began", "task")

    def __init__(self, began: float) -> None:
        self.began = began
        self.task: asyncio.Task[None] | None = None
        """What asks."""
        self._waiters: dict[asyncio.Future[Any], Callable[[T], Any]] = {}
        """With what each makes of the answer."""

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiters)

    def join(self, loop: asyncio.AbstractEventLoop, use: Callable[[T], R]) -> "asyncio.Future[R]":
        """Wait too."""
        waiter: asyncio.Future[R] = loop.create_future()
        waiter.add_done_callback(self._leave)
        self._waiters[waiter] = use
        return waiter

    def _leave(self, waiter: "asyncio.Future[Any]") -> None:
        """Forget one who no longer waits; nothing is asked for nobody."""
        if self._waiters.pop(waiter, None) and not self._waiters and self.task is not None:
            self.task.cancel()

    def answer(self, answer: T) -> None:
        """Give each his part; whose use of it fails has that error."""
        for waiter, use in self._take_waiters():
            try:
                waiter.set_result(use(answer))
            except Exception as error:  # noqa: BLE001 - a defect, which is his who waits to report
                waiter.set_exception(error)

    def fail(self, error: Exception) -> None:
        """Give all the same error."""
        for waiter, _ in self._take_waiters():
            waiter.set_exception(error)

    def end(self) -> None:
        """Let nobody wait for what will not come, and forget the task, whose error knows this object if it has one."""
        for waiter, _ in self._take_waiters():
            waiter.cancel()
        self.task = None

    def _take_waiters(self) -> list[tuple["asyncio.Future[Any]", Callable[[T], Any]]]:
        taken = [(waiter, use) for waiter, use in self._waiters.items() if not waiter.done()]
        self._waiters.clear()
        for waiter, _ in taken:
            waiter.remove_done_callback(self._leave)
        return taken


class Coalescer(Generic[T]):
    """Share one answer among equal requests at the same moment.

    A request that comes later than JOIN_WINDOW_SECONDS starts anew. When all who wait for an answer have been
    cancelled, so is what asks for it.
    """

    def __init__(self) -> None:
        self._running: set[_Shared[T]] = set()
        self._latest: dict[Hashable, _Shared[T]] = {}

    @property
    def waiting(self) -> int:
        """How many wait for an answer."""
        return sum(shared.waiting for shared in self._running)

    def share(self, key: Hashable, ask: Callable[[], Awaitable[T]], use: Callable[[T], R]) -> "asyncio.Future[R]":
        """Return what `use` makes of the answer of `ask`, run now or a moment ago for the same key."""
        loop = asyncio.get_running_loop()
        shared = self._latest.get(key)
        if shared is None or not shared.waiting or loop.time() - shared.began > JOIN_WINDOW_SECONDS:
            shared = self._latest[key] = _Shared(loop.time())
            shared.task = loop.create_task(self._run(key, shared, ask))
            self._running.add(shared)
        return shared.join(loop, use)

    async def _run(self, key: Hashable, shared: _Shared[T], ask: Callable[[], Awaitable[T]]) -> None:
        try:
            shared.answer(await ask())
        except Exception as error:  # noqa: BLE001 - a defect, which is theirs who wait to report
            shared.fail(error)
        finally:
            shared.end()
            self._running.discard(shared)
            if self._latest.get(key) is shared:
                del self._latest[key]
