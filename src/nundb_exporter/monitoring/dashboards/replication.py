"""Pending operations by member; each node's view of the cluster, and where the views differ."""

from typing import Final

from nundb_exporter.collectors import acting_role, cluster, pending, replication
from nundb_exporter.metrics import Family, Panel
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row
from nundb_exporter.monitoring.views import nodes_listing, nodes_with_list

_VIEWS: Final = (
    Panel(
        "Members that not every node lists",
        f"{nodes_listing(Family.select)} < on (job) group_left () {nodes_with_list(Family.select)}",
        "short",
        "Members that are in some lists but not in others, and how many nodes list them. Empty: all nodes agree.",
        value_title="Nodes",
        kind="table",
    ),
    Panel(
        "Members listed as primary",
        f"count by (job, member) ({cluster.MEMBER.select(role='primary')})",
        "short",
        "Members listed as primary, and by how many nodes. Each cluster should have one line; two mean a split.",
        value_title="Nodes",
        kind="table",
    ),
    Panel(
        "Members in each node's list",
        f"count by (job, instance) ({cluster.MEMBER.selected})",
        "short",
        "How many members each node lists, itself included. All nodes of a cluster should list the same number.",
    ),
    Panel(
        "Changes of the primary",
        f"changes({cluster.ROLE.select(role='primary')}[$__rate_interval])",
        "short",
        "How often a node became primary, or stopped being primary, in the interval.",
        warning=1,
    ),
)
DASHBOARD: Final = Dashboard(
    uid="nundb-replication",
    title="Nun-db replication",
    description="Pending operations by member, each node's view of the cluster, and where the views differ.",
    rows=(
        Row("Pending operations by member", pending.COLLECTOR.panels),
        Row("Pending operations and replication time", replication.COLLECTOR.panels),
        Row("Views of the cluster", (*_VIEWS, *cluster.COLLECTOR.panels)),
        Row("Acting role (off by default: --collector.acting_role)", acting_role.COLLECTOR.panels),
    ),
)
