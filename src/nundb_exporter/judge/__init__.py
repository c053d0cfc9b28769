"""The only judge: from scrapes of one node or of several to a report with findings, in words. Pure.

`check`, `pending`, the landing page (through `GET /report`) and the demo show what it says; alerts share its words and
thresholds through `problems`.
"""

from nundb_exporter.judge.describe import describe, describe_exporter
from nundb_exporter.judge.judgement import judge, to_json
from nundb_exporter.judge.node import unreachable
from nundb_exporter.judge.pending import PendingGroup, group_pending
from nundb_exporter.judge.report import (
    CollectorReport,
    Database,
    ExporterReport,
    Finding,
    Member,
    NodeReport,
    Report,
)

__all__ = [
    "CollectorReport",
    "Database",
    "ExporterReport",
    "Finding",
    "Member",
    "NodeReport",
    "PendingGroup",
    "Report",
    "describe",
    "describe_exporter",
    "group_pending",
    "judge",
    "to_json",
    "unreachable",
]
