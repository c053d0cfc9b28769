"""The recording rules: a summary of all clusters, small enough to keep for years or to federate.

Neither alerts nor dashboards need them: loading one file alone must not give rules that never fire or empty panels.
They aggregate `by` the labels in their names, not `without` the others: discovery adds its own, such as the pod.
"""

from typing import Final

from nundb_exporter.collectors import conflicts, connections, oplog, pending, replication
from nundb_exporter.metrics import UP, Family
from nundb_exporter.monitoring.rule import Recording
from nundb_exporter.monitoring.views import members, primaries

RECORDINGS: Final = (
    Recording(name="job:nundb_up:count", expression=f"count by (job) ({UP})", help="Nodes that are scraped."),
    Recording(name="job:nundb_up:sum", expression=f"sum by (job) ({UP})", help="Nodes that answer."),
    Recording(
        name="job:nundb_cluster_members:max",
        expression=members(Family.where),
        help="Members of the cluster, in the longest list of any node.",
    ),
    Recording(
        name="job:nundb_cluster_primaries:count",
        expression=primaries(Family.where),
        help="Members that at least one node lists as primary; should be 1.",
    ),
    Recording(
        name=f"job:{replication.PENDING}:max",
        expression=f"max by (job) ({replication.PENDING})",
        help="Pending operations on the node that has the most, which is the primary.",
    ),
    Recording(
        name="job:nundb_replication_oldest_pending_seconds:max",
        # 0 if nothing is pending, so that a healthy cluster has no gap.
        expression=f"max by (job) (time() - {pending.OLDEST}) or max by (job) (0 * {replication.PENDING})",
        help="Age of the oldest pending operation; 0 if none is pending.",
    ),
    Recording(
        name=f"instance:{oplog.RECORDS}:deriv5m",
        expression=f"deriv({oplog.RECORDS}[5m])",
        help="Records per second that a node writes to its operation log; negative while segments are pruned.",
    ),
    Recording(
        name=f"job_database:{connections.OPEN}:sum",
        expression=f"sum by (job, database) ({connections.OPEN})",
        help="Connections by database, summed over all nodes.",
    ),
    Recording(
        name=f"job_database:{conflicts.COUNT}:max",
        expression=f"max by (job, database, state) ({conflicts.COUNT})",
        help="Conflicts by database and state, on the node that has the most.",
    ),
)
