"""Storage: what is saved, the operation log's files, and the disk."""

from typing import Final

from nundb_exporter.files.families import SUBJECT, VALID
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, row

DASHBOARD: Final = Dashboard(
    uid="nundb-storage",
    title="Nun-db storage",
    description="What is saved and what a crash would lose, the operation log's files, and when the disk will be full. "
    "Needs --collector.files.",
    rows=(
        row(
            "Snapshots",
            SUBJECT,
            "Age of the last snapshot",
            "Changes that a crash would lose",
            "Snapshots that are due",
            "Databases never saved",
            "Damaged files",
        ),
        row(
            "Operation log",
            SUBJECT,
            "Safe to restart",
            "Operation log valid",
            "Files of the operation log",
            "Reach of the operation log",
            "Not read yet",
        ),
        row(
            "Disk",
            SUBJECT,
            "Free space",
            "Free space, share",
            "Full in",
            "Free inodes",
            "Size of files",
            "Largest databases",
        ),
    ),
    nodes=VALID,
)
