"""What could not be judged of a node, and why: silence would look like health."""

from collections.abc import Iterator
from typing import Final

from nundb_exporter.judge.finding import find
from nundb_exporter.judge.report import Finding, NodeReport
from nundb_exporter.problems import exporter
from nundb_exporter.protocol.commands import CLUSTER_STATE, LIST_DBS, PENDING_OPS, PROCESS_INFO

_VIEW: Final = "The view of the cluster"
_DATABASES: Final = "The list of databases"
_SHARES: Final = "The share of each member in the pending operations"
_BY_COLLECTOR: Final = {"cluster": _VIEW, "databases": _DATABASES}
"""What is not known where a collector is switched off without which nodes cannot be compared."""
_BY_COMMAND: Final = {
    str(CLUSTER_STATE): _VIEW,
    str(LIST_DBS): _DATABASES,
    str(PENDING_OPS): _SHARES,
    str(PROCESS_INFO): "The start time",
}


def findings(report: NodeReport) -> Iterator[Finding]:
    """Yield what is not known of a node that is up."""
    ran = {collector.name for collector in report.collectors}
    wanted = _BY_COLLECTOR | ({"pending": _SHARES} if report.pending_operations else {})
    for name, subject in wanted.items():
        if name not in ran:
            yield _find(report, subject, f"the collector {name} is switched off")
    for command in report.unsupported_commands:
        if subject := _BY_COMMAND.get(command, ""):
            yield _find(report, subject, f"this Nun-db does not know `{command}`")
    if report.role is None and report.members:
        yield _find(report, "The role", "Nun-db reports it since 2023-11")


def _find(report: NodeReport, subject: str, reason: str) -> Finding:
    return find(exporter.NOT_JUDGED, node=report.url, subject=subject, reason=reason)
