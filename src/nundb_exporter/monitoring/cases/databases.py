"""Situations of databases."""

from typing import Final

from nundb_exporter.collectors import conflicts, connections, databases
from nundb_exporter.metrics import COLLECTOR_SUCCESS, UP
from nundb_exporter.monitoring.alerts import databases as alerts
from nundb_exporter.monitoring.cases.case import Case, in_job, of, on
from nundb_exporter.monitoring.cases.situations import holding
from nundb_exporter.monitoring.cases.values import absent, held, rising, steps

CASES: Final = (
    Case(
        about="a replica lacks a database",
        series=(holding("a", shop="newer", desk="none"), holding("b", shop="newer")),
        at="6m",
        fires=(
            in_job(
                alerts.MISSING,
                text="The database desk is not on every node of the cluster nundb: it is on only 1 of those that "
                "answer.",
                database="desk",
            ),
        ),
    ),
    Case(
        about="a node is too old to list its databases",
        series=(
            holding("a", shop="newer"),
            of(UP, held(1), "b"),
            of(COLLECTOR_SUCCESS, held(1), "b", collector="databases"),
        ),
        at="6m",
        misses=(alerts.MISSING,),
    ),
    Case(
        about="a database is created, and reaches the replica before the scrape after next",
        series=(
            holding("a"),
            holding("b"),
            of(databases.INFO, absent("1m") + held(1), database="new", strategy="none"),
            of(databases.INFO, absent("90s") + held(1), "b", database="new", strategy="none"),
        ),
        at="6m",
        misses=(alerts.MISSING, alerts.STRATEGY_DIFFERS),
    ),
    Case(
        about="a replica that joined late has lost the strategy",
        series=(holding("a", shop="arbiter"), holding("b", shop="none")),
        at="6m",
        fires=(
            in_job(
                alerts.STRATEGY_DIFFERS,
                text="The conflict strategy of the database shop differs between the nodes of the cluster nundb: there "
                "are 2.",
                database="shop",
            ),
        ),
        misses=(alerts.MISSING,),
    ),
    Case(
        about="databases differ in strategy, nodes do not",
        series=(holding("a", shop="newer", desk="none"), holding("b", shop="newer", desk="none")),
        at="6m",
        misses=(alerts.STRATEGY_DIFFERS,),
    ),
    Case(
        about="a conflict waits for an arbiter, on both nodes",
        series=(
            of(conflicts.COUNT, held(2), "a", database="shop", state="unresolved"),
            of(conflicts.COUNT, held(2), "b", database="shop", state="unresolved"),
        ),
        at="16m",
        fires=(
            in_job(
                alerts.CONFLICTS_UNRESOLVED,
                text="The database shop of the cluster nundb has 2 unresolved conflicts, for which no arbiter has "
                "decided.",
                database="shop",
            ),
        ),
    ),
    Case(
        about="an arbiter resolves conflicts as they come",
        series=(
            of(conflicts.COUNT, (held(1, "165s") + held(0, "45s")) * 8, database="shop", state="unresolved"),
            of(conflicts.COUNT, rising(0, 1 / 15), database="shop", state="resolved"),
        ),
        at="16m",
        misses=(alerts.CONFLICTS_UNRESOLVED,),
    ),
    Case(
        about="a client leaks a connection every minute",
        series=(of(connections.OPEN, steps(range(10, 130), "1m"), database="shop"),),
        at="110m",
        fires=(
            on(
                alerts.CONNECTIONS_LEAKING,
                text="The database shop on the node behind a (job nundb) has had at least 90 connections for 30 "
                "minutes, more than at any time in the 30 minutes before.",
                database="shop",
            ),
        ),
    ),
    Case(
        about="the users of a morning come, and some go",
        series=(
            of(
                connections.OPEN,
                steps((users + 8 * round_ for round_ in range(13) for users in (60, 90, 40)), "3m"),
                database="shop",
            ),
        ),
        at="110m",
        misses=(alerts.CONNECTIONS_LEAKING,),
    ),
)
