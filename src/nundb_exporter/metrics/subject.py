"""What a local source tells, as plain data: what a collector is for the answers of a node."""

from dataclasses import dataclass

from nundb_exporter.metrics.family import Family
from nundb_exporter.metrics.panel import Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One subject that is known without asking the node, such as its log or its data directory."""

    name: str
    """Also the flag, `--collector.NAME`, and the label `collector` of nundb_scrape_collector_success."""
    help: str
    families: tuple[Family, ...]
    panels: tuple[Panel, ...] = ()
