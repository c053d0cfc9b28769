"""The types: a situation, and the alerts that fire in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from nundb_exporter.metrics import Family
from nundb_exporter.monitoring.cases.values import Values
from nundb_exporter.monitoring.rule import Alert

Series = Mapping[str, Values]
"""Values by series."""


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert as it is received."""

    alert: Alert
    labels: Mapping[str, str]
    """Besides the name and the severity."""
    text: str = ""
    """The description, filled in. One case of each alert has it, which is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One situation, and all that fires in it."""

    about: str
    series: tuple[Series, ...]
    """Of a series that is given twice, the last holds. `up` of a target is 1 unless it is given."""
    at: str
    """When it is judged, after the beginning; in Prometheus' notation of durations."""
    fires: tuple[Firing, ...] = ()
    is_throughout: bool = False
    """Whether it is judged by all that has fired until then, however briefly."""
    misses: tuple[Alert, ...] = ()
    """The alerts that a careless rule would fire here."""


def of(family: Family | str, values: Values, instance: str = "a", **labels: str) -> Series:
    """One series of the exporter `instance`; its job is `nundb` unless it is given."""
    return {series_name(str(family), **{"job": "nundb", "instance": instance, **labels}): values}


def series_name(metric: str, /, **labels: str) -> str:
    """Return the name of a series as Prometheus writes it."""
    matchers = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{metric}{{{matchers}}}"


def on(alert: Alert, instance: str = "a", *, text: str = "", **labels: str) -> Firing:
    """The alert about one target."""
    return Firing(alert, {"job": "nundb", "instance": instance, **labels}, text)


def in_job(alert: Alert, *, text: str = "", **labels: str) -> Firing:
    """The alert about a whole cluster."""
    return Firing(alert, {"job": "nundb", **labels}, text)
