"""The running event loop's clock, in the hands of a test: nobody sleeps, and a slow machine is not a late one."""

import asyncio
from typing import Final

_PATIENCE_SECONDS: Final = 60.0


class Clock:
    """Replaces the clock of the loop that runs, for as long as the loop lives."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._real = loop.time
        self._shift = 0.0
        self._stopped_at: float | None = None
        loop.time = self._read  # type: ignore[method-assign] # all that waits is woken by it

    def skip(self, seconds: float) -> None:
        """Let time pass at once: what waits for that moment is woken."""
        self._shift += seconds

    def stop(self) -> None:
        """Let no time pass but what is skipped."""
        self._stopped_at = self._real()

    @property
    def is_stopped(self) -> bool:
        """Whether it still stands: after a minute it goes on, or a test that waits for time to pass would never end."""
        return self._stopped_at is not None

    def _read(self) -> float:
        now = self._real()
        if self._stopped_at is not None:
            if now < self._stopped_at + _PATIENCE_SECONDS:
                now = self._stopped_at
            else:
                self._stopped_at = None
        return now + self._shift
