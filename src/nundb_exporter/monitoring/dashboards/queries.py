"""Queries: rate and latency of commands by verb, and what the log tells besides."""

from typing import Final

from nundb_exporter.log.families import LINES, SUBJECT
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, row

DASHBOARD: Final = Dashboard(
    uid="nundb-queries",
    title="Nun-db queries",
    description="Rate and latency of commands by verb, and the events that nodes log. Needs --collector.log.",
    rows=(
        row(
            "Commands",
            SUBJECT,
            "Commands by verb",
            "Command duration, median",
            "Command duration, slowest hundredth",
            "Command durations",
            "Slowest verbs",
            "Time in commands",
        ),
        row("Events", SUBJECT, "Events in the log", "Panics", "Snapshot thread, last sign of life"),
        row(
            "The log itself",
            SUBJECT,
            "Log lines",
            "Log lines not understood",
            "Log not read yet",
            "Age of the newest log line",
        ),
    ),
    nodes=LINES,
)
