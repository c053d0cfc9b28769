"""The shipped rules with time made short: nothing else about them is changed.

A minute becomes three seconds: every `for`, every range in brackets and every offset is divided by 20, and none becomes
shorter than three scrapes of a second each. The steps of subqueries become a second. Thresholds stay as they are, those
in seconds as well: an operation must be 60 seconds old here, too.
"""

import re
from typing import Any

FACTOR = 20
SHORTEST_SECONDS = 3.0
STEP_SECONDS = 1.0

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_RANGE = re.compile(r"\[(\d+[smhdw])(?::(\d+[smhdw]))?\]")
_OFFSET = re.compile(r"\boffset (\d+[smhdw])")


def seconds(duration: str) -> float:
    """Read a duration of Prometheus that has one unit."""
    return float(duration[:-1]) * _UNITS[duration[-1]]


def shortened(duration: str) -> str:
    """Return a twentieth of a duration, at least three seconds."""
    return f"{max(seconds(duration) / FACTOR, SHORTEST_SECONDS) * 1000:.0f}ms"


def shortened_expression(expression: str) -> str:
    """Shorten the ranges and offsets of an expression."""

    def shorten_range(found: re.Match[str]) -> str:
        step = f":{STEP_SECONDS:g}s" if found[2] else ""
        return f"[{shortened(found[1])}{step}]"

    text = _RANGE.sub(shorten_range, expression)
    return _OFFSET.sub(lambda found: f"offset {shortened(found[1])}", text)


def shortened_rules(rules: dict[str, Any]) -> dict[str, Any]:
    """Shorten a whole file of rules."""
    return {"groups": [{**group, "rules": [_rule(rule) for rule in group["rules"]]} for group in rules["groups"]]}


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    short = {**rule, "expr": shortened_expression(rule["expr"])}
    if "for" in rule:
        short["for"] = shortened(rule["for"])
    return short
