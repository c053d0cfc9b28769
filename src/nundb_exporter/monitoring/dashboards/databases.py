"""Databases: which there are, who uses them, what conflicts they have."""

from nundb_exporter.collectors import conflicts, connections, databases, keys
from nundb_exporter.metrics import Panel
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row

_HOLDERS = f"count by (job, database) (group by (job, instance, database) ({databases.INFO.selected}))"
_NODES = f"count by (job) (group by (job, instance) ({databases.INFO.selected}))"

_DIFFERENCES = (
    Panel(
        "Databases that not every node holds",
        f"{_HOLDERS} < on (job) group_left () {_NODES}",
        "short",
        "Databases that are on some nodes and not on others, and how many hold them. Empty: all nodes hold the same.",
        "Nodes",
        kind="table",
    ),
)
DASHBOARD = Dashboard(
    uid="nundb-databases",
    title="Nun-db databases",
    description="Which databases there are and how they differ between nodes, their connections, conflicts and keys.",
    rows=(
        Row("Which there are", (*databases.COLLECTOR.panels, *_DIFFERENCES)),
        Row("Connections (of databases whose token is configured)", connections.COLLECTOR.panels),
        Row("Conflicts (of databases whose token is configured)", conflicts.COLLECTOR.panels),
        Row("Keys (off by default: --collector.keys)", keys.COLLECTOR.panels),
    ),
)
