"""The shipped rules with time made short: nothing else about them is changed.

At the fastest pace a minute becomes three seconds: every `for`, every range in brackets and every offset is divided by
20, and none becomes shorter than three scrapes of a second each. No `for` becomes longer than three minutes: two hours
are as an hour, since no drill is worth six. The steps of subqueries become a second. A slower pace makes all of these
longer alike, and a rate is then one for each of its seconds: what a busy machine does, takes longer.
Thresholds stay as they are, those in seconds as well: an operation must be 60 seconds old here, too.
"""

import re
from typing import Any

from .pace import FASTEST, Pace

FACTOR = 20
SHORTEST_SECONDS = 3.0
LONGEST_FOR_SECONDS = 180.0
STEP_SECONDS = 1.0

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_RANGE = re.compile(r"\[(\d+[smhdw])(?::(\d+[smhdw]))?\]")
_OFFSET = re.compile(r"\boffset (\d+[smhdw])")
_RATE = re.compile(r"\bderiv\(")


def seconds(duration: str) -> float:
    """Read a duration of Prometheus that has one unit."""
    return float(duration[:-1]) * _UNITS[duration[-1]]


def shortened_seconds(duration: str) -> float:
    """Return a twentieth of a duration, at least three seconds."""
    return max(seconds(duration) / FACTOR, SHORTEST_SECONDS)


def shortened(duration: str, pace: Pace) -> str:
    """Return a twentieth of a duration, at least three seconds, at that pace."""
    return _milliseconds(pace.stretched(shortened_seconds(duration)))


def wait_seconds(duration: str) -> float:
    """Return how long an alert waits here whose `for` is that."""
    return min(shortened_seconds(duration), LONGEST_FOR_SECONDS)


def longest_range(expression: str) -> float:
    """Return the seconds of the longest range of an expression once it is shortened; 0 if it has none."""
    return max((shortened_seconds(found[1]) for found in _RANGE.finditer(expression)), default=0.0)


def shortened_expression(expression: str, pace: Pace) -> str:
    """Shorten the ranges and offsets of an expression, and let rates be those of the pace's seconds."""

    def shorten_range(found: re.Match[str]) -> str:
        step = f":{_milliseconds(pace.stretched(STEP_SECONDS))}" if found[2] else ""
        return f"[{shortened(found[1], pace)}{step}]"

    text = _RANGE.sub(shorten_range, expression)
    if pace != FASTEST:
        text = _RATE.sub(f"{pace.scrape_seconds:g} * deriv(", text)
    return _OFFSET.sub(lambda found: f"offset {shortened(found[1], pace)}", text)


def shortened_rules(rules: dict[str, Any], pace: Pace) -> dict[str, Any]:
    """Shorten a whole file of rules."""
    return {"groups": [{**group, "rules": [_rule(rule, pace) for rule in group["rules"]]} for group in rules["groups"]]}


def _rule(rule: dict[str, Any], pace: Pace) -> dict[str, Any]:
    short = {**rule, "expr": shortened_expression(rule["expr"], pace)}
    if "for" in rule:
        short["for"] = _milliseconds(pace.stretched(wait_seconds(rule["for"])))
    return short


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms"
