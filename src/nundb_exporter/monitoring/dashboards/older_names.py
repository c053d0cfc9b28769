"""The metrics of the older exporter, under their old names."""

from typing import Final

from nundb_exporter.collectors import compat
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row

DASHBOARD: Final = Dashboard(
    uid="nundb-older-names",
    title="Nun-db (nun_db_* names)",
    description="The five metrics of the older Rust exporter, with its names, units and label.",
    rows=(Row("Metrics of the older exporter", compat.COLLECTOR.panels),),
    # The older exporter has no nundb_up, and its own history should be visible as well.
    nodes=compat.PENDING,
)
