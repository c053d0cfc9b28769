"""Alerts and findings say the same of the same situation: the cases in which alerts fire are put before the judge."""

import re
from collections.abc import Iterator
from typing import Final

import pytest

from nundb_exporter.collectors import COLLECTORS, process, transports
from nundb_exporter.errors import Reason, TargetError
from nundb_exporter.judge import Finding, NodeReport, describe, judge
from nundb_exporter.metrics import (
    COLLECTOR_SUCCESS,
    SCRAPE_DURATION,
    SCRAPE_FAILURE,
    SCRAPE_FAMILIES,
    SCRAPE_TIMEOUT,
    UP,
    Answers,
    Family,
    Sample,
)
from nundb_exporter.monitoring.alerts import ALERTS
from nundb_exporter.monitoring.cases import CASES
from nundb_exporter.monitoring.cases.case import Case, Firing
from nundb_exporter.monitoring.cases.values import Values, seconds_of
from nundb_exporter.monitoring.rule import Alert
from nundb_exporter.problems.catalog import PROBLEMS
from nundb_exporter.results import CollectorResult, Scrape
from nundb_exporter.subjects import SUBJECTS

JUDGED: Final = {problem.name: problem for problem in PROBLEMS if problem.has_alert}
NEEDS_MORE_THAN_A_MOMENT: Final = {
    "NundbRestartLoop": "counts the starts of a quarter of an hour",
    "NundbQueriesSlow": "an average that one election raises; only one that stays high is wrong",
    "NundbReplicationSlow": "likewise, and it must still be moving",
    "NundbExporterDown": "an exporter that is down serves no report; Prometheus misses it",
    "NundbExporterAbsent": "likewise",
    "NundbExporterRequestsRejected": "counts the requests of a quarter of an hour",
    "NundbExporterSamplesDropped": "likewise; the report shows twice what is listed twice",
    "NundbExporterReloadFailed": "an exporter that goes on with good settings judges its nodes as well as before",
    "NundbMemberMissing": "compares with the six hours before",
    "NundbElectionsFlapping": "counts the changes of a quarter of an hour",
    "NundbPendingGrowing": "compares with the minutes before",
    "NundbOplogNearLimit": "a log that has been pruned before is always this large",
    "NundbResolveStorm": "compares the growth of minutes",
    "NundbReplicationLate": "counts the words of ten minutes",
    "NundbConnectionsLeaking": "compares with the hour before",
    "NundbDiskFilling": "compares with the six hours before",
    "NundbCommandsSlow": "counts the commands of five minutes",
    "NundbThreadPanicked": "counts the events of a quarter of an hour",
    "NundbLogErrors": "counts the events of five minutes",
    "NundbWatchersDead": "counts the events of a quarter of an hour",
    "NundbReplicaRefusesWrites": "counts the events of an hour; `compare` finds the values different",
    "NundbLogNotRead": "one that has just begun to read is behind for a moment",
}
UNLIKE: Final = {
    "each scrape of a node fails for another reason than the last": "each moment has one reason, and its own finding",
    "an operation is made half a minute from now, and acknowledged before the next scrape": "it is over",
    "a node restarts and says that this was an hour ago": "only the change shows that the start is wrong",
    "a collector fails in two scrapes of three": "it works at this moment",
    **{
        case.about: "only the minute before shows that they pile up"
        for case in CASES
        if re.search(r"at [28] operations a second|hangs that owes an operation since before its restart$", case.about)
    },
    "the snapshot thread panics": "only the change of a counter shows when",
    "a replica owes an operation since before its restart, and then its exporter stops": "nobody tells its start now",
}
"""Cases in which an alert fires for what lasts, and a moment shows something else."""

_FAMILIES: Final = {
    family.name: family
    for family in (
        *SCRAPE_FAMILIES,
        *(each for one in COLLECTORS for each in one.families),
        *(each for one in SUBJECTS for each in one.families),
    )
}


def test_every_alert_is_judged_or_says_why_not() -> None:
    """From one moment; a new alert needs a problem or a reason."""
    assert {alert.name for alert in ALERTS} == JUDGED.keys() | NEEDS_MORE_THAN_A_MOMENT.keys()
    assert not JUDGED.keys() & NEEDS_MORE_THAN_A_MOMENT.keys()


@pytest.mark.parametrize("alert", [alert for alert in ALERTS if alert.name in JUDGED], ids=lambda alert: alert.name)
def test_alert_and_finding_have_the_same_words(alert: Alert) -> None:
    """The alert's description is the finding's sentence, with templates in place of values."""
    problem = JUDGED[alert.name]
    places = {name: f"\0{name}\0" for name in problem.fields}
    pattern = re.sub("\0\\w+\0", ".+", re.escape(problem.say(**places)).replace("\\\0", "\0"))
    assert re.fullmatch(pattern, alert.description, re.IGNORECASE | re.DOTALL)
    assert (alert.severity, alert.summary, alert.advice) == (problem.severity, problem.title, problem.advice)


@pytest.mark.parametrize("case", [case for case in CASES if case.about not in UNLIKE], ids=lambda case: case.about)
def test_what_fires_an_alert_is_a_finding(case: Case) -> None:
    """The same condition with the same threshold, about the same member, database and node."""
    findings = judge(list(_nodes(case))).findings
    for firing in case.fires:
        if firing.alert.name in JUDGED:
            assert any(_is_about(finding, firing) for finding in findings), (firing, findings)


@pytest.mark.parametrize("about", UNLIKE)
def test_what_takes_time_is_not_found(about: str) -> None:
    """The exceptions are true: one moment does not show all that alerts fire on."""
    (case,) = (case for case in CASES if case.about == about)
    assert {firing.alert.name for firing in case.fires} - {finding.id for finding in judge(list(_nodes(case))).findings}


def test_where_nothing_is_wrong_nothing_is_found() -> None:
    """Neither by the rules nor by the judge."""
    (case,) = [case for case in CASES if case.about == "three nodes agree"]
    assert judge(list(_nodes(case))).healthy


def test_every_judged_alert_is_in_a_case() -> None:
    """Otherwise the agreement would be claimed and not seen."""
    assert {firing.alert.name for case in CASES for firing in case.fires} >= JUDGED.keys()


def _is_about(finding: Finding, firing: Firing) -> bool:
    subjects = {"member": finding.member, "database": finding.database, "instance": finding.node}
    return finding.id == firing.alert.name and all(
        subjects.get(label) in {value, None} for label, value in firing.labels.items() if label in subjects
    )


def _nodes(case: Case) -> Iterator[NodeReport]:
    """Yield what the exporter of each node served at the moment that the case is judged."""
    at = seconds_of(case.at)
    by_instance: dict[str, list[Sample]] = {}
    silent = set()
    for name, values in {name: values for series in case.series for name, values in series.items()}.items():
        value = _value(values, at)
        metric, labels = _parsed(name)
        instance = labels.pop("instance")
        if metric == "up" and not value:
            silent.add(instance)
        elif (family := _FAMILIES.get(metric)) and value is not None and labels.pop("job") == "nundb":
            by_instance.setdefault(instance, []).append(_sample(family, labels, value))
    for position, (instance, samples) in enumerate(by_instance.items()):
        if all(sample.family is not process.START_TIME for sample in samples):
            # Since 2023-11 a node tells its start as well as its name; no two nodes have started at the same moment.
            samples.append(process.START_TIME.sample(-1000.0 - position))
        if instance not in silent:
            yield _node(instance, samples, at)


def _value(values: Values, at: int) -> float | None:
    begun = 0
    for stretch in values:
        ends = at + 1 if stretch.seconds is None else begun + stretch.seconds
        if at < ends:
            return None if stretch.start is None else stretch.start + stretch.per_second * (at - begun)
        begun = ends
    return None


def _parsed(series: str) -> tuple[str, dict[str, str]]:
    metric, _, labels = series.partition("{")
    return metric, dict(re.findall(r'(\w+)="([^"]*)"', labels))


def _sample(family: Family, labels: dict[str, str], value: float) -> Sample:
    return family.sample(value, *(labels.get(name, "") for name in family.labels))


def _node(url: str, samples: list[Sample], at: int) -> NodeReport:
    values = {(sample.family, sample.labels): sample.value for sample in samples}
    is_up = values.get((UP, ()), 1) == 1
    reason = next((reason for reason in Reason if values.get((SCRAPE_FAILURE, (reason,)))), Reason.CONNECT)
    collectors = {
        name: CollectorResult(0.001, None if value else "no reply")
        for (family, (name, *_)), value in ((key, value) for key, value in values.items() if key[1])
        if family is COLLECTOR_SUCCESS and is_up
    }
    error = None if is_up else TargetError(reason, "no luck")
    seconds = values.get((SCRAPE_DURATION, ()), 0.001)
    # A node that is down gives nothing but the result of trying its transports.
    given = [sample for sample in samples if is_up or sample.family in transports.COLLECTOR.families]
    scrape = Scrape(given, Answers(), collectors, error, seconds)
    return describe(url, scrape, at, values.get((SCRAPE_TIMEOUT, ())))
