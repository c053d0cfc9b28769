"""Databases: whether all nodes have the same ones, their conflicts and connections."""

from typing import Final

from nundb_exporter.collectors import conflicts, connections
from nundb_exporter.collectors.databases import INFO
from nundb_exporter.metrics import Family
from nundb_exporter.monitoring.rule import (
    CHECK_ALL_COMMAND,
    CHECK_COMMAND,
    CLUSTER,
    Alert,
    Group,
    ask,
    counted,
    promql,
    prose,
    told,
)
from nundb_exporter.monitoring.views import nodes_holding, nodes_with_databases
from nundb_exporter.problems import databases as problems

_COPY: Final = prose("""
    take a snapshot of the database on the primary; stop the replica and empty its directory; copy the primary's files
    `<database>-nun.*` into it; start it when the primary no longer lists it; then write each key again on the primary,
    because the values sent to a joining replica lack their first word. `nundb-exporter compare` finds the nodes equal
    then. A restart alone does not help: the replica asks only for what is newer than its own last operation, which may
    be more recent than the loss.
""")
UNDO_CONFLICT: Final = ask("use-db DATABASE TOKEN;remove $conflicts_KEY_OPERATION;remove KEY;set KEY VALUE")
"""On the primary; all of it, and in this order."""
_TOKENS: Final = "the databases' tokens in the configuration file"

MISSING: Final = Alert(
    **told(
        problems.MISSING,
        database="{{ $labels.database }}",
        cluster=CLUSTER,
        reason="it is on only {{ $value }} of those that answer",
    ),
    expression=promql(f"""
        {nodes_holding(Family.where)}
          < on (job) group_left ()
        {nodes_with_databases(Family.where)}
    """),
    wait="5m",
    meaning=prose("""
        The node joined while the database was being created, lost it at a restart (a database that was never
        snapshotted is lost), or is a cluster of its own. It refuses clients that use the database.
    """),
    confirm=(CHECK_ALL_COMMAND, ask("debug list-dbs")),
    evidence="`check` names the node that does not have it.",
    remedy=prose(f"""
        It was lost there, and only replicas still have the data: create it on the primary with its token and strategy,
        and write each key there that a replica lists. If a replica lacks it: {_COPY}
    """),
    other_causes=prose("""
        Several clusters share one `job`: give each a job of its own. A node that is down is not counted, nor is one too
        old to list its databases (before 2023-02).
    """),
)
STRATEGY_DIFFERS: Final = Alert(
    **told(
        problems.STRATEGY_DIFFERS, database="{{ $labels.database }}", cluster=CLUSTER, reason="there are {{ $value }}"
    ),
    expression=f"count by (job, database) (group by (job, database, strategy) ({INFO})) > 1",
    wait="5m",
    meaning=prose("""
        A full sync creates databases without their strategy: a replica that joined late has `none` where the primary
        has `newer` or `arbiter`. A database whose metadata file is missing is loaded as `newer`. With `none` a node
        refuses writes that the primary accepts. The same sync damages values: each lacks its first word until it is
        written again.
    """),
    confirm=(CHECK_ALL_COMMAND, ask("debug list-dbs")),
    evidence="The database has another strategy on one of the nodes.",
    remedy=f"To do so: {_COPY}",
    other_causes="Several clusters share one `job`: give each a job of its own.",
)
CONFLICTS_UNRESOLVED: Final = Alert(
    **told(
        problems.CONFLICTS_UNRESOLVED,
        database="{{ $labels.database }}",
        holder=CLUSTER,
        conflicts=counted("unresolved conflict"),
    ),
    expression=f"max by (job, database) ({conflicts.COUNT.where(state='unresolved')}) > 0",
    wait="15m",
    meaning=prose("""
        No arbiter answers: it is not connected, or cannot decide. The key keeps its old value, and every further write
        to it is a conflict as well. Nothing times out.
    """),
    confirm=(
        CHECK_COMMAND,
        """printf '%s' "use-db DATABASE TOKEN;keys \\$conflicts_" | curl --silent --data-binary @- http://NODE:3013""",
    ),
    evidence="Keys `$conflicts_<key>_<operation>` whose value begins with `resolve `.",
    remedy=prose(f"""
        That is the way for a node without replicas. In a cluster every `resolve` goes round without end
        (NundbResolveStorm): never type it there, and let no arbiter register. Instead, on the primary: remove each
        `$conflicts_` record of the key, then remove the key itself, then set it to the value that is right:
        `{UNDO_CONFLICT}`. Leave nothing out and keep the order: a key whose records alone are gone panics the node at
        its next write. Then `nundb-exporter compare` finds the nodes equal.
    """),
    other_causes=prose("""
        The arbiter is a person who has not decided yet. A conflict about a key with `;` in its name always counts as
        unresolved, because the exporter cannot ask for it.
    """),
    needs=_TOKENS,
)
CONNECTIONS_LEAKING: Final = Alert(
    name="NundbConnectionsLeaking",
    expression=promql(f"""
        min_over_time({connections.OPEN}[30m])
          >
        max_over_time({connections.OPEN}[30m] offset 31m)
        and {connections.OPEN} > 50
    """),
    wait="30m",
    severity="warning",
    summary="Connections to a Nun-db database keep rising.",
    description=prose("""
        The database {{ $labels.database }} on the node behind {{ $labels.instance }} (job {{ $labels.job }}) has had at
        least {{ $value }} connections for 30 minutes, more than at any time in the 30 minutes before.
    """),
    meaning=prose("""
        Clients do not close connections, or Nun-db's counter leaks: it never removes one when a connection selects a
        database twice, or when its thread panics. Each TCP connection that has sent a command costs the node a thread
        and 500 wake-ups per second.
    """),
    confirm=("ss -tnH state established '( sport = :3012 or sport = :3013 or sport = :3014 )' | wc -l", CHECK_COMMAND),
    evidence="If ss counts about as many, clients keep them open; if far fewer, the counter leaks.",
    remedy=prose("""
        Clients: close connections, or use a pool. Counter: select a database only once per connection; the counter
        restarts at 0 with the node.
    """),
    other_causes="The number of users rises, as in the morning, and does not dip for an hour and a half.",
    needs=_TOKENS,
)
GROUP: Final = Group(
    "nundb-databases", "Databases", (MISSING, STRATEGY_DIFFERS, CONFLICTS_UNRESOLVED, CONNECTIONS_LEAKING)
)
