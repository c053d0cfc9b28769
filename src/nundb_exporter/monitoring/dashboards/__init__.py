"""The dashboards, one per file. To add one: write its file, and add it to DASHBOARDS."""

from typing import Final

from nundb_exporter.monitoring.dashboards import (
    canary,
    databases,
    host,
    older_names,
    overview,
    queries,
    replication,
    storage,
)
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard

DASHBOARDS: Final[tuple[Dashboard, ...]] = (
    overview.DASHBOARD,
    replication.DASHBOARD,
    databases.DASHBOARD,
    queries.DASHBOARD,
    host.DASHBOARD,
    storage.DASHBOARD,
    canary.DASHBOARD,
    older_names.DASHBOARD,
)
