"""Rules fire on the failure they are made for and not on similar ones, and their texts are complete."""

import re
from pathlib import Path

import promql_parser
import pytest

from nundb_exporter.monitoring.alerts import ALERTS, GROUPS
from nundb_exporter.monitoring.alerts.cluster import ROLE_NOT_ACTED
from nundb_exporter.monitoring.cases import CASES
from nundb_exporter.monitoring.recordings import RECORDINGS
from nundb_exporter.monitoring.rule import Alert, Recording
from nundb_exporter.monitoring.rule_tests import rule_tests
from nundb_exporter.problems.catalog import PROBLEMS

from .expressions import assert_known
from .promtool import ROOT, RULES, promtool

MAX_NAME = 40
MAX_RULES = 20
COMMANDS = ("curl ", "ss ", "nundb_")
"""What a sentence may begin with although it is lower case."""


def named(item: Alert | Recording) -> str:
    """Name a parameter in the test's id."""
    return item.name


@pytest.mark.slow
def test_exactly_the_expected_alerts_fire_in_each_case() -> None:
    """In each situation promtool sees these alerts with these texts, and no others."""
    promtool("test", "rules", RULES / "tests.yml")


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_every_alert_is_seen_to_fire_once_with_its_text(alert: Alert) -> None:
    """One case has the description as it is received; in others it is enough that the alert fires."""
    texts = [firing.text for case in CASES for firing in case.fires if firing.alert is alert and firing.text]
    assert len(texts) == 1 + (alert is ROLE_NOT_ACTED)


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_every_alert_is_seen_to_stay_silent(alert: Alert) -> None:
    """Each alert has a situation in which it must not fire although a careless rule would."""
    assert any(alert in case.misses for case in CASES)


def test_a_changed_threshold_fails_the_case_by_name(tmp_path: Path) -> None:
    """Who changes a rule learns from promtool which situation is judged differently now."""
    rules = (RULES / "alerts.yml").read_text(encoding="utf-8")
    (tmp_path / "alerts.yml").write_text(rules.replace("nundb_up == 0", "nundb_up < 0", 1), encoding="utf-8")
    (tmp_path / "tests.yml").write_text(rule_tests(CASES[:1]), encoding="utf-8")
    with pytest.raises(AssertionError, match=CASES[0].about):
        promtool("test", "rules", tmp_path / "tests.yml")


def test_promtool_accepts_the_rule_files() -> None:
    """Prometheus loads the shipped files, and the example configurations that name them."""
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", RULES / "alerts.yml")
    assert f"{len(RECORDINGS)} rules found" in promtool("check", "rules", RULES / "recordings.yml")
    for configuration in ("prometheus.yml", "fleet.yml", "sharded.yml"):
        promtool("check", "config", RULES / configuration)


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_an_alert_keeps_to_the_conventions_of_mixins(alert: Alert) -> None:
    """Name, severity, summary and description pass the rules of mixtool's linter."""
    assert re.fullmatch(r"Nundb([A-Z][a-z0-9]+)+", alert.name)
    assert len(alert.name) <= MAX_NAME
    assert alert.severity in {"critical", "warning", "info"}
    assert re.fullmatch(r"\d+[smh]", alert.wait)
    assert re.fullmatch(r"[A-Z][^.{]*\.", alert.summary), "one fixed sentence"
    assert "{{" in alert.description, "templated"
    assert alert.description.endswith(".")


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_a_runbook_entry_is_complete(alert: Alert) -> None:
    """The person on call reads what it means, how to confirm it, what to do and which other causes there are."""
    for text in (alert.meaning, alert.evidence, f"{alert.advice} {alert.remedy}".strip(), alert.other_causes):
        assert text[0].isupper() or text[0] == "`" or text.startswith(COMMANDS), text
        assert text.endswith("."), text
    assert any(
        command.startswith(("nundb-exporter ", "printf ", "curl ", "time nundb-exporter")) for command in alert.confirm
    )


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_a_runbook_entry_names_only_alerts_that_exist(alert: Alert) -> None:
    """Every alert that a text refers to exists."""
    text = f"{alert.meaning} {alert.evidence} {alert.remedy} {alert.other_causes}"
    names = {other.name for other in ALERTS}
    assert set(re.findall(r"\bNundb[A-Z]\w+", text)) <= names


@pytest.mark.parametrize("rule", [*ALERTS, *RECORDINGS], ids=named)
def test_an_expression_knows_its_metrics(rule: Alert | Recording) -> None:
    """Every family and label in a rule is one that the exporter gives."""
    assert_known(promql_parser.parse(rule.expression))


@pytest.mark.parametrize("recording", RECORDINGS, ids=named)
def test_a_recording_is_named_by_level_metric_and_operation(recording: Recording) -> None:
    """The name says what was aggregated to which labels, and how."""
    assert re.fullmatch(r"(job|instance)(_database)?:nundb_[a-z_]+:(count|sum|max|deriv5m)", recording.name)
    level = recording.name.partition(":")[0].replace("_", ", ")
    assert level == "instance" or f"by ({level}" in recording.expression


def test_groups_are_small() -> None:
    """No group has more than 20 rules, or a long name."""
    assert all(len(group.alerts) <= MAX_RULES and len(group.name) <= MAX_NAME for group in GROUPS)


def test_names_are_unique() -> None:
    """No alert and no group has the name of another."""
    assert len({alert.name for alert in ALERTS}) == len(ALERTS)
    assert len({group.name for group in GROUPS}) == len(GROUPS)


def test_the_runbook_has_a_heading_for_every_link() -> None:
    """A runbook_url leads to its entry, and so does the name of a finding that has no alert."""
    headings = re.findall(r"^### (\w+)$", (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    without_alert = [problem.name for problem in PROBLEMS if not problem.has_alert]
    assert [*(alert.name for alert in ALERTS), *without_alert] == headings
