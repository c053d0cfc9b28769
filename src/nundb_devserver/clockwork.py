"""What happens when, in one run of a node: tasks, timers, and the turns in which queued work is done.

It knows no other part: what it is to do, it is given as functions.
"""

import asyncio
from collections.abc import Callable, Coroutine

Work = Coroutine[object, None, None]
"""What takes its time, to be awaited or to be started in the background."""


class Clockwork:
    """The tasks and timers of one run, all in the event loop that runs when it is made.

    A process that is paused does not act: its timers run out, but what they were to do waits until it is resumed.
    """

    def __init__(self) -> None:
        self.is_over = False
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._running = asyncio.Event()
        self._running.set()
        self._when_running: list[Callable[[], None]] = []
        self._each_turn: tuple[Callable[[], None], ...] = ()
        self._is_awake = False

    def spawn(self, work: Work) -> None:
        """Run work in the background, until it is done or the process ends."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def sleep(self, seconds: float) -> None:
        """Let time pass; a process that is paused does not wake up."""
        await asyncio.sleep(seconds)
        await self._running.wait()

    def repeat(self, seconds: float, *actions: Callable[[], None]) -> None:
        """Do something again and again, each time after so many seconds. One repetition at a time."""

        def act() -> None:
            self.repeat(seconds, *actions)
            for action in actions:
                self.when_running(action)

        self._timer = self._loop.call_later(seconds, act)

    def when_running(self, action: Callable[[], None]) -> None:
        """Do something now, or once the process is resumed."""
        if self._running.is_set():
            action()
        else:
            self._when_running.append(action)

    def do_each_turn(self, *actions: Callable[[], None]) -> None:
        """Name what is done in a turn, in this order."""
        self._each_turn = actions

    def wake(self) -> None:
        """See to it that there is a turn soon."""
        if not self._is_awake:
            self._is_awake = True
            self._loop.call_soon(self.turn)

    def turn(self) -> None:
        """Do what is queued (main.rs: join_all_promises)."""
        self._is_awake = False
        for action in self._each_turn:
            action()

    def pause(self) -> None:
        """Stop, as on SIGSTOP."""
        self._running.clear()

    def resume(self) -> None:
        """Continue, as on SIGCONT: everything that has waited is done."""
        self._running.set()
        waiting, self._when_running = self._when_running, []
        for action in waiting:
            action()

    def stop(self) -> None:
        """End: nothing more is done."""
        self.is_over = True
        if self._timer is not None:
            self._timer.cancel()
        for task in tuple(self._tasks):
            # Soon, not now: a task that has not begun would leave its coroutine unawaited.
            self._loop.call_soon(task.cancel)
        self._running.set()
