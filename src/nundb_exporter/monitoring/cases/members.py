"""Situations of a cluster: its members and its elections. Their alerts are in alerts/cluster.py."""

from typing import Final

from nundb_exporter.errors import Reason
from nundb_exporter.metrics import UP
from nundb_exporter.monitoring.alerts import cluster as alerts
from nundb_exporter.monitoring.alerts import node
from nundb_exporter.monitoring.cases.case import Case, in_job, of, on
from nundb_exporter.monitoring.cases.situations import (
    AGREED,
    PAIR,
    A,
    B,
    C,
    acting,
    failing,
    listed,
    listing,
    primary,
)
from nundb_exporter.monitoring.cases.values import absent, held

_OTHERS: Final = (listing("b", B, AGREED), listing("c", C, AGREED))

_MEMBERS: Final = (
    Case(
        about="the primary's list lacks a live secondary",
        series=(listing("a", A, PAIR), *_OTHERS),
        at="6m",
        fires=(
            in_job(
                alerts.MEMBERS_DISAGREE,
                text=f"Nodes of the cluster nundb disagree about its members: only 2 of those that answer list {C}.",
                member=C,
            ),
        ),
    ),
    Case(
        about="a node joins, and is in every list a minute later",
        series=(
            listing("a", A, PAIR),
            listing("b", B, PAIR),
            listed("a", C, "secondary", absent("45s") + held(1)),
            listed("b", C, "secondary", absent("105s") + held(1)),
        ),
        at="9m",
        misses=(alerts.MEMBERS_DISAGREE,),
    ),
    Case(
        about="a node hangs: the others list it, and it is not asked",
        series=(listing("a", A, AGREED), listing("b", B, AGREED), failing(Reason.TIMEOUT, held(1), held(0), "c")),
        at="9m",
        fires=(on(node.HUNG, "c", reason=Reason.TIMEOUT),),
        misses=(alerts.MEMBERS_DISAGREE, alerts.MEMBER_MISSING),
    ),
    Case(
        about="a member and its exporter have vanished",
        series=(listing("a", A, PAIR), listed("a", C, "secondary", held(1, "1h") + absent())),
        at="80m",
        fires=(
            in_job(
                alerts.MEMBER_MISSING,
                text="The cluster of the job nundb has 2 members; it had more for most of the last six hours, and no "
                "exporter reports that its node is down.",
            ),
        ),
    ),
    Case(
        about="a member is away for ten minutes",
        series=(
            listing("a", A, {A: "primary"}),
            listed("a", B, "secondary", held(1, "20m") + absent("10m") + held(1)),
        ),
        at="35m",
        misses=(alerts.MEMBER_MISSING,),
    ),
    Case(
        about="every node lists a member that is not there, for five minutes",
        series=(
            listing("a", A, PAIR),
            listed("a", C, "secondary", absent("20m") + held(1, "5m") + absent()),
        ),
        at="50m",
        misses=(alerts.MEMBER_MISSING,),
    ),
    Case(
        about="a member is down and its exporter says so",
        series=(
            listing("a", A, {A: "primary"}),
            listed("a", B, "secondary", held(1, "20m") + absent()),
            of(UP, held(1, "20m") + held(0), "b"),
        ),
        at="50m",
        fires=(on(node.DOWN, "b"),),
        misses=(alerts.MEMBER_MISSING,),
    ),
)
_ELECTIONS: Final = (
    Case(
        about="the primary changes every minute",
        series=(listing("a", A, {A: "primary"}), primary("a", (held(0, "1m") + held(1, "1m")) * 5)),
        at="9m",
        fires=(
            in_job(
                alerts.ELECTIONS_FLAPPING,
                text="Nodes of the job nundb have become primary, or stopped being primary, 9 times within 15 minutes.",
            ),
        ),
    ),
    Case(
        about="the primary holds elections without end, and wins each",
        series=(listing("a", A, {A: "primary"}), acting("a", (held(1, "75s") + held(0, "15s")) * 7)),
        at="9m",
        fires=(in_job(alerts.ELECTIONS_FLAPPING),),
    ),
    Case(
        about="a rolling restart of three nodes in the worst order: each is the primary when its turn comes",
        series=(
            primary("a", held(1, "135s") + absent("30s") + held(0)),
            primary("b", held(0, "165s") + held(1, "105s") + absent("30s") + held(0)),
            primary("c", held(0, "5m") + held(1, "105s") + absent("30s") + held(1)),
        ),
        at="9m",
        misses=(alerts.ELECTIONS_FLAPPING,),
    ),
    Case(
        about="a rolling restart of five nodes in the worst order",
        series=(
            primary("a", held(1, "2m") + absent("30s") + held(0)),
            primary("b", held(0, "150s") + held(1, "90s") + absent("30s") + held(0)),
            primary("c", held(0, "270s") + held(1, "90s") + absent("30s") + held(0)),
            primary("d", held(0, "390s") + held(1, "90s") + absent("30s") + held(0)),
            primary("e", held(0, "510s") + held(1, "90s") + absent("30s") + held(1)),
        ),
        at="12m",
        misses=(alerts.ELECTIONS_FLAPPING,),
    ),
)
CASES: Final = (*_MEMBERS, *_ELECTIONS)
