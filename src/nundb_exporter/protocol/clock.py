"""How far a server's clock is from ours, by the header Date of its answer. Pure; RFC 9110, 6.6.1."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_RESOLUTION_SECONDS: Final = 1.0
"""Of the header: its time is rounded down."""

# The one form that a sender may write. The module email, which knows the obsolete ones too, costs the start 5 ms.
_DATE: Final = re.compile(r"\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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
    found = _DATE.fullmatch(date)
    if found is None:
        return None
    day, month, year, hour, minute, second = found.groups()
    try:
        at = datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None
    return at.timestamp()
