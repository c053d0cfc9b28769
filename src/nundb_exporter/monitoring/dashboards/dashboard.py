"""The types: a dashboard is rows of panels, as plain data."""

from dataclasses import dataclass

from nundb_exporter.metrics import UP, Family, Panel


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading, in reading order."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """One page of Grafana."""

    uid: str
    """Never changes: links, bookmarks and updates depend on it."""
    title: str
    description: str
    rows: tuple[Row, ...]
    nodes: Family = UP
    """The family whose jobs and instances can be selected: every node that the dashboard can show has it."""

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels, in reading order."""
        return tuple(panel for row in self.rows for panel in row.panels)
