"""What an alert fires on is a finding as well: at the last moment of each case the judge says the same."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

import pytest

from nundb_exporter.errors import Reason, TargetError
from nundb_exporter.judge import NodeReport, Report, describe, judge
from nundb_exporter.metrics import (
    COLLECTOR_SUCCESS,
    SCRAPE_DURATION,
    SCRAPE_FAILURE,
    SCRAPE_TIMEOUT,
    UP,
    Answers,
    Family,
    Sample,
)
from nundb_exporter.monitoring.cases import CASES
from nundb_exporter.monitoring.cases.case import Case
from nundb_exporter.monitoring.cases.values import Values, seconds_of
from nundb_exporter.problems import PROBLEMS
from nundb_exporter.results import CollectorResult, Scrape

from .expressions import FAMILIES

OF_ONE_MOMENT = {problem.name for problem in PROBLEMS}
TAKES_TIME = {
    "each scrape of a node fails for another reason than the last": "the last scrape had one reason",
    "an operation is made half a minute from now, and acknowledged before the next scrape": "it is gone",
    "a node restarts and says that this was an hour ago": "only the change of its start time shows it",
    "a collector fails in two scrapes of three": "the last scrape is the third",
    "a replica owes an operation since before its restart, and then its exporter stops": "nobody tells its start now",
    **{
        case.about: "only the minutes before show that operations pile up"
        for case in CASES
        if re.search(r"at [28] operations a second|hangs that owes", case.about)
    },
}
"""Cases whose alert remembers what the last moment does not show."""


def value_at(values: Values, second: int) -> float | None:
    """Return the value at that time; None if the page does not have the series then."""
    begun = 0
    for stretch in values:
        if stretch.seconds is None or second < begun + stretch.seconds:
            return None if stretch.start is None else stretch.start + stretch.per_second * (second - begun)
        begun += stretch.seconds
    return None


def pages(case: Case) -> dict[tuple[str, str], list[Sample]]:
    """The last page of each exporter, by job and instance."""
    at = seconds_of(case.at)
    found: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    given = {name: values for series in case.series for name, values in series.items()}
    for name, values in given.items():
        labels = dict(re.findall(r'(\w+)="([^"]*)"', name))
        family = FAMILIES.get(name.partition("{")[0])
        value = value_at(values, at)
        if family is not None and value is not None:
            page = found[labels["job"], labels["instance"]]
            page.append(family.sample(value, *(labels[label] for label in family.labels)))
    return found


def of(page: list[Sample], family: Family) -> Mapping[tuple[str, ...], float]:
    """The samples of one family by their labels."""
    return {sample.labels: sample.value for sample in page if sample.family is family}


def scraped(page: list[Sample]) -> Scrape:
    """The scrape that gave this page."""
    reasons = [Reason(reason) for (reason,), value in of(page, SCRAPE_FAILURE).items() if value]
    is_up = of(page, UP).get((), 1) == 1
    return Scrape(
        samples=page,
        answers=Answers(),
        collectors={
            name: CollectorResult(failure=None if value else "it fails")
            for (name,), value in of(page, COLLECTOR_SUCCESS).items()
            if is_up
        },
        error=None if is_up else TargetError(next(iter(reasons), Reason.CONNECT), "it fails"),
        seconds=of(page, SCRAPE_DURATION).get((), 0.0),
    )


def reports(case: Case, job: str) -> Iterator[NodeReport]:
    """The nodes of one cluster at the last moment."""
    for (owner, instance), page in pages(case).items():
        if owner == job:
            allowed = of(page, SCRAPE_TIMEOUT).get(())
            yield describe(f"http://{instance}:3013", scraped(page), seconds_of(case.at), allowed)


def judged(case: Case) -> Report:
    """What is judged of the cluster `nundb`."""
    return judge(list(reports(case, "nundb")))


@pytest.mark.parametrize("case", [case for case in CASES if case.about not in TAKES_TIME], ids=lambda case: case.about)
def test_what_fires_is_found(case: Case) -> None:
    """For every alert that fires and can be judged from one moment there is a finding of the same name."""
    fired = {firing.alert.name for firing in case.fires if firing.labels["job"] == "nundb"}
    assert fired & OF_ONE_MOMENT <= {finding.id for finding in judged(case).findings}


@pytest.mark.parametrize("about", TAKES_TIME)
def test_what_takes_time_is_not_found(about: str) -> None:
    """The exceptions are true: one moment does not show all that alerts fire on."""
    (case,) = (case for case in CASES if case.about == about)
    fired = {firing.alert.name for firing in case.fires}
    assert fired - {finding.id for finding in judged(case).findings}


def test_what_agrees_is_healthy() -> None:
    """Three nodes that agree give no finding but information."""
    (case,) = (case for case in CASES if case.about == "three nodes agree")
    assert judged(case).healthy
