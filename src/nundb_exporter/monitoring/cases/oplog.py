"""Situations of the operation log."""

from typing import Final

from nundb_exporter.collectors import oplog, pending, replication
from nundb_exporter.monitoring.alerts import oplog as alerts
from nundb_exporter.monitoring.alerts.replication import PENDING_BACKLOG
from nundb_exporter.monitoring.cases.case import Case, Series, of, on
from nundb_exporter.monitoring.cases.values import Values, absent, held, rising, steps
from nundb_exporter.problems.oplog import LIMIT_BYTES


def _size(share: float, per_minute: float, time: str = "") -> Values:
    """A log that grows, both as shares of its limit."""
    return rising(round(share * LIMIT_BYTES), round(per_minute * LIMIT_BYTES) // 60, time)


def _resolving(pending_resolves: Values) -> tuple[Series, ...]:
    """450 records a second from the first minute on, two operations always pending, and resolves among them.

    The first sample of all is missing: it would lie on the edge of a range of two minutes, where Prometheus 2 counts it
    and Prometheus 3 does not.
    """
    return (
        of(oplog.RECORDS, absent("15s") + held(0, "45s") + rising(450, 450)),
        of(replication.PENDING, held(2)),
        of(pending.DATABASE, pending_resolves, database="shop", operation="other"),
    )


CASES: Final = (
    Case(
        about="the operation log comes close to its limit for the first time",
        series=(of(oplog.SIZE, _size(0.85, 0.002)),),
        at="45m",
        fires=(
            on(
                alerts.NEAR_LIMIT,
                text="The operation log of the node behind a (job nundb) holds 962.6MiB, close to the limit of 1 GiB.",
            ),
        ),
        misses=(alerts.OVER_LIMIT,),
    ),
    Case(
        about="a node prunes its log now and then, as it has for long",
        series=(of(oplog.SIZE, _size(0.95, 0.02, "5m") + _size(0.92, 0.002)),),
        at="40m",
        misses=(alerts.NEAR_LIMIT, alerts.OVER_LIMIT),
    ),
    Case(
        about="a node has pruned once, and never since",
        series=(of(oplog.SIZE, _size(1.0, 0, "1m") + _size(0.9, 0.01)),),
        at="60m",
        fires=(
            on(
                alerts.OVER_LIMIT,
                text="The operation log of the node behind a (job nundb) holds 1.49GiB, well over the limit of 1 GiB, "
                "and is not pruned.",
            ),
        ),
        misses=(alerts.NEAR_LIMIT,),
    ),
    Case(
        about="a resolve loops endlessly between two nodes",
        series=_resolving(absent("1m") + held(1)),
        at="2m",
        fires=(
            on(
                alerts.RESOLVE_STORM,
                text="The operation log of the node behind a (job nundb) grows by 273.2 records per second, and a "
                "resolve is pending all the time, or more operations than can be listed.",
            ),
        ),
    ),
    Case(
        about="a resolve loops between three nodes, and at once more is pending than may be listed",
        series=(
            of(oplog.RECORDS, held(0, "1m") + rising(20_000, 20_000)),
            of(replication.PENDING, held(0, "1m") + steps((90_000, 25_000, 150_000, 85_000), "15s") + held(290_000)),
        ),
        at="2m",
        fires=(on(alerts.RESOLVE_STORM),),
        misses=(PENDING_BACKLOG,),
    ),
    Case(
        about="300,000 writes within a quarter of a minute, of which a thousand are pending for a moment",
        series=(
            of(oplog.RECORDS, held(0, "1m") + held(150_000, "15s") + held(300_000)),
            of(replication.PENDING, held(0, "1m") + held(5_000, "15s") + held(0)),
        ),
        at="90s",
        misses=(alerts.RESOLVE_STORM, PENDING_BACKLOG),
    ),
    Case(
        about="450 writes a second, and an arbiter whose resolves are pending in one scrape of ten",
        series=_resolving((held(1, "15s") + absent("135s")) * 5),
        at="11m",
        misses=(alerts.RESOLVE_STORM,),
    ),
    Case(
        about="450 writes a second, and a replica that hangs: what is pending is no resolve of this database",
        series=(
            *_resolving(absent()),
            of(pending.DATABASE, held(1), database="shop", operation="update"),
            of(pending.DATABASE, held(1), database="", operation="other"),
        ),
        at="11m",
        misses=(alerts.RESOLVE_STORM,),
    ),
)
