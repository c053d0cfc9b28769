"""A rate limit: a bucket that fills with tokens, of which each request takes one."""

from collections.abc import Callable

from nundb_exporter.config.web_file import RateLimit


class TokenBucket:
    """Holds at most `burst` tokens, is full at first, and gets one more after each interval.

    `clock` returns seconds that never go back.
    """

    def __init__(self, limit: RateLimit, clock: Callable[[], float]) -> None:
        self.limit = limit
        self._clock = clock
        self._tokens = float(limit.burst)
        self._filled = clock()

    def take(self) -> bool:
        """Take a token; false if there is none."""
        now = self._clock()
        self._tokens = min(self._tokens + (now - self._filled) / self.limit.interval_seconds, self.limit.burst)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
