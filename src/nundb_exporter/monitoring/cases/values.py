"""The values of a series over time, written with times, and how promtool's notation says the same.

A stretch is one rule for some time; stretches follow each other: `held(0, "1m") + held(1)` is 0 for a minute and then
1, and `(held(0, "15s") + held(1, "15s")) * 20` alternates.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

INTERVAL_SECONDS: Final = 15
"""Between scrapes and between evaluations, as in the example configuration (prometheus.py)."""

_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values for some time: a start and a slope, or none at all."""

    start: float | None
    """None: the page does not have the series."""
    per_second: float = 0
    seconds: int | None = None
    """None: until the case is judged."""


Values = tuple[Stretch, ...]


def seconds_of(time: str) -> int:
    """Return the seconds of a duration in Prometheus' notation, such as `6m30s`."""
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([smh])", time))


def held(value: float, time: str = "") -> Values:
    """One value for that time; by default until the case is judged, as below."""
    return rising(value, 0, time)


def rising(start: float, per_second: float, time: str = "") -> Values:
    """A value that rises, or falls if `per_second` is negative."""
    return (Stretch(start, per_second, seconds_of(time) if time else None),)


def absent(time: str = "") -> Values:
    """No value: the page does not have the series, which Prometheus records as stale."""
    return (Stretch(None, 0, seconds_of(time) if time else None),)


def steps(values: Iterable[float], time: str) -> Values:
    """Each value for that time."""
    return tuple(stretch for value in values for stretch in held(value, time))


def notation(values: Values, until: int) -> str:
    """Return the values in promtool's notation; those without an end last until that second, inclusive.

    Raises:
        ValueError: a stretch is shorter than the interval, or begins after that second.
    """
    written: list[str] = []
    begun = 0
    for stretch in values:
        lasts = until + INTERVAL_SECONDS - begun if stretch.seconds is None else stretch.seconds
        if lasts < INTERVAL_SECONDS:
            raise ValueError(f"{stretch} begins after {begun} s, of {until} s")
        begun += lasts
        written += _samples(stretch, lasts // INTERVAL_SECONDS)
    return " ".join(written)


def _samples(stretch: Stretch, count: int) -> Iterable[str]:
    if stretch.start is None:
        yield "stale"
        if count > 1:
            yield f"_x{count - 1}"
    elif count == 1:
        yield _number(stretch.start)
    else:
        # The count in promtool's notation is that of the samples after the first.
        step = stretch.per_second * INTERVAL_SECONDS
        yield f"{_number(stretch.start)}{'+' if step > 0 else ''}{_number(step) if step else ''}x{count - 1}"


def _number(value: float) -> str:
    return f"{value:.15g}"
