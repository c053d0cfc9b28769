"""The charts of those who come from the older exporter, under the names they know."""

from nundb_exporter.collectors import compat
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row

DASHBOARD = Dashboard(
    uid="nundb-older-names",
    title="Nun-db (nun_db_* names)",
    description="The five metrics of the older Rust exporter, with its names, units and label.",
    rows=(Row("What the older exporter showed", compat.COLLECTOR.panels),),
    # The older exporter itself has no nundb_up: its own past is to be seen as well.
    nodes=compat.PENDING,
)
