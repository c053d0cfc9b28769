"""The canary: whether words can be written, how long they take to replicas, and whether replicas hold them."""

from typing import Final

from nundb_exporter.canary.families import SUBJECT
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row

DASHBOARD: Final = Dashboard(
    uid="nundb-canary",
    title="Nun-db canary",
    description="A word that is written on the primary and watched on every member: delay, divergence, damage.",
    rows=(Row("Canary (off by default: the section canary of the configuration file)", SUBJECT.panels),),
)
