"""Situations of a cluster: its primary."""

from typing import Final

from nundb_exporter.collectors import cluster, process
from nundb_exporter.errors import Reason
from nundb_exporter.metrics import COLLECTOR_SUCCESS, UP
from nundb_exporter.monitoring.alerts import cluster as alerts
from nundb_exporter.monitoring.alerts import exporter, node
from nundb_exporter.monitoring.cases.case import Case, in_job, of, on
from nundb_exporter.monitoring.cases.situations import (
    AGREED,
    HEALTHY,
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

_WITHOUT_PRIMARY: Final = {B: "secondary", C: "secondary"}
_PRIMARY_ELSEWHERE: Final = {A: "secondary", B: "secondary", C: "primary"}
_OTHERS: Final = (listing("b", B, AGREED), listing("c", C, AGREED))

_PRIMARY: Final = (
    Case(about="three nodes agree", series=(HEALTHY,), at="9m", misses=alerts.GROUP.alerts),
    Case(
        about="the nodes that are left list no primary",
        series=(listing("b", B, _WITHOUT_PRIMARY), listing("c", C, _WITHOUT_PRIMARY)),
        at="3m",
        fires=(
            in_job(
                alerts.NO_PRIMARY,
                text="No node of the cluster nundb is primary: no node lists one, or the one that they list is not "
                "among them.",
            ),
        ),
    ),
    Case(
        about="a node has neither elected a primary nor joined one, and has no list",
        series=(
            of(UP, held(1)),
            of(COLLECTOR_SUCCESS, held(1), collector="cluster"),
            of(cluster.ROLE, held(1), role="starting_up"),
            primary("a", held(0)),
        ),
        at="3m",
        fires=(in_job(alerts.NO_PRIMARY),),
    ),
    Case(
        about="a scrape meets the one second before a node's first election",
        series=(
            of(UP, held(1)),
            of(COLLECTOR_SUCCESS, held(1), collector="cluster"),
            of(cluster.ROLE, held(1, "15s") + held(0), role="starting_up"),
            primary("a", held(0, "15s") + held(1)),
            listed("a", A, "primary", absent("15s") + held(1)),
        ),
        at="45s",
        misses=(alerts.NO_PRIMARY,),
    ),
    Case(
        about="the collector of the cluster is switched off",
        series=(of(UP, held(1)), of(COLLECTOR_SUCCESS, held(1), collector="oplog")),
        at="3m",
        misses=(alerts.NO_PRIMARY,),
    ),
    Case(
        about="every node follows a primary that does not exist",
        series=(listing("a", A, _PRIMARY_ELSEWHERE), listing("b", B, _PRIMARY_ELSEWHERE)),
        at="3m",
        fires=(in_job(alerts.NO_PRIMARY),),
    ),
    Case(
        about="the primary hangs, and the others go on listing it",
        series=(failing(Reason.TIMEOUT, held(1), held(0)), *_OTHERS),
        at="3m",
        fires=(on(node.HUNG, reason=Reason.TIMEOUT),),
        misses=(alerts.NO_PRIMARY,),
    ),
    Case(
        about="the primary's exporter is down, and the others go on listing it",
        series=(
            *_OTHERS,
            of("up", held(1, "3m") + held(0)),
            of(UP, held(1, "3m") + absent()),
            acting("a", held(1, "3m") + absent()),
            acting("b", held(0)),
            acting("c", held(0)),
        ),
        at="9m",
        fires=(on(exporter.DOWN),),
        misses=(alerts.NO_PRIMARY, alerts.NO_ACTING_PRIMARY),
    ),
    Case(
        about="only a secondary is scraped, and it lists the primary",
        series=(listing("b", B, AGREED),),
        at="9m",
        misses=(alerts.NO_PRIMARY, alerts.MEMBERS_DISAGREE, alerts.SEVERAL_PRIMARIES),
    ),
    Case(
        about="after a failover the old primary still prints itself as primary",
        series=(listing("a", A, PAIR), listing("b", B, {A: "secondary", B: "primary"})),
        at="4m",
        fires=(
            in_job(
                alerts.SEVERAL_PRIMARIES,
                text="2 nodes of the cluster nundb are listed as primary: `nundb-exporter check` names them.",
            ),
        ),
    ),
    Case(
        about="two nodes with the same name each elected themselves",
        series=(
            listing("a", A, {A: "primary"}),
            listing("b", A, {A: "primary"}),
            of(process.START_TIME, held(0), "a"),
            of(process.START_TIME, held(2), "b"),
        ),
        at="4m",
        fires=(in_job(alerts.SEVERAL_PRIMARIES),),
    ),
    Case(
        about="a failover: for a minute the last scrapes of the nodes contradict each other",
        series=(
            of(UP, held(1), "a"),
            of(UP, held(1), "b"),
            listed("a", A, "primary", held(1, "165s") + absent()),
            listed("a", A, "secondary", absent("165s") + held(1)),
            listed("a", B, "secondary", held(1, "165s") + absent()),
            listed("a", B, "primary", absent("165s") + held(1)),
            listed("b", A, "primary", held(1, "105s") + absent()),
            listed("b", A, "secondary", absent("105s") + held(1)),
            listed("b", B, "secondary", held(1, "105s") + absent()),
            listed("b", B, "primary", absent("105s") + held(1)),
        ),
        at="3m",
        misses=(alerts.SEVERAL_PRIMARIES,),
    ),
    Case(
        about="the same cluster is scraped under two jobs",
        series=(
            HEALTHY,
            {name.replace('job="nundb"', 'job="again"'): values for name, values in HEALTHY.items()},
        ),
        at="9m",
        misses=(alerts.SEVERAL_PRIMARIES, alerts.MEMBERS_DISAGREE),
    ),
)
_ACTING: Final = (
    Case(
        about="two nodes act as primary",
        series=(HEALTHY, acting("a", held(1)), acting("b", held(0)), acting("c", held(1))),
        at="3m",
        fires=(
            in_job(
                alerts.SEVERAL_ACTING_PRIMARIES,
                text="2 nodes of the cluster nundb act as primary: `nundb-exporter check --collector.acting_role` "
                "names them.",
            ),
            on(
                alerts.ROLE_NOT_ACTED,
                "c",
                text="The node behind c (job nundb) reports that it is not primary, and acts as if it were.",
            ),
        ),
    ),
    Case(
        about="the primary acts as one, but for the moment of an election",
        series=(
            HEALTHY,
            acting("a", held(1, "90s") + held(0, "15s") + held(1)),
            acting("b", held(0)),
            acting("c", held(0, "90s") + held(1, "15s") + held(0)),
        ),
        at="5m",
        misses=(alerts.SEVERAL_ACTING_PRIMARIES, alerts.NO_ACTING_PRIMARY, alerts.ROLE_NOT_ACTED),
    ),
    Case(
        about="no node acts as primary, whatever the lists say",
        series=(HEALTHY, acting("a", held(0)), acting("b", held(0)), acting("c", held(0))),
        at="4m",
        fires=(
            in_job(
                alerts.NO_ACTING_PRIMARY,
                text="All nodes of the cluster nundb answer, and none acts as primary.",
            ),
            on(
                alerts.ROLE_NOT_ACTED,
                text="The node behind a (job nundb) reports that it is primary, and acts as if it were not.",
            ),
        ),
    ),
    Case(
        about="only the two secondaries are asked how they act",
        series=(HEALTHY, acting("b", held(0)), acting("c", held(0))),
        at="9m",
        misses=(alerts.NO_ACTING_PRIMARY,),
    ),
)
CASES: Final = (*_PRIMARY, *_ACTING)
