"""The cases of the alerts: situations as series over time, and what fires in each. One file per file of alerts.

Every alert has a case in which it fires and one, as similar as possible, in which it must not. They are written to
deploy/prometheus/tests.yml, for `promtool test rules` (rule_tests.py).
"""

from typing import Final

from nundb_exporter.monitoring.cases import (
    canary,
    cluster,
    databases,
    exporter,
    files,
    host,
    hour,
    log,
    members,
    node,
    oplog,
    replication,
)
from nundb_exporter.monitoring.cases.case import Case

CASES: Final[tuple[Case, ...]] = (
    *node.CASES,
    *exporter.CASES,
    *cluster.CASES,
    *members.CASES,
    *replication.CASES,
    *oplog.CASES,
    *databases.CASES,
    *files.CASES,
    *host.CASES,
    *log.CASES,
    *hour.CASES,
    *canary.CASES,
)
