"""Storage: what is saved, the operation log's files, and the disk."""

from typing import Final

from nundb_exporter.files import families as files
from nundb_exporter.metrics import Panel
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row


def _panels(*titles: str) -> tuple[Panel, ...]:
    by_title = {panel.title: panel for panel in files.SUBJECT.panels}
    return tuple(by_title[title] for title in titles)


DASHBOARD: Final = Dashboard(
    uid="nundb-storage",
    title="Nun-db storage",
    description="What is saved and what a crash would lose, the operation log's files, and when the disk will be full. "
    "Needs --collector.files.",
    rows=(
        Row(
            "Snapshots",
            _panels(
                "Age of the last snapshot",
                "Changes that a crash would lose",
                "Snapshots that are due",
                "Databases never saved",
                "Damaged files",
            ),
        ),
        Row(
            "Operation log",
            _panels(
                "Safe to restart",
                "Operation log valid",
                "Files of the operation log",
                "Reach of the operation log",
                "Not read yet",
            ),
        ),
        Row(
            "Disk",
            _panels("Free space", "Free space, share", "Full in", "Free inodes", "Size of files", "Largest databases"),
        ),
    ),
    nodes=files.VALID,
)
