"""The only judge: from scrapes of one node or of several to a report with findings, in words. Pure.

`check`, `pending`, the landing page (through `GET /report`) and the demo show what it says; alerts share its words and
thresholds through `problems`.
"""

from nundb_exporter.judge.describe import describe, describe_exporter
from nundb_exporter.judge.judgement import judge, to_json, written
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
    StoredData,
    StoredDatabase,
)
from nundb_exporter.judge.storage import describe_stored, restart_objections

__all__ = [
    "CollectorReport",
    "Database",
    "ExporterReport",
    "Finding",
    "Member",
    "NodeReport",
    "PendingGroup",
    "Report",
    "StoredData",
    "StoredDatabase",
    "describe",
    "describe_exporter",
    "describe_stored",
    "group_pending",
    "judge",
    "restart_objections",
    "to_json",
    "unreachable",
    "written",
]
