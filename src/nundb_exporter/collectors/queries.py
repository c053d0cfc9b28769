"""Queries: how long commands take."""

from collections.abc import Iterable
from typing import Final

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.protocol.commands import METRICS_STATE

DURATION: Final = Family(
    "nundb_query_duration_moving_average_seconds",
    "gauge",
    "Time that a command takes: exponential moving average over 100 samples in whole milliseconds; the exporter's own "
    "commands are included",
    "metrics-state: get_query_time_moving_avg",
    since="2021-12",
    caveat="Less than a millisecond counts as 0; each scrape adds samples near 0; elections show as spikes.",
)
SLOW_SECONDS: Final = 0.1
"""Commands take microseconds; an election of one second among 100 samples gives a fifth of this."""


def parse(answers: Answers) -> Iterable[Sample]:
    """Read the number, if the server reports it."""
    state = answers.read(METRICS_STATE)
    if state is not None and state.query_milliseconds is not None:
        yield DURATION.sample(state.query_milliseconds / 1000)


COLLECTOR: Final = Collector(
    name="queries",
    help="Time that commands take.",
    commands=(METRICS_STATE,),
    families=(DURATION,),
    parse=parse,
    panels=(
        Panel(
            "Query time",
            DURATION.selected,
            "s",
            "Moving average over 100 samples in whole milliseconds: less than a millisecond counts as 0, each scrape "
            "adds samples near 0, and elections show as spikes.",
            warning=SLOW_SECONDS,
        ),
    ),
)
