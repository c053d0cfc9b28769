"""Databases: differences between nodes, connections, conflicts and keys."""

from typing import Final

from nundb_exporter.collectors import conflicts, connections, databases, keys
from nundb_exporter.metrics import Family, Panel
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row
from nundb_exporter.monitoring.views import nodes_holding, nodes_with_databases

_DIFFERENCES: Final = (
    Panel(
        "Databases that not every node has",
        f"{nodes_holding(Family.select)} < on (job) group_left () {nodes_with_databases(Family.select)}",
        "short",
        "Databases that some nodes have and others lack, and how many have them. Empty: all nodes have the same.",
        value_title="Nodes",
        kind="table",
    ),
)
DASHBOARD: Final = Dashboard(
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
