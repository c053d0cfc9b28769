"""Replication totals of the node: pending operations, and the time until they are acknowledged."""

from collections.abc import Iterable
from typing import Final

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.problems.replication import BACKLOG
from nundb_exporter.protocol.commands import METRICS_STATE

PENDING: Final = Family(
    "nundb_replication_pending_operations",
    "gauge",
    "Operations not yet acknowledged by every member",
    "metrics-state: pending_ops",
    since="2021-10",
    caveat="Operations for a member that has left stay pending until the node restarts.",
)
DURATION: Final = Family(
    "nundb_replication_duration_moving_average_seconds",
    "gauge",
    "Time from sending an operation to its acknowledgement: exponential moving average over 100 samples in whole "
    "milliseconds; the exporter's own commands are not included",
    "metrics-state: replication_time_moving_avg",
    since="2021-12",
    caveat="Constant while nothing is replicated; only meaningful on the primary; includes elections.",
)
SLOW_SECONDS: Final = 1.0


def parse(answers: Answers) -> Iterable[Sample]:
    """Read the two numbers, if the server reports them."""
    state = answers.read(METRICS_STATE)
    if state is None:
        return
    yield PENDING.sample(state.pending_operations)
    if state.replication_milliseconds is not None:
        yield DURATION.sample(state.replication_milliseconds / 1000)


COLLECTOR: Final = Collector(
    name="replication",
    help="Pending operations and replication time.",
    commands=(METRICS_STATE,),
    families=(PENDING, DURATION),
    parse=parse,
    panels=(
        Panel(
            "Pending operations",
            PENDING.selected,
            "short",
            "Operations not yet acknowledged by every member; should return to 0. If the number stays constant, a "
            "member has left; if it keeps rising, a member hangs.",
            critical=BACKLOG,
        ),
        Panel(
            "Replication time",
            DURATION.selected,
            "s",
            "Moving average over 100 samples in whole milliseconds, meaningful on the primary. Constant while nothing "
            "is replicated, includes elections, and does not show a member that never answers.",
            warning=SLOW_SECONDS,
        ),
    ),
)
