"""Situations of a node's host."""

from typing import Final

from nundb_exporter.host import families as host
from nundb_exporter.metrics import UP
from nundb_exporter.monitoring.alerts import host as alerts
from nundb_exporter.monitoring.cases.case import Case, of, on
from nundb_exporter.monitoring.cases.values import held

CASES: Final = (
    Case(
        about="a node has opened nine tenths of the files that it may open",
        series=(of(UP, held(1)), of(host.OPEN_FDS, held(922)), of(host.MAX_FDS, held(1024))),
        at="2m",
        fires=(
            on(
                alerts.DESCRIPTORS_RUNNING_OUT,
                text="The process of the node behind a (job nundb) has opened 90.04% of the files that it may open, "
                "more than 80%.",
            ),
        ),
    ),
    Case(
        about="a burst of connections takes nine tenths of a node's descriptors for a moment",
        series=(
            of(UP, held(1)),
            of(host.OPEN_FDS, held(100, "1m") + held(922, "30s") + held(100)),
            of(host.MAX_FDS, held(1024)),
        ),
        at="3m",
        misses=(alerts.DESCRIPTORS_RUNNING_OUT,),
    ),
)
