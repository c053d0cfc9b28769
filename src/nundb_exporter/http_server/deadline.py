"""A deadline that is moved often and seldom reached."""

import asyncio
from collections.abc import Callable


class Deadline:
    """Call a function once the time that was set last has come.

    Each answer moves the deadline of its connection. A timer for each would fill the event loop's heap, so the timer
    stays where it is as long as it is early enough, and looks at the deadline when it rings.
    """

    __slots__ = ("_due", "_loop", "_missed", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, missed: Callable[[], None]) -> None:
        self._loop = loop
        self._missed = missed
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """Let it be in so many seconds."""
        self._due = self._loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._due:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(self._due, self._ring)

    def shorten(self, seconds: float) -> None:
        """Let it be in so many seconds, or sooner if it was to be sooner."""
        if self._due is None or self._due > self._loop.time() + seconds:
            self.set(seconds)

    def lift(self) -> None:
        """Let there be none until the next is set."""
        self._due = None

    def cancel(self) -> None:
        """End it for good, and forget whom to call.

        It belongs to whom it calls: as long as each knows the other, only the garbage collector frees them, which runs
        seldom, and a connection with TLS holds 300 KiB.
        """
        self._missed = _nothing
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        if self._due is None:
            return
        if self._loop.time() < self._due:
            self._timer = self._loop.call_at(self._due, self._ring)
            return
        self._due = None
        self._missed()


def _nothing() -> None:
    pass
