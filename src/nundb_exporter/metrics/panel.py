"""A panel: how a dashboard shows a family, as plain data."""

from typing import Literal, NamedTuple


class ShownAs(NamedTuple):
    """How a dashboard shows a value that stands for a state: its text and colour."""

    value: float
    text: str
    colour: str


class Query(NamedTuple):
    """One of several expressions of a panel: a column of a table."""

    title: str
    expression: str
    unit: str = "short"
    shown_as: tuple[ShownAs, ...] = ()


class Panel(NamedTuple):
    """How a dashboard shows a family; kept beside the family because it changes with it."""

    title: str
    expression: str
    """PromQL; made with `Family.selected` or `Family.select`."""
    unit: str
    """Grafana's name of the unit: `short`, `bytes`, `s`, `percentunit`, `dateTimeFromNow` …"""
    description: str
    legend: str = "{{instance}}"
    """What tells the series apart, by their labels."""
    value_title: str | None = None
    """What the value of a stat that shows no label is called, and the heading of a table's value; None in a table: the
    value marks the row and is not shown."""
    kind: Literal["timeseries", "stat", "table", "states", "heatmap"] = "timeseries"
    warning: float | None = None
    """Yellow from this value on."""
    critical: float | None = None
    """Red from this value on."""
    shown_as: tuple[ShownAs, ...] = ()
    columns: tuple[Query, ...] = ()
    """For a table: further columns, joined by the labels that they share with the first."""
