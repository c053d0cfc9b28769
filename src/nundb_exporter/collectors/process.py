"""The node's process: when it started, and its clock."""

from collections.abc import Iterable
from typing import Final

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.protocol.commands import PROCESS_INFO

START_TIME: Final = Family(
    "nundb_process_start_time_seconds",
    "gauge",
    "Start time of the node, in seconds since the epoch by its own clock",
    "debug process-info: process_id",
    since="2023-11",
)
CLOCK_OFFSET: Final = Family(
    "nundb_clock_offset_seconds",
    "gauge",
    "How far the node's clock is ahead of the exporter's, negative if it is behind; 0 while they may agree: the header "
    "tells whole seconds",
    "HTTP: Date",
    since="2021-10",
    caveat="Absent over TCP and WebSocket, which do not carry the time. Through a proxy it may be the proxy's clock.",
)


def parse(answers: Answers) -> Iterable[Sample]:
    """Read the clock if the transport carries the time, and the start time if the server has the command."""
    if answers.clock_offset is not None:
        yield CLOCK_OFFSET.sample(answers.clock_offset)
    started = answers.read(PROCESS_INFO)
    if started is not None:
        yield START_TIME.sample(started)


COLLECTOR: Final = Collector(
    name="process",
    help="Start time and clock of the node.",
    commands=(PROCESS_INFO,),
    families=(START_TIME, CLOCK_OFFSET),
    parse=parse,
    panels=(
        Panel(
            "Uptime",
            f"time() - {START_TIME.selected}",
            "s",
            "Time since the node started, by the node's clock. Negative if its clock is ahead.",
        ),
        Panel(
            "Restarts",
            f"changes({START_TIME.selected}[$__rate_interval])",
            "short",
            "Restarts in the interval. Each loses what was not in a snapshot.",
            warning=1,
        ),
        Panel(
            "Clock",
            CLOCK_OFFSET.selected,
            "s",
            "How far the node's clock is ahead of the exporter's, to one second. Only over HTTP.",
        ),
    ),
)
