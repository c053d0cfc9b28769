"""The alerting rules, one subject per file. A new one needs a case in which it fires and one in which it does not."""

from typing import Final

from nundb_exporter.monitoring.alerts import (
    canary,
    cluster,
    databases,
    exporter,
    files,
    host,
    log,
    node,
    oplog,
    replication,
)
from nundb_exporter.monitoring.rule import Alert, Group

GROUPS: Final[tuple[Group, ...]] = (
    node.GROUP,
    exporter.GROUP,
    cluster.GROUP,
    replication.GROUP,
    oplog.GROUP,
    databases.GROUP,
    files.GROUP,
    host.GROUP,
    canary.GROUP,
    log.GROUP,
)
ALERTS: Final[tuple[Alert, ...]] = tuple(alert for group in GROUPS for alert in group.alerts)
