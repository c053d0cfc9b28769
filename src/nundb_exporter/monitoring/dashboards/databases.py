"""Databases: differences between nodes, connections, conflicts and keys."""

from nundb_exporter.collectors import conflicts, connections, databases, keys
from nundb_exporter.metrics import Panel
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row

_HOLDERS = f"count by (job, database) (group by (job, instance, database) ({databases.INFO.selected}))"
_NODES = f"count by (job) (group by (job, instance) ({databases.INFO.selected}))"

_DIFFERENCES = (
    Panel(
        "Databases that not every node has",
        f"{_HOLDERS} < on (job) group_left () {_NODES}",
        "short",
        "Databases that some nodes have and others lack, and how many have them. Empty: all nodes have the same.",
        "Nodes",
        kind="table",
    ),
)
DASHBOARD = Dashboard(
    uid="nundb-databases",
    title="Nun-db databases",
    description="Databases and how they differ between nodes, their connections, conflicts and keys.",
    rows=(
        Row("All databases", (*databases.COLLECTOR.panels, *_DIFFERENCES)),
        Row("Connections (only databases with a configured token)", connections.COLLECTOR.panels),
        Row("Conflicts (only databases with a configured token)", conflicts.COLLECTOR.panels),
        Row("Keys (off by default: --collector.keys)", keys.COLLECTOR.panels),
    ),
)
