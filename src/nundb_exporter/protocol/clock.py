"""How far a server's clock is from ours, by the header Date of its answer. Pure; RFC 9110, 6.6.1."""

from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

_RESOLUTION_SECONDS: Final = 1.0
"""Of the header: its time is rounded down."""


def clock_offset(date: str, sent: float, received: float) -> float | None:
    """Return how many seconds the server's clock is ahead of ours, negative if it is behind; None if it does not say.

    `date` was written between `sent` and `received`, by our clock in seconds since the epoch. The result is 0 if both
    clocks may agree. Otherwise it is right to half a second where the answer comes at once, and too small where it
    takes its time: a node that is slow must not look like one whose clock is wrong.
    """
    written = _seconds(date)
    if written is None:
        return None
    least = written - received
    most = written + _RESOLUTION_SECONDS - sent
    if least > 0:
        return least + _RESOLUTION_SECONDS / 2
    if most < 0:
        return most - _RESOLUTION_SECONDS / 2
    return 0.0


# Answers of the same second have the same date.
@lru_cache(maxsize=16)
def _seconds(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
