"""The alerting rules, one subject a file. To add one: write its record, and a case that fires and one that does not."""

from typing import Final

from nundb_exporter.monitoring.alert import Alert, Group
from nundb_exporter.monitoring.alerts import cluster, databases, exporter, node, oplog, replication

GROUPS: Final[tuple[Group, ...]] = (
    node.GROUP,
    exporter.GROUP,
    cluster.GROUP,
    replication.GROUP,
    oplog.GROUP,
    databases.GROUP,
)
ALERTS: Final[tuple[Alert, ...]] = tuple(alert for group in GROUPS for alert in group.alerts)
