"""Replication as the node sums it up: what is unacknowledged, and how long acknowledgements take."""

from collections.abc import Iterable

from nundb_exporter.config.settings import DEFAULT_MAX_PENDING_OPERATIONS
from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.protocol.commands import METRICS_STATE
from nundb_exporter.protocol.fields import metrics_state

PENDING = Family(
    "nundb_replication_pending_operations",
    "gauge",
    "Operations that not every member has acknowledged (metrics-state: pending_ops).",
    since="2021-10",
    caveat="Counts operations for a member that left, for ever: nothing but a restart removes them.",
)
DURATION = Family(
    "nundb_replication_duration_moving_average_seconds",
    "gauge",
    "Time from sending an operation to its acknowledgement: an exponential moving average over 100 samples of whole "
    "milliseconds, our own commands not among them (metrics-state: replication_time_moving_avg).",
    caveat="Stands still when nothing is replicated; meaningful on the primary alone; elections are in it.",
)
BACKLOG = DEFAULT_MAX_PENDING_OPERATIONS
"""Beyond this nobody is asked who owes what. At 40 ms an acknowledgement it takes 25,000 writes a second."""
SLOW_SECONDS = 1.0


def parse(answers: Answers) -> Iterable[Sample]:
    """Read the two numbers where the server gives them."""
    payload = answers.payload(METRICS_STATE)
    if payload is None:
        return
    state = metrics_state(payload)
    yield PENDING.sample(state.pending_operations)
    if state.replication_milliseconds is not None:
        yield DURATION.sample(state.replication_milliseconds / 1000)


COLLECTOR = Collector(
    name="replication",
    help="Unacknowledged operations and the time that acknowledgements take.",
    commands=(METRICS_STATE,),
    families=(PENDING, DURATION),
    parse=parse,
    panels=(
        Panel(
            "Pending operations",
            PENDING.selected,
            "short",
            "Operations that not every member has acknowledged. It should return to 0; a floor that stays is owed by "
            "a member that left, a rise without end by one that hangs.",
            critical=BACKLOG,
        ),
        Panel(
            "Replication time",
            DURATION.selected,
            "s",
            "Of the primary: the node's moving average over 100 samples of whole milliseconds. It stands still when "
            "nothing is replicated, holds elections, and knows nothing of a member that never answers.",
            warning=SLOW_SECONDS,
        ),
    ),
)
