"""Situations of replication."""

from typing import Final

from nundb_exporter.collectors import oplog, pending, replication
from nundb_exporter.metrics import UP
from nundb_exporter.monitoring.alerts import replication as alerts
from nundb_exporter.monitoring.cases.case import Case, Series, of, on
from nundb_exporter.monitoring.cases.situations import A, B, listing, merged, owing
from nundb_exporter.monitoring.cases.values import absent, held, rising, steps

_LIMIT: Final = 1000


def hanging(per_second: int, minutes: int) -> Series:
    """From the second minute on, B acknowledges nothing of what is written; up to a limit the operations are listed."""
    listed_seconds = _LIMIT // per_second // 15 * 15
    if 60 + listed_seconds >= 60 * minutes:
        oldest, count = held(60), rising(per_second, per_second)
    elif listed_seconds:
        oldest = held(60, f"{listed_seconds}s") + absent()
        count = rising(per_second, per_second, f"{listed_seconds}s") + absent()
    else:
        oldest = count = absent()
    begin = held(0, "1m")
    return merged(
        owing(absent("1m") + oldest, begin + count),
        of(replication.PENDING, begin + rising(0, per_second)),
        of(oplog.RECORDS, rising(0, per_second)),
    )


_RESTARTED: Final = held(0, "105s") + absent("30s") + held(120)

CASES: Final = (
    Case(
        about="a replica has owed acknowledgements for minutes",
        series=(owing(absent("1m") + held(60), held(0, "75s") + held(5)),),
        at="5m",
        fires=(
            on(
                alerts.NOT_ACKNOWLEDGING,
                text=f"{B} has not acknowledged operations of the node behind a (job nundb), the oldest for 4m 0s.",
                member=B,
            ),
        ),
        misses=(alerts.LEAKED,),
    ),
    Case(
        about="under load a replica owes something at every scrape, but never for long",
        series=(owing(rising(0, 1), held(3)),),
        at="9m",
        misses=(alerts.NOT_ACKNOWLEDGING, alerts.LEAKED),
    ),
    Case(
        about="a replica hangs for a minute and catches up",
        series=(
            owing(
                absent("1m") + held(60, "90s") + absent(),
                held(0, "75s") + held(5, "90s") + held(0),
            ),
        ),
        at="5m",
        misses=(alerts.NOT_ACKNOWLEDGING,),
    ),
    Case(
        about="a replica restarted while it owed something, and has come back",
        series=(owing(absent("1m") + held(60), held(0, "75s") + held(5), starts=_RESTARTED),),
        at="9m",
        fires=(
            on(
                alerts.LEAKED,
                text=f"The node behind a (job nundb) keeps 5 operations that {B} will never acknowledge: it has left "
                "the cluster, or has restarted since.",
                member=B,
            ),
        ),
        misses=(alerts.NOT_ACKNOWLEDGING,),
    ),
    Case(
        about="a replica died while it owed something, and is gone from the list",
        series=(
            listing("a", A, {A: "primary"}),
            of(pending.OLDEST, absent("1m") + held(60), member=B),
            of(pending.UNACKNOWLEDGED, held(1), member=B),
        ),
        at="9m",
        fires=(on(alerts.LEAKED, member=B),),
        misses=(alerts.NOT_ACKNOWLEDGING,),
    ),
    Case(
        about="under load something is always pending, and the collector of the cluster is switched off",
        series=(
            of(UP, held(1)),
            of(pending.OLDEST, rising(0, 1), member=B),
            of(pending.UNACKNOWLEDGED, held(3), member=B),
        ),
        at="9m",
        misses=(alerts.LEAKED,),
    ),
    Case(
        about="a replica is restarted between two operations",
        series=(
            owing(
                rising(0, 1, "1m") + absent("30s") + rising(90, 1),
                held(1, "1m") + held(0, "30s") + held(1),
                starts=_RESTARTED,
            ),
        ),
        at="9m",
        misses=(alerts.LEAKED, alerts.NOT_ACKNOWLEDGING),
    ),
    Case(
        about="pending operations rise by one a second",
        series=(of(replication.PENDING, steps(range(0, 900, 60), "1m")),),
        at="14m",
        fires=(
            on(
                alerts.PENDING_GROWING,
                text="At least 540 operations have been pending on the node behind a (job nundb) for five minutes, "
                "more than at any time in the five minutes before.",
            ),
        ),
    ),
    Case(
        about="a load of a quarter of an hour makes pending operations swing",
        series=(of(replication.PENDING, steps((100, 400, 250, 900, 150), "15s") * 12),),
        at="14m",
        misses=(alerts.PENDING_GROWING, alerts.PENDING_BACKLOG),
    ),
    Case(
        about="so many operations are pending that the exporter no longer lists them",
        series=(of(replication.PENDING, held(0, "75s") + held(5000)),),
        at="6m30s",
        fires=(
            on(
                alerts.PENDING_BACKLOG,
                text="5000 operations are pending on the node behind a (job nundb), more than 1,000 or all that was "
                "written in the last minute: most likely a replica hangs.",
            ),
        ),
        misses=(alerts.PENDING_GROWING,),
    ),
    *(
        Case(
            about=f"a replica hangs at {rate} operations a second, and the exporter lists 1000 at most",
            series=(hanging(rate, 3),),
            at="3m",
            fires=(on(alerts.PENDING_BACKLOG), *listed),
        )
        for rate, listed in (
            (2, (on(alerts.NOT_ACKNOWLEDGING, member=B),)),
            (25, ()),
            (200, ()),
        )
    ),
    *(
        Case(
            about=f"a replica has hung for {minutes} minutes at {rate} operations a second",
            series=(hanging(rate, minutes),),
            at=f"{minutes}m",
            fires=(on(alerts.PENDING_BACKLOG), *more),
        )
        for minutes, rate, more in (
            (10, 2, (on(alerts.NOT_ACKNOWLEDGING, member=B),)),
            (10, 8, (on(alerts.NOT_ACKNOWLEDGING, member=B),)),
            (10, 25, ()),
            (30, 200, (on(alerts.PENDING_GROWING),)),
        )
    ),
    Case(
        about="a replica hangs that owes an operation since before its restart, so that the oldest one tells nothing",
        series=(
            hanging(2, 3),
            of(pending.OLDEST, held(-500), member=B),
        ),
        at="3m",
        fires=(on(alerts.PENDING_BACKLOG),),
        misses=(alerts.NOT_ACKNOWLEDGING,),
    ),
    Case(
        about="a replica owes an operation since before its restart, and then its exporter stops",
        series=(owing(absent("1m") + held(60), held(0, "75s") + held(1), starts=held(120, "5m") + absent()),),
        at="20m",
        fires=(on(alerts.LEAKED, member=B),),
        misses=(alerts.NOT_ACKNOWLEDGING,),
    ),
    Case(
        about="thousands of operations for a member that has left stay pending, and all new ones are acknowledged",
        series=(
            of(replication.PENDING, held(5000)),
            of(oplog.RECORDS, rising(0, 10)),
        ),
        at="15m",
        misses=(alerts.PENDING_BACKLOG,),
    ),
    Case(
        about="a bulk load of 5000 operations drains within four minutes",
        series=(of(replication.PENDING, held(0, "75s") + rising(5000, -20, "4m") + held(0)),),
        at="9m",
        misses=(alerts.PENDING_BACKLOG, alerts.PENDING_GROWING),
    ),
    Case(
        about="snapshots of two databases overlapped",
        series=(of(pending.STUCK, held(0, "75s") + held(1)),),
        at="12m",
        fires=(
            on(
                alerts.SNAPSHOT_STUCK,
                text="The replication of a snapshot of the node behind a (job nundb) has not ended, and later ones may "
                "not reach the replicas: a replica has not acknowledged it, or it has overlapped another one.",
            ),
        ),
    ),
    Case(
        about="snapshots are met in progress now and then",
        series=(of(pending.STUCK, steps((1, 0, 0, 1, 1, 0), "15s") * 10),),
        at="12m",
        misses=(alerts.SNAPSHOT_STUCK,),
    ),
    Case(
        about="acknowledgements take two seconds, and ever longer",
        series=(of(replication.DURATION, steps((2 + minute / 100 for minute in range(30)), "1m")),),
        at="21m",
        fires=(
            on(
                alerts.SLOW,
                text="Acknowledgements to the node behind a (job nundb) have taken at least 2.11s on average for 20 "
                "minutes.",
            ),
        ),
    ),
    Case(
        about="a replica resumed after a hang, and nothing has been written since",
        series=(of(replication.DURATION, held(0.04, "90s") + held(12)),),
        at="21m",
        misses=(alerts.SLOW,),
    ),
)
