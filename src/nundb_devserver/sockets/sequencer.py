"""One thing after another: the order that a connection owes to its peer, without a thread for each connection."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from nundb_devserver.clockwork import Work

Item = TypeVar("Item")


class Sequencer(Generic[Item]):
    """Handles items in order. Most are done at once; one that returns work holds up those behind it until it is done.

    Commands that hold an election take their time in the original too, and block their connection alone.
    """

    __slots__ = ("_handle", "_is_waiting", "_items", "_spawn")

    def __init__(self, handle: Callable[[Item], Work | None], spawn: Callable[[Work], None]) -> None:
        self._handle = handle
        self._spawn = spawn
        self._items: deque[Item] = deque()
        self._is_waiting = False

    def put(self, items: Iterable[Item]) -> None:
        """Handle items after those that wait already."""
        self._items.extend(items)
        if not self._is_waiting:
            self._run()

    def clear(self) -> None:
        """Forget what waits."""
        self._items.clear()

    def _run(self) -> None:
        while self._items:
            work = self._handle(self._items.popleft())
            if work is not None:
                self._is_waiting = True
                self._spawn(self._wait(work))
                return

    async def _wait(self, work: Work) -> None:
        await work
        self._is_waiting = False
        self._run()
