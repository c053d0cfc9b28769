"""The rules and dashboards as a monitoring mixin, evaluated by jsonnet."""

import json
import re
from pathlib import Path
from typing import Any, Final

import _gojsonnet
import pytest
import yaml

from tests.monitoring.promtool import promtool

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
METRIC: Final = re.compile(r"(?<![\w:])(?:up|\w+:nundb_\w+(?::\w+)?|nundb_\w+)(?![\w:(])")
FIELDS: Final = (
    "{alerts: mixin.prometheusAlerts, recordings: mixin.prometheusRules, dashboards: mixin.grafanaDashboards}"
)


def evaluated(config: str = "") -> dict[str, Any]:
    """Return all that the mixin has, with a configuration laid over its own."""
    mixin = f"local mixin = (import '{DEPLOY}/mixin/mixin.libsonnet') + {{ _config+:: {{ {config} }} }}; {FIELDS}"
    return dict(json.loads(_gojsonnet.evaluate_snippet("test", mixin)))


def generated(name: str) -> dict[str, Any]:
    """Return a file of rules as Prometheus gets it without the mixin."""
    return dict(yaml.safe_load((DEPLOY / "prometheus" / f"{name}.yml").read_text(encoding="utf-8")))


def alerts(mixin: dict[str, Any]) -> dict[str, Any]:
    """Return its alerts by their names."""
    return {rule["alert"]: rule for group in mixin["alerts"]["groups"] for rule in group["rules"]}


def test_as_it_is_it_holds_what_is_generated() -> None:
    """So what the rule tests and the drills say of those files is true of it."""
    mixin = evaluated()
    assert mixin["alerts"] == generated("alerts")
    assert mixin["recordings"] == generated("recordings")
    dashboards = {path.name: json.loads(path.read_text("utf-8")) for path in (DEPLOY / "grafana").glob("*.json")}
    assert mixin["dashboards"] == dashboards


@pytest.mark.parametrize("name", ["alerts", "recordings"])
def test_a_selector_reaches_every_metric_and_nothing_else(name: str, tmp_path: Path) -> None:
    """Without it, each expression is again what it was; and Prometheus accepts them."""
    mixin = evaluated("""selector: 'cluster="shop"'""")
    for group, before in zip(mixin[name]["groups"], generated(name)["groups"], strict=True):
        for rule, original in zip(group["rules"], before["rules"], strict=True):
            without = rule["expr"].replace('{cluster="shop"}', "").replace('{cluster="shop",', "{")
            assert without == original["expr"]
            assert rule["expr"].count('cluster="shop"') == len(
                METRIC.findall(re.sub(r'"[^"]*"', '""', original["expr"]))
            )
    (tmp_path / "rules.json").write_text(json.dumps(mixin[name]), encoding="utf-8")
    promtool("check", "rules", tmp_path / "rules.json")


def test_thresholds_fields_and_the_runbook_can_be_others() -> None:
    """And an alert can be left out."""
    before = alerts(evaluated())
    after = alerts(
        evaluated("""
            runbookUrl: 'https://wiki.example/nun-db',
            thresholds: { NundbQueriesSlow: { '0.1': '0.5' } },
            alerts: { NundbQueriesSlow: { 'for': '9m', labels+: { team: 'db' } } },
            without: ['NundbHung'],
        """)
    )
    slow = after["NundbQueriesSlow"]
    assert slow["expr"] == before["NundbQueriesSlow"]["expr"].replace("> 0.1", "> 0.5")
    assert (slow["for"], slow["labels"]) == ("9m", {"severity": "warning", "team": "db"})
    assert slow["annotations"]["runbook_url"] == "https://wiki.example/nun-db#nundbqueriesslow"
    assert before.keys() - after.keys() == {"NundbHung"}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("thresholds: { NundbQueriesSlow: { '7': '8' } }", "NundbQueriesSlow has no number 7"),
        ("without: ['NundbSlow']", "there is no alert NundbSlow"),
    ],
)
def test_what_would_change_nothing_is_an_error(config: str, said: str) -> None:
    """A name or a number of another version."""
    with pytest.raises(RuntimeError, match=said):
        evaluated(config)
