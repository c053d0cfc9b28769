"""The cases of the alerts as the file that `promtool test rules` reads."""

from collections.abc import Iterable
from typing import Any, Final

from nundb_exporter.metrics import UP
from nundb_exporter.monitoring import notice
from nundb_exporter.monitoring.cases.case import Case, Firing, series_name
from nundb_exporter.monitoring.cases.values import INTERVAL_SECONDS, held, notation, seconds_of
from nundb_exporter.monitoring.rule_files import to_yaml
from nundb_exporter.problems.problem import runbook_url
from nundb_exporter.project import RUNBOOK

_INTERVAL: Final = f"{INTERVAL_SECONDS}s"
_INTRODUCTION: Final = """\
#
# `promtool test rules tests.yml` tells whether each rule of alerts.yml fires when it should, and only then. If you
# change a rule, run it: what fails is what you have changed.
"""


def rule_tests(cases: Iterable[Case], runbook: str = RUNBOOK) -> str:
    """Return the file of promtool's tests, of rules that point to the runbook at that URL."""
    document = {
        "rule_files": ["alerts.yml"],
        "evaluation_interval": _INTERVAL,
        "tests": [_test(case, runbook) for case in cases],
    }
    return notice.IN_YAML + _INTRODUCTION + to_yaml(document)


def _test(case: Case, runbook: str) -> dict[str, Any]:
    given = {name: values for series in case.series for name, values in series.items()}
    answered = {name.replace(UP.name, "up", 1): held(1) for name in given if name.startswith(f"{UP}{{")}
    until = seconds_of(case.at)
    firing = [_described(case, firing, runbook) for firing in case.fires if firing.text]
    silent = [{"eval_time": case.at, "alertname": alert.name} for alert in case.misses]
    return {
        "name": case.about,
        "interval": _INTERVAL,
        "input_series": [
            {"series": name, "values": notation(values, until)} for name, values in (answered | given).items()
        ],
        **({"alert_rule_test": [*firing, *silent]} if firing or silent else {}),
        "promql_expr_test": [_exactly(case)],
    }


def _described(case: Case, firing: Firing, runbook: str) -> dict[str, Any]:
    """Test the alert with its texts."""
    alert = firing.alert
    annotations = {
        "summary": alert.summary,
        "description": firing.text,
        "runbook_url": runbook_url(alert.name, runbook),
    }
    expected = {"exp_labels": {"severity": alert.severity, **firing.labels}, "exp_annotations": annotations}
    return {"eval_time": case.at, "alertname": alert.name, "exp_alerts": [expected]}


def _exactly(case: Case) -> dict[str, Any]:
    """Test that these alerts fire and no others."""
    samples = [
        {
            "labels": series_name(
                "ALERTS",
                alertname=firing.alert.name,
                alertstate="firing",
                severity=firing.alert.severity,
                **firing.labels,
            ),
            "value": 1,
        }
        for firing in case.fires
    ]
    firing = 'ALERTS{alertstate="firing"}'
    return {
        # promtool 2.42 prints the expression of a test that fails, comment included, but not its name.
        "expr": f"{f'count_over_time({firing}[{case.at}])' if case.is_throughout else firing} # {case.about}",
        "eval_time": case.at,
        "exp_samples": samples,
    }
