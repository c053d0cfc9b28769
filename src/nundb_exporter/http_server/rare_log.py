"""Log lines that strangers can cause: each kind once a minute, so that nobody fills a disk."""

import logging
import time
from typing import Final

_SECONDS: Final = 60.0


class RareLog:
    """Write a line of a kind at most once in a while; the next one tells how many were left out."""

    def __init__(self, logger: logging.Logger, seconds: float = _SECONDS) -> None:
        self._logger = logger
        self._seconds = seconds
        self._kinds: dict[str, tuple[float, int]] = {}
        """When a line of this kind was written last, and how many were left out since."""

    def write(self, level: int, kind: str, text: str) -> None:
        """Write the text, unless a line of its kind was written shortly before. Kinds are kept: let there be few."""
        now = time.monotonic()
        written, omitted = self._kinds.get(kind, (-self._seconds, 0))
        if now - written < self._seconds:
            self._kinds[kind] = (written, omitted + 1)
            return
        self._kinds[kind] = (now, 0)
        self._logger.log(level, "%s%s", text, f" ({omitted} more since the last such line)" if omitted else "")
