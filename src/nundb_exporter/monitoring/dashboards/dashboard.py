"""The types: a dashboard is rows of panels, as plain data."""

from dataclasses import dataclass

from nundb_exporter.metrics import UP, Family, Panel, Subject


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading, in reading order."""

    title: str
    panels: tuple[Panel, ...]


def row(title: str, subject: Subject, *panels: str) -> Row:
    """Return a row of some panels of a local source, by their titles.

    Raises:
        KeyError: it has no panel of that title.
    """
    by_title = {panel.title: panel for panel in subject.panels}
    return Row(title, tuple(by_title[each] for each in panels))


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
