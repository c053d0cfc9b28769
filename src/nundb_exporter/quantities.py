"""Numbers as people write them: durations, ages, sizes, counts and moments. All that a person reads uses these."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

_LONG_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_SIZES: Final = ("KiB", "MiB", "GiB", "TiB")
_FEW: Final = 10
"""Below this a unit is followed by the next smaller one: 9 d 3 h says something, 90 d 3 h does not."""


def count(number: float) -> str:
    """Return a whole number with its thousands apart: `12,345`."""
    return f"{number:,.0f}"


def counted(number: float, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun: `1 operation`, `2 operations`."""
    return f"{count(number)} {noun if number == 1 else plural or f'{noun}s'}"


def duration(seconds: float) -> str:
    """Return how long something took, in three digits: `0.25 ms`, `39.5 ms`, `4 s`; from a minute on as an age."""
    if seconds >= 60:  # noqa: PLR2004 - a minute
        return age(seconds)
    if seconds >= 0.9995:  # noqa: PLR2004 - what would be rounded to 1,000 ms
        return f"{_three_digits(seconds)} s"
    return f"{_three_digits(seconds * 1000)} ms"


def age(seconds: float) -> str:
    """Return how long ago something was, rounded down: its largest unit, and the next one where it is small."""
    if seconds < 1:
        return f"{int(max(seconds, 0) * 1000)} ms"
    position = next(position for position, (size, _) in enumerate(_LONG_UNITS) if seconds >= size)
    size, unit = _LONG_UNITS[position]
    whole = int(seconds // size)
    if unit != "s" and whole < _FEW:
        smaller, name = _LONG_UNITS[position + 1]
        if rest := int(seconds % size // smaller):
            return f"{whole} {unit} {rest} {name}"
    return f"{count(whole)} {unit}"


def size(number: float) -> str:
    """Return a number of bytes: `350 bytes`, `1.25 MiB`."""
    if number < 1024:  # noqa: PLR2004 - a kibibyte
        return counted(number, "byte")
    power = min(int(math.log2(number) / 10), len(_SIZES))
    return f"{_three_digits(number / 1024**power)} {_SIZES[power - 1]}"


def moment(seconds: float) -> datetime | None:
    """Return a time in seconds since the epoch as a date; None if no calendar has it, as a node may send any number."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def listed(names: Sequence[str]) -> str:
    """Return names in a row: `a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def visible(name: str, most: int = 120) -> str:
    r"""Return a name that a node or a client chose so that all of it can be seen: control characters are escaped.

    Separators, directional marks and whatever else is not printable are written as `\x1b` or `\u202e`; a long name is
    cut.
    """
    if not name.isprintable():
        name = "".join(
            character if character.isprintable() else character.encode("unicode_escape").decode() for character in name
        )
    return name if len(name) <= most else f"{name[:most]}…"


def _three_digits(number: float) -> str:
    """Return three digits and no more than three decimals: less is written as 0, as a moving average of zeros is."""
    if number >= 100:  # noqa: PLR2004 - three digits before the point
        return f"{number:,.0f}"
    decimals = 3 if number < 1 else 2 if number < 10 else 1  # noqa: PLR2004
    return f"{max(number, 0):.{decimals}f}".rstrip("0").rstrip(".")
