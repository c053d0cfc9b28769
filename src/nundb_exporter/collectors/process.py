"""The node's process: when it started."""

from collections.abc import Iterable

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.protocol.commands import PROCESS_INFO

START_TIME = Family(
    "nundb_process_start_time_seconds",
    "gauge",
    "Start time of the node, in seconds since the epoch by its own clock",
    "debug process-info: process_id",
    since="2023-11",
)


def parse(answers: Answers) -> Iterable[Sample]:
    """Read the start time, if the server has the command."""
    started = answers.read(PROCESS_INFO)
    if started is not None:
        yield START_TIME.sample(started)


COLLECTOR = Collector(
    name="process",
    help="Start time of the node.",
    commands=(PROCESS_INFO,),
    families=(START_TIME,),
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
    ),
)
