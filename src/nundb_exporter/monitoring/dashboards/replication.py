"""Who waits for whom, since when; what each node believes of the others, and where they disagree."""

from nundb_exporter.collectors import acting_role, cluster, pending, replication
from nundb_exporter.metrics import Panel
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row

_LISTED = f"count by (job, member) (group by (job, instance, member) ({cluster.MEMBER.selected}))"
_NODES = f"count by (job) (group by (job, instance) ({cluster.MEMBER.selected}))"

_VIEWS = (
    Panel(
        "Members that not every node lists",
        f"{_LISTED} < on (job) group_left () {_NODES}",
        "short",
        "Members that are in some lists and not in others, and how many nodes list them. Empty: all agree.",
        "Nodes",
        kind="table",
    ),
    Panel(
        "Members taken for the primary",
        f"count by (job, member) ({cluster.MEMBER.select(role='primary')})",
        "short",
        "Who is taken for the primary, and by how many nodes. One line for each cluster is right; two are a split.",
        "Nodes",
        kind="table",
    ),
    Panel(
        "Members in each node's list",
        f"count by (job, instance) ({cluster.MEMBER.selected})",
        "short",
        "How many members each node lists, itself among them. The lines of a cluster's nodes should be one.",
    ),
    Panel(
        "Changes of the primary",
        f"changes({cluster.ROLE.select(role='primary')}[$__rate_interval])",
        "short",
        "How often a node became primary, or ceased to be, in the interval.",
        warning=1,
    ),
)
DASHBOARD = Dashboard(
    uid="nundb-replication",
    title="Nun-db replication",
    description="Who waits for whom since when, what nodes believe of each other, and where they disagree.",
    rows=(
        Row("Who waits for whom", pending.COLLECTOR.panels),
        Row("The node's own sums", replication.COLLECTOR.panels),
        Row("What nodes believe", (*_VIEWS, *cluster.COLLECTOR.panels)),
        Row("How nodes act (off by default: --collector.acting_role)", acting_role.COLLECTOR.panels),
    ),
)
