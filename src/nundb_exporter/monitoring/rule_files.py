"""Alerting and recording rules as the files that Prometheus loads."""

from collections.abc import Iterable
from typing import Any

from nundb_exporter.monitoring import notice
from nundb_exporter.monitoring.rule import Alert, Group, Recording
from nundb_exporter.problems.problem import runbook_url
from nundb_exporter.project import RUNBOOK


def alerting_rules(groups: Iterable[Group], runbook: str = RUNBOOK) -> str:
    """Return the file of alerting rules, whose annotations point to the runbook at that URL."""
    return _rules(
        {"name": group.name, "rules": [_alerting_rule(alert, runbook) for alert in group.alerts]} for group in groups
    )


def recording_rules(recordings: Iterable[Recording]) -> str:
    """Return the file of recording rules."""
    rules = [{"record": recording.name, "expr": recording.expression} for recording in recordings]
    return _rules([{"name": "nundb-recordings", "rules": rules}])


def _rules(groups: Iterable[dict[str, Any]]) -> str:
    return notice.IN_YAML + to_yaml({"groups": list(groups)})


def _alerting_rule(alert: Alert, runbook: str) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expression,
        "for": alert.wait,
        "labels": {"severity": alert.severity},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": runbook_url(alert.name, runbook),
        },
    }


def to_yaml(document: dict[str, Any]) -> str:
    """Return a document as YAML that people can read: expressions of several lines as such, and no anchors."""
    import yaml  # noqa: PLC0415 - only `generate` needs it, and every command imports this package

    class Dumper(yaml.SafeDumper):
        def represent_text(self, text: str) -> yaml.ScalarNode:
            return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)

        def ignore_aliases(self, _data: object) -> bool:
            return True

    Dumper.add_multi_representer(str, Dumper.represent_text)
    Dumper.add_representer(str, Dumper.represent_text)
    text: str = yaml.dump(document, Dumper=Dumper, sort_keys=False, width=110, allow_unicode=True)
    return text
