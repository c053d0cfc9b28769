"""Situations of replication."""

from typing import Final

from nundb_exporter.collectors import oplog, pending, replication
from nundb_exporter.metrics import UP
from nundb_exporter.monitoring.alerts import replication as alerts
from nundb_exporter.monitoring.cases.case import Case, Series, of, on
from nundb_exporter.monitoring.cases.situations import A, B, listing, merged, owing, owing_long
from nundb_exporter.monitoring.cases.values import absent, held, rising, steps
from nundb_exporter.problems.replication import OLD_SECONDS

_LIMIT: Final = 1000
_OVERDUE: Final = int(OLD_SECONDS)


def hanging(per_second: int, minutes: int, *, leak: bool = False) -> Series:
    """From the second minute on, B acknowledges nothing of what is written; up to a limit the operations are listed.

    `leak`: besides, it owes an operation since before its start.
    """
    listed_seconds = _LIMIT // per_second // 15 * 15
    is_listed = 60 + listed_seconds >= 60 * minutes
    count = rising(per_second, per_second, "" if is_listed else f"{max(listed_seconds, 15)}s")
    overdue, newest = held(leak, "2m"), held(-500, "2m") if leak else absent("2m")
    if is_listed:
        overdue, newest = overdue + rising(per_second, per_second), newest + rising(60, 1)
    elif listed_seconds > _OVERDUE:
        late = f"{listed_seconds - _OVERDUE}s"
        overdue = overdue + rising(per_second, per_second, late) + absent()
        newest = newest + rising(60, 1, late) + absent()
        count += absent()
    else:
        early = f"{60 + max(listed_seconds, 15)}s"
        overdue, newest = held(leak, early) + absent(), (held(-500, early) if leak else absent(early)) + absent()
        count += absent()
    return merged(
        owing(held(0, "1m") + count, overdue, newest),
        of(replication.PENDING, held(0, "1m") + rising(0, per_second)),
        of(oplog.RECORDS, rising(0, per_second)),
    )


_RESTARTED: Final = held(0, "105s") + absent("30s") + held(120)
_ONE_SINCE: Final = (held(0, "2m") + held(1), absent("2m") + held(60))
_FIVE_SINCE: Final = (held(0, "2m") + held(5), absent("2m") + held(60))
"""Overdue operations, and the time of the newest: a minute after the beginning."""

CASES: Final = (
    Case(
        about="a replica has owed acknowledgements for minutes",
        series=(owing(held(0, "75s") + held(5), *_FIVE_SINCE),),
        at="5m",
        fires=(
            on(
                alerts.NOT_ACKNOWLEDGING,
                text=f"{B} has not acknowledged 5 operations of the node behind a (job nundb) for more than a minute.",
                member=B,
            ),
        ),
        misses=(alerts.LEAKED,),
    ),
    Case(
        about="under load a replica owes something at every scrape, but never for long",
        series=(owing(held(3)),),
        at="9m",
        misses=(alerts.NOT_ACKNOWLEDGING, alerts.LEAKED),
    ),
    Case(
        about="a replica hangs for a minute and catches up",
        series=(
            owing(
                held(0, "75s") + held(5, "90s") + held(0),
                held(0, "2m") + held(5, "30s") + held(0),
                absent("2m") + held(60, "30s") + absent(),
            ),
        ),
        at="5m",
        misses=(alerts.NOT_ACKNOWLEDGING,),
    ),
    Case(
        about="a replica restarted while it owed something, and has come back",
        series=(owing(held(0, "75s") + held(5), *_FIVE_SINCE, starts=_RESTARTED),),
        at="9m",
        fires=(
            on(
                alerts.LEAKED,
                text=f"The node behind a (job nundb) keeps 5 operations that {B} will never acknowledge: it has left "
                "the cluster, or has restarted since.",
                member=B,
            ),
        ),
        misses=(alerts.NOT_ACKNOWLEDGING, alerts.LEFTOVER),
    ),
    Case(
        about="a replica died while it owed something, and is gone from the list",
        series=(
            listing("a", A, {A: "primary"}),
            of(pending.UNACKNOWLEDGED, held(1), member=B),
            owing_long(*_ONE_SINCE),
        ),
        at="9m",
        fires=(on(alerts.LEAKED, member=B),),
        misses=(alerts.NOT_ACKNOWLEDGING,),
    ),
    Case(
        about="under load something is always pending, and the collector of the cluster is switched off",
        series=(
            of(UP, held(1)),
            of(pending.UNACKNOWLEDGED, held(3), member=B),
            owing_long(held(0), absent()),
        ),
        at="9m",
        misses=(alerts.LEAKED,),
    ),
    Case(
        about="a replica is restarted between two operations",
        series=(owing(held(1, "1m") + held(0, "30s") + held(1), starts=_RESTARTED),),
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
        about="a replica hangs that owes an operation since before its restart",
        series=(hanging(2, 10, leak=True),),
        at="10m",
        fires=(on(alerts.NOT_ACKNOWLEDGING, member=B), on(alerts.PENDING_BACKLOG)),
        misses=(alerts.LEAKED,),
    ),
    Case(
        about="a replica hangs that owes an operation since before its restart, and so many that they are not listed",
        series=(hanging(25, 3, leak=True),),
        at="3m",
        fires=(on(alerts.PENDING_BACKLOG),),
        misses=(alerts.LEAKED, alerts.NOT_ACKNOWLEDGING),
    ),
    Case(
        about="the join of a replica has failed, and that of its next start has not",
        series=(owing(held(0, "75s") + held(1), *_ONE_SINCE, starts=_RESTARTED, about="cluster"),),
        at="9m",
        fires=(
            on(
                alerts.LEFTOVER,
                text="The node behind a (job nundb) keeps 1 operation of a join or an election, which "
                f"{B} will never acknowledge: it has left the cluster, or has restarted since.",
                member=B,
            ),
        ),
        misses=(alerts.LEAKED, alerts.NOT_ACKNOWLEDGING),
    ),
    Case(
        about="a replica owes an operation since before its restart, and then its exporter stops",
        series=(owing(held(0, "75s") + held(1), *_ONE_SINCE, starts=held(120, "5m") + absent()),),
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
