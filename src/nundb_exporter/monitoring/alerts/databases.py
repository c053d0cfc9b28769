"""Databases: whether all nodes hold them alike, their conflicts and connections."""

from nundb_exporter.collectors import conflicts, connections
from nundb_exporter.collectors.databases import INFO
from nundb_exporter.monitoring.alert import CHECK, CHECK_ALL, Alert, Group, ask, promql
from nundb_exporter.monitoring.views import NODES_WITH_DATABASES

_COPY = (
    "take a snapshot of the database on the primary; stop the replica and empty its directory; copy the primary's "
    "files `<database>-nun.*` into it; start it once it is gone from the primary's list; then write each key again on "
    "the primary, since the values that a joining replica is sent lack their first word. A mere restart does not help: "
    "the replica asks for what is newer than its own last operation, and may have made one since."
)
_TOKENS = "the databases' tokens in the configuration file"

MISSING = Alert(
    name="NundbDatabaseMissing",
    expression=promql(f"""
        count by (job, database) (group by (job, instance, database) ({INFO}))
          < on (job) group_left ()
        {NODES_WITH_DATABASES}
    """),
    wait="5m",
    severity="warning",
    summary="A database is missing on a Nun-db node.",
    description="Only {{ $value }} of the nodes of the job {{ $labels.job }} hold the database {{ $labels.database }}, "
    "for five minutes.",
    meaning="The node joined while the database was created, has lost it at a restart (databases that were never "
    "snapshotted are), or is a cluster of its own. Clients that use it there are refused.",
    confirm=(CHECK_ALL, ask("debug list-dbs")),
    evidence="`check` names the node that does not hold it.",
    remedy="If the primary lacks it: it was lost there, and only a replica still has the data; copy them out before "
    "anything else. If a replica lacks it: " + _COPY,
    confusion="Several clusters under one `job`: give each a job of its own. A node that is down is not asked; one too "
    "old to list its databases (before 2023-02) is left out.",
)
STRATEGY_DIFFERS = Alert(
    name="NundbDatabaseStrategyDiffers",
    expression=f"count by (job, database) (group by (job, database, strategy) ({INFO})) > 1",
    wait="5m",
    severity="warning",
    summary="Nun-db nodes hold a database with different conflict strategies.",
    description="The database {{ $labels.database }} has {{ $value }} different strategies on the nodes of the job {{ "
    "$labels.job }}.",
    meaning="A full sync creates databases without their strategy: a replica that joined late has `none` where the "
    "primary has `newer` or `arbiter`, and a database whose metadata file is missing comes back as `newer`. It refuses "
    "writes that the primary accepts. The same sync has damaged values: each lost its first word until it is written "
    "again.",
    confirm=(CHECK_ALL, ask("debug list-dbs")),
    evidence="Another strategy for the database on some node.",
    remedy="No command changes a strategy: " + _COPY,
    confusion="Several clusters under one `job`: give each a job of its own.",
)
UNRESOLVED = Alert(
    name="NundbConflictsUnresolved",
    expression=f"max by (job, database) ({conflicts.COUNT.where(state='unresolved')}) > 0",
    wait="15m",
    severity="warning",
    summary="Conflicts in a Nun-db database wait for an arbiter.",
    description="The database {{ $labels.database }} (job {{ $labels.job }}) has had {{ $value }} unresolved conflicts "
    "for 15 minutes.",
    meaning="No arbiter answers: it is gone, or cannot decide. The old value stays, and every further write to that "
    "key is a conflict as well. Nothing times out.",
    confirm=(
        CHECK,
        """printf '%s' "use-db DATABASE TOKEN;keys \\$conflicts_" | curl --silent --data-binary @- http://NODE:3013""",
    ),
    evidence="Keys `$conflicts_<key>_<operation>` whose value begins with `resolve `.",
    remedy="Start the arbiter, or connect it again: when it registers (`arbiter`) it is sent every conflict that is "
    "unresolved, old or new. Note NundbResolveStorm before anything is resolved in a cluster.",
    confusion="An arbiter that is a person and has not come to it yet. A conflict about a key with `;` in its name "
    "counts as unresolved for ever, because it cannot be asked about.",
    needs=_TOKENS,
)
CONNECTIONS_LEAKING = Alert(
    name="NundbConnectionsLeaking",
    expression=promql(f"""
        min_over_time({connections.OPEN}[30m])
          >
        max_over_time({connections.OPEN}[30m] offset 31m)
        and {connections.OPEN} > 50
    """),
    wait="30m",
    severity="warning",
    summary="Connections to a Nun-db database rise without end.",
    description="The database {{ $labels.database }} on the node behind {{ $labels.instance }} (job {{ $labels.job }}) "
    "has at least {{ $value }} connections, more at any moment of 30 minutes than at any of the 30 before that.",
    meaning="Clients do not close connections, or Nun-db's counter leaks: it keeps one for ever when a connection "
    "selects a database twice, or when its thread panics. Each TCP connection that has sent something costs the node a "
    "thread and 500 wake-ups a second.",
    confirm=("ss -tnH state established '( sport = :3012 or sport = :3013 or sport = :3014 )' | wc -l", CHECK),
    evidence="If ss counts about as many, clients hold them; if far fewer, the counter leaks.",
    remedy="Clients: close connections, use a pool. Counter: select a database once for each connection; it restarts "
    "at 0 with the node.",
    confusion="A morning's rise in users that never dips for an hour and a half.",
    needs=_TOKENS,
)
GROUP = Group("nundb-databases", "Databases", (MISSING, STRATEGY_DIFFERS, UNRESOLVED, CONNECTIONS_LEAKING))
