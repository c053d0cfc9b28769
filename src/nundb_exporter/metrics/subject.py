"""What a local source tells, as plain data: what a collector is for the answers of a node."""

from dataclasses import dataclass

from nundb_exporter.metrics.family import Family
from nundb_exporter.metrics.panel import Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One subject that is known without asking the node, such as its log or its data directory."""

    name: str
    """Also the label `collector` of nundb_scrape_collector_success."""
    help: str
    families: tuple[Family, ...]
    panels: tuple[Panel, ...] = ()
    section: str = ""
    """The section of the configuration file that switches it on; empty if the flag `--collector.NAME` does."""
    asks: str = "the node nothing"
    """Whom it asks what, after the verb."""

    @property
    def switch(self) -> str:
        """What switches it on."""
        return f"the section {self.section} of the configuration file" if self.section else f"--collector.{self.name}"
