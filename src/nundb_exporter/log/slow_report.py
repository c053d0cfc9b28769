"""The slowest commands and the heaviest groups, as JSON and as rows of text: `nundb-exporter slow`, /slow, the page."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from nundb_exporter.log.slowest import WINDOW_MINUTES, Group, SlowCommand
from nundb_exporter.quantities import count, duration, visible

Row = tuple[str, ...]

COMMAND_HEADINGS: Final[Row] = ("DURATION", "COMMAND", "DATABASE", "KEY", "WHEN")
GROUP_HEADINGS: Final[Row] = ("TOTAL", "COMMAND", "DATABASE", "KEY", "COUNT", "MEDIAN", "P99")


def command_row(command: SlowCommand) -> Row:
    """Return the texts of a command, in the order of the headings."""
    return (duration(command.seconds), *_what(command), command.time)


def group_row(group: Group) -> Row:
    """Return the texts of a group, in the order of the headings."""
    quantiles = (duration(group.p50), duration(group.p99))
    return (duration(group.seconds), *_what(group), count(group.count), *quantiles)


def _what(entry: SlowCommand | Group) -> Row:
    """Clients choose the names of keys: whatever is in them is made visible."""
    return (entry.verb, visible(entry.database or "-"), visible(entry.key or "-"))


def to_json(commands: Sequence[SlowCommand], groups: Sequence[Group]) -> str:
    """Return one JSON object; `texts` has of each number and name what a person is shown."""
    report = {
        "window_minutes": WINDOW_MINUTES,
        "commands": [each._asdict() | _texts(COMMAND_HEADINGS, command_row(each)) for each in commands],
        "groups": [asdict(each) | _texts(GROUP_HEADINGS, group_row(each)) for each in groups],
    }
    return json.dumps(report, indent=2)


def _texts(headings: Row, row: Row) -> dict[str, dict[str, str]]:
    return {"texts": dict(zip(map(str.lower, headings), row, strict=True))}
