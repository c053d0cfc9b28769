"""Situations of the exporter."""

from typing import Final

from nundb_exporter.metrics import (
    COLLECTOR_SUCCESS,
    CONFIG_RELOAD_SUCCESSFUL,
    REQUESTS_REJECTED,
    SAMPLES_DROPPED,
    SCRAPE_DURATION,
    SCRAPE_TIMEOUT,
    UP,
)
from nundb_exporter.monitoring.alerts import exporter as alerts
from nundb_exporter.monitoring.alerts import node
from nundb_exporter.monitoring.cases.case import Case, in_job, of, on
from nundb_exporter.monitoring.cases.values import INTERVAL_SECONDS, absent, held, rising

CASES: Final = (
    Case(
        about="an exporter stops, under a job of any name",
        series=(
            of("up", held(1, "5m") + held(0), job="databases"),
            of(UP, held(1, "5m") + absent(), job="databases"),
            of("up", held(0), "host:9100", job="machines"),
        ),
        at="8m",
        fires=(
            on(
                alerts.DOWN,
                text="Prometheus has had no metrics from a (job databases) for two minutes: the state of its node is "
                "unknown.",
                job="databases",
            ),
        ),
    ),
    Case(
        about="an exporter under the job nundb has never answered",
        series=(of("up", held(0)),),
        at="3m",
        fires=(on(alerts.DOWN),),
    ),
    Case(
        about="the exporter of a new node has never answered, those of the other nodes do",
        series=(of("up", held(0), job="desk"), of(UP, held(1), "b", job="desk")),
        at="3m",
        fires=(on(alerts.DOWN, job="desk"),),
    ),
    Case(
        about="no exporter of a new cluster has ever answered",
        series=(of("up", held(0), job="desk/nun-db"),),
        at="3m",
        fires=(on(alerts.DOWN, job="desk/nun-db"),),
    ),
    Case(
        about="an exporter is updated within a minute",
        series=(
            of("up", held(1, "5m") + held(0, "75s") + held(1)),
            of(UP, held(1, "5m") + absent("75s") + held(1)),
        ),
        at="8m",
        misses=(alerts.DOWN,),
    ),
    Case(
        about="service discovery returns nothing any more",
        series=(
            of("up", held(1, "5m") + absent()),
            of(UP, held(1, "5m") + absent()),
            of("up", held(1), job="other"),
        ),
        at="16m",
        fires=(
            in_job(
                alerts.ABSENT,
                text="The job nundb had Nun-db nodes within the last day, and has no target now.",
            ),
        ),
    ),
    Case(
        about="one of two nodes is taken out of the configuration",
        series=(
            of("up", held(1, "5m") + absent()),
            of(UP, held(1, "5m") + absent()),
            of(UP, held(1), "b"),
        ),
        at="16m",
        misses=(alerts.ABSENT, alerts.DOWN),
    ),
    Case(
        about="the token of a database is wrong",
        series=(of(UP, held(1)), of(COLLECTOR_SUCCESS, held(0), collector="connections")),
        at="11m",
        fires=(
            on(
                alerts.COLLECTOR_FAILING,
                text="The collector connections fails at the node behind a (job nundb), and its metrics are missing: "
                "it has failed in most scrapes for 20 minutes.",
                collector="connections",
            ),
        ),
    ),
    Case(
        about="a collector fails in two scrapes of three",
        series=(
            of(UP, held(1)),
            of(COLLECTOR_SUCCESS, (held(0, "30s") + held(1, "15s")) * 30, collector="pending"),
        ),
        at="20m",
        fires=(on(alerts.COLLECTOR_FAILING, collector="pending"),),
    ),
    Case(
        about="a collector fails in one scrape of three",
        series=(
            of(UP, held(1)),
            of(COLLECTOR_SUCCESS, (held(0, "15s") + held(1, "30s")) * 30, collector="pending"),
        ),
        at="20m",
        misses=(alerts.COLLECTOR_FAILING,),
    ),
    Case(
        about="a log cannot be read, by an exporter of several nodes: its own page has it, and none of them",
        series=(of(COLLECTOR_SUCCESS, held(0), instance="exporter", collector="log"),),
        at="11m",
        fires=(on(alerts.COLLECTOR_FAILING, instance="exporter", collector="log"),),
    ),
    Case(
        about="a node is down, and then its exporter as well",
        series=(
            of("up", held(1, "9m") + held(0)),
            of(UP, held(0, "9m") + absent()),
            of(COLLECTOR_SUCCESS, held(0, "9m") + absent(), collector="pending"),
        ),
        at="20m",
        fires=(on(alerts.DOWN),),
        misses=(alerts.COLLECTOR_FAILING,),
    ),
    Case(
        about="a node is down, and its collectors have nothing to read",
        series=(
            of(UP, held(1, "3m") + held(0)),
            of(COLLECTOR_SUCCESS, held(1, "3m") + held(0), collector="pending"),
        ),
        at="20m",
        fires=(on(node.DOWN),),
        misses=(alerts.COLLECTOR_FAILING,),
    ),
    Case(
        about="scrapes take nine of ten seconds",
        series=(of(UP, held(1)), of(SCRAPE_DURATION, held(9)), of(SCRAPE_TIMEOUT, held(9.75))),
        at="6m",
        fires=(
            on(
                alerts.SCRAPE_SLOW,
                text="A scrape of the node behind a (job nundb) takes 9s on average, which is more than 80% of its "
                "timeout.",
            ),
        ),
    ),
    Case(
        about="scrapes take nine seconds of the thirty that Prometheus allows",
        series=(of(UP, held(1)), of(SCRAPE_DURATION, held(9)), of(SCRAPE_TIMEOUT, held(29.75))),
        at="6m",
        misses=(alerts.SCRAPE_SLOW,),
    ),
    Case(
        about="scrapes take 4.5 seconds of the five that Prometheus allows",
        series=(of(UP, held(1)), of(SCRAPE_DURATION, held(4.5)), of(SCRAPE_TIMEOUT, held(4.75))),
        at="6m",
        fires=(on(alerts.SCRAPE_SLOW),),
    ),
    Case(
        about="the exporter has refused requests",
        series=(of(UP, held(1)), of(REQUESTS_REJECTED, held(0, "3m") + held(80))),
        at="8m",
        fires=(
            on(
                alerts.REQUESTS_REFUSED,
                text="a (job nundb) has answered 80 requests with 503 or 429 within 15 minutes.",
            ),
        ),
    ),
    Case(
        about="the exporter restarts, and its count of refused requests begins again",
        series=(of(UP, held(1)), of(REQUESTS_REJECTED, held(7, "5m") + held(0))),
        at="8m",
        misses=(alerts.REQUESTS_REFUSED,),
    ),
    Case(
        about="the exporter leaves out one sample of each page",
        series=(of(UP, held(1)), of(SAMPLES_DROPPED, rising(0, 1 / INTERVAL_SECONDS))),
        at="20m",
        fires=(on(alerts.SAMPLES_LOST, text="a (job nundb) has dropped 60 samples within 15 minutes."),),
    ),
    Case(
        about="the exporter left samples out long ago",
        series=(of(UP, held(1)), of(SAMPLES_DROPPED, held(12))),
        at="20m",
        misses=(alerts.SAMPLES_LOST,),
    ),
    Case(
        about="the exporter has found an error in its settings",
        series=(of(UP, held(1)), of(CONFIG_RELOAD_SUCCESSFUL, held(1, "3m") + held(0))),
        at="10m",
        fires=(
            on(
                alerts.RELOAD_FAILED,
                text="a (job nundb) goes on with the settings from before: those that it was told to read have an "
                "error.",
            ),
        ),
    ),
    Case(
        about="the error is corrected within two minutes",
        series=(of(UP, held(1)), of(CONFIG_RELOAD_SUCCESSFUL, held(1, "3m") + held(0, "2m") + held(1))),
        at="10m",
        misses=(alerts.RELOAD_FAILED,),
    ),
)
