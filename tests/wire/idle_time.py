"""An event loop whose time passes only while nothing happens, for tests whose nodes and clients all live in it.

Over the loopback interface, what was sent has arrived when `send` returns. So, while no callback is ready and no socket
has anything to be read, nothing will happen before the next timer, and time may pass quickly; while anything does
happen, however slow the machine is, no time passes at all. No timer runs out because the machine is busy, and no test
waits for one.
"""

import asyncio
import selectors
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack

from nundb_devserver import NodeOptions
from nundb_devserver.options import Clock

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

_SPEED: Final = 100.0
"""How many times faster time passes: a deadline of 5 s still leaves the kernel 50 ms, more than its own timers take."""


class _Selector(selectors.DefaultSelector):
    """Waits for sockets; `elapsed` is the time that has passed while none was ready, in seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0
        self.threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return the sockets that are ready; none once the time has passed."""
        events = super().select(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        if timeout is None or self.threads:
            # Only what is outside of the loop can be what it waits for.
            return super().select(None)
        events = super().select(timeout / _SPEED)
        if not events:
            self.elapsed += timeout
        return events


class IdleTimeLoop(asyncio.SelectorEventLoop):
    """The event loop; `clock` is for the nodes that run in it."""

    def __init__(self) -> None:
        self._idle = _Selector()
        self._start = time.time_ns()
        self._now = 0
        self.clock = Clock(self.now, lambda: round(self.time() * 1e9))
        super().__init__(self._idle)

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self._idle.elapsed

    def now(self) -> int:
        """Return the nanoseconds since the epoch that it would be, a later one each time."""
        self._now = max(self._now + 1, self._start + round(self.time() * 1e9))
        return self._now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Arguments]], T], *args: *Arguments
    ) -> asyncio.Future[T]:
        """Run a function in a thread, for which time waits."""
        future = super().run_in_executor(executor, func, *args)
        self._idle.threads += 1
        future.add_done_callback(self._thread_has_ended)
        return future

    def _thread_has_ended(self, _future: object) -> None:
        self._idle.threads -= 1


async def pass_time(seconds: float) -> None:
    """Let so much time pass."""
    assert isinstance(asyncio.get_running_loop(), IdleTimeLoop)
    await asyncio.sleep(seconds)


def node_options(**settings: Any) -> NodeOptions:  # noqa: ANN401 - those of NodeOptions
    """Return the options of a node whose clock is that of the running loop."""
    loop = asyncio.get_running_loop()
    return NodeOptions(clock=loop.clock, **settings) if isinstance(loop, IdleTimeLoop) else NodeOptions(**settings)
