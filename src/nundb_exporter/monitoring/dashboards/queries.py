"""Queries: rate and latency of commands by verb, and what the log tells besides."""

from typing import Final

from nundb_exporter.log.families import LINES, SUBJECT
from nundb_exporter.metrics import Panel
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row


def _panels(*titles: str) -> tuple[Panel, ...]:
    by_title = {panel.title: panel for panel in SUBJECT.panels}
    return tuple(by_title[title] for title in titles)


DASHBOARD: Final = Dashboard(
    uid="nundb-queries",
    title="Nun-db queries",
    description="Rate and latency of commands by verb, and the events that nodes log. Needs --collector.log.",
    rows=(
        Row(
            "Commands",
            _panels(
                "Commands by verb",
                "Command duration, median",
                "Command duration, slowest hundredth",
                "Command durations",
                "Slowest verbs",
                "Time in commands",
            ),
        ),
        Row("Events", _panels("Events in the log", "Panics", "Snapshot thread, last sign of life")),
        Row(
            "The log itself",
            _panels("Log lines", "Log lines not understood", "Log not read yet", "Age of the newest log line"),
        ),
    ),
    nodes=LINES,
)
