"""Databases: whether all nodes have the same ones, and their conflicts."""

from typing import Final

from nundb_exporter.problems.problem import Problem

MISSING: Final = Problem(
    name="NundbDatabaseMissing",
    severity="warning",
    title="A database is missing on a Nun-db node.",
    sentence="The database {database} is not on every node of {cluster}: {reason}.",
    advice="If the primary lacks it, copy it from a replica before anything else.",
)
STRATEGY_DIFFERS: Final = Problem(
    name="NundbDatabaseStrategyDiffers",
    severity="warning",
    title="A database has different conflict strategies on different Nun-db nodes.",
    sentence="The conflict strategy of the database {database} differs between the nodes of {cluster}: {reason}.",
    advice="Copy the primary's files of the database to the nodes that differ, because no command changes a strategy.",
)
CONFLICTS_UNRESOLVED: Final = Problem(
    name="NundbConflictsUnresolved",
    severity="warning",
    title="Conflicts in a Nun-db database wait for an arbiter.",
    sentence="The database {database} of {holder} has {conflicts}, for which no arbiter has decided.",
    advice="Start or reconnect the arbiter: when it registers (`arbiter`) it receives every unresolved conflict.",
)
"""`holder` is a node or a cluster; `conflicts` is, for example, `2 unresolved conflicts`."""

PROBLEMS: Final = (MISSING, STRATEGY_DIFFERS, CONFLICTS_UNRESOLVED)
