"""The hosts of the nodes: what their processes use of what they may."""

from typing import Final

from nundb_exporter.host.families import SUBJECT
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row

DASHBOARD: Final = Dashboard(
    uid="nundb-hosts",
    title="Nun-db hosts",
    description="Descriptors, threads, memory and CPU of the nodes' processes, and their limits.",
    rows=(Row("Processes (off by default: --collector.host)", SUBJECT.panels),),
)
