"""The recording rules: what a fleet comes down to, small enough to keep for years or to federate.

Neither alerts nor dashboards need them: whoever loads one file alone must not end up with deaf rules or empty panels.
They aggregate `by` what their names say and not `without` the rest: discovery adds labels of its own, such as the pod.
"""

from typing import Final

from nundb_exporter.collectors import conflicts, connections, oplog, pending, replication
from nundb_exporter.metrics import UP
from nundb_exporter.monitoring.alert import Recording
from nundb_exporter.monitoring.views import MEMBERS, PRIMARIES

RECORDINGS: Final = (
    Recording(name="job:nundb_up:count", expression=f"count by (job) ({UP})", help="Nodes that are scraped."),
    Recording(name="job:nundb_up:sum", expression=f"sum by (job) ({UP})", help="Nodes that answer."),
    Recording(
        name="job:nundb_cluster_members:max",
        expression=MEMBERS,
        help="Members of the cluster, by the longest list.",
    ),
    Recording(
        name="job:nundb_cluster_primaries:count",
        expression=PRIMARIES,
        help="Members that somebody takes for the primary: 1.",
    ),
    Recording(
        name=f"job:{replication.PENDING}:max",
        expression=f"max by (job) ({replication.PENDING})",
        help="Pending operations, on the node that has most: the primary.",
    ),
    Recording(
        name="job:nundb_replication_oldest_pending_seconds:max",
        # 0 where nothing is owed, so that there is no gap while all is well.
        expression=f"max by (job) (time() - {pending.OLDEST}) or max by (job) (0 * {replication.PENDING})",
        help="How long the oldest pending operation has been owed; 0 where none is.",
    ),
    Recording(
        name=f"instance:{oplog.RECORDS}:deriv5m",
        expression=f"deriv({oplog.RECORDS}[5m])",
        help="Records a second that a node writes to its operation log; negative while segments are pruned.",
    ),
    Recording(
        name=f"job_database:{connections.OPEN}:sum",
        expression=f"sum by (job, database) ({connections.OPEN})",
        help="Connections by database, on all nodes together.",
    ),
    Recording(
        name=f"job_database:{conflicts.COUNT}:max",
        expression=f"max by (job, database, state) ({conflicts.COUNT})",
        help="Conflicts by database and state, on the node that has most.",
    ),
)
