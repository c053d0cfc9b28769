"""Situations that the canary shows."""

from typing import Final

from nundb_exporter.canary import families as canary
from nundb_exporter.metrics import UP
from nundb_exporter.monitoring.alerts import canary as alerts
from nundb_exporter.monitoring.cases.case import Case, in_job, of, on
from nundb_exporter.monitoring.cases.situations import B
from nundb_exporter.monitoring.cases.values import absent, held, rising

CASES: Final = (
    Case(
        about="nothing can be written for six minutes",
        series=(
            of(UP, held(1)),
            of(canary.SUCCESS, held(0)),
            of(canary.FAILURE, held(1), reason="no_primary"),
        ),
        at="6m",
        fires=(
            on(
                alerts.FAILING,
                text="The canary of the node behind a (job nundb) cannot write on the primary, or read back what it "
                "wrote: it has failed for five minutes, and nundb_canary_failure says why.",
            ),
        ),
    ),
    Case(
        about="an election fails one word of the canary",
        series=(of(UP, held(1)), of(canary.SUCCESS, held(1, "3m") + held(0, "15s") + held(1))),
        at="9m",
        misses=(alerts.FAILING,),
    ),
    Case(
        about="a member hangs, and the canary stops",
        series=(
            of(UP, held(1)),
            of(canary.SUCCESS, held(1, "1m") + absent()),
            of(canary.PAUSED, held(0, "1m") + held(1)),
        ),
        at="9m",
        misses=(alerts.FAILING, alerts.DIVERGED),
    ),
    Case(
        about="two canaries see that a member holds other values than were written",
        series=(
            of(UP, held(1)),
            of(UP, held(1), "b"),
            of(canary.DIVERGED, held(1), member=B),
            of(canary.DIVERGED, held(1), "b", member=B),
        ),
        at="3m",
        fires=(
            in_job(
                alerts.DIVERGED,
                text="10.0.0.2:3014 does not hold what was written on the primary of the cluster nundb, also at a "
                "second look.",
                member=B,
            ),
        ),
    ),
    Case(
        about="a member holds another value in two rounds, while it joins",
        series=(of(UP, held(1)), of(canary.DIVERGED, held(0, "1m") + held(1, "30s") + held(0), member=B)),
        at="4m",
        misses=(alerts.DIVERGED,),
    ),
    Case(
        about="a member has lost the first word of a value",
        series=(of(UP, held(1)), of(canary.DAMAGED, held(1), member=B)),
        at="3m",
        fires=(
            in_job(
                alerts.DAMAGED,
                text="10.0.0.2:3014 of the cluster nundb has lost words of a value that was written once and never "
                "again.",
                member=B,
            ),
        ),
    ),
    Case(
        about="a member that has just joined is not judged",
        series=(of(UP, held(1)), of(canary.DAMAGED, absent(), member=B)),
        at="3m",
        misses=(alerts.DAMAGED,),
    ),
    Case(
        about="every other word comes late to a member",
        series=(
            of(UP, held(1)),
            of(canary.MISSED, rising(0, 1 / 30), member=B),
            of(canary.DELAY.count, rising(0, 1 / 15), member=B),
        ),
        at="16m",
        fires=(
            in_job(
                alerts.LATE,
                text="More than a tenth of the words that the canaries of the cluster nundb wrote within ten minutes "
                "reached 10.0.0.2:3014 later than the deadline, or not at all.",
                member=B,
            ),
        ),
    ),
    Case(
        about="two words of an hour come late to a member",
        series=(
            of(UP, held(1)),
            of(canary.MISSED, held(0, "5m") + held(1, "5m") + held(2), member=B),
            of(canary.DELAY.count, rising(0, 1 / 15), member=B),
        ),
        at="16m",
        misses=(alerts.LATE,),
    ),
)
