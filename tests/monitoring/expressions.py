"""What PromQL expressions refer to, by an independent parser."""

from collections.abc import Iterator
from dataclasses import replace

import promql_parser
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    MatrixSelector,
    ParenExpr,
    SubqueryExpr,
    UnaryExpr,
    VectorSelector,
)

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.metrics import EXPORTER_FAMILIES, SCRAPE_FAMILIES, Family
from nundb_exporter.subjects import SUBJECTS

TARGET_LABELS = {"job", "instance"}
OF_PROMETHEUS: dict[str, set[str]] = {
    "up": set(),
    "scrape_timeout_seconds": set(),
    # An alert has the labels of the series that it is about.
    "ALERTS": {"alertname", "alertstate", "severity", "database", "member"},
}


FAMILIES: tuple[Family, ...] = (
    *SCRAPE_FAMILIES,
    *EXPORTER_FAMILIES,
    *(family for collector in COLLECTORS for family in collector.families),
    *(family for subject in SUBJECTS for family in subject.families),
)
"""All that pages name."""


def series_of(family: Family) -> Iterator[Family]:
    """Yield a family's series: of a histogram three kinds, which only ever rise."""
    if family.kind != "histogram":
        yield family
        return
    for suffix, more in (("bucket", ("le",)), ("sum", ()), ("count", ())):
        yield replace(family, name=f"{family}_{suffix}", kind="counter", labels=(*family.labels, *more))


SERIES: dict[str, Family] = {series.name: series for family in FAMILIES for series in series_of(family)}
"""What Prometheus stores, by name."""


def children(expression: Expr) -> Iterator[Expr]:
    """Yield the parts of an expression."""
    match expression:
        case BinaryExpr():
            yield expression.lhs
            yield expression.rhs
        case AggregateExpr() | ParenExpr() | UnaryExpr() | SubqueryExpr():
            yield expression.expr
        case Call():
            yield from expression.args
        case MatrixSelector():
            yield expression.vector_selector


def walk(expression: Expr) -> Iterator[Expr]:
    """Yield an expression and all that it is made of."""
    yield expression
    for child in children(expression):
        yield from walk(child)


def selectors(expression: Expr) -> Iterator[VectorSelector]:
    """Yield what an expression takes from the database."""
    return (part for part in walk(expression) if isinstance(part, VectorSelector))


def labels_of(selector: VectorSelector) -> set[str]:
    """The labels that a metric has, its target's among them.

    Raises:
        KeyError: there is no such metric.
    """
    name = str(selector.name)
    own = OF_PROMETHEUS[name] if name in OF_PROMETHEUS else set(SERIES[name].labels)
    return own | TARGET_LABELS


def named_labels(expression: Expr) -> set[str]:
    """The labels by which an expression aggregates or joins."""
    if isinstance(expression, AggregateExpr) and expression.modifier is not None:
        return set(expression.modifier.labels)
    if isinstance(expression, BinaryExpr) and expression.modifier is not None and expression.modifier.matching:
        return set(expression.modifier.matching.labels)
    return set()


def assert_known(expression: Expr) -> None:
    """Every metric is one that there is, and every label one that some metric of the expression has."""
    available: set[str] = set()
    for selector in selectors(expression):
        available |= labels_of(selector)
        for matcher in selector.matchers.matchers:
            assert matcher.name in labels_of(selector), f"{selector.name} has no label {matcher.name}"
    for part in walk(expression):
        assert named_labels(part) <= available, f"no metric here has {named_labels(part) - available}"


def parse(text: str) -> Expr:
    """Parse an expression of a dashboard: its variables stand for anything."""
    for variable, value in (("$__rate_interval", "1m"), ("$__range", "1h"), ("$__interval", "15s")):
        text = text.replace(variable, value)
    return promql_parser.parse(text)
