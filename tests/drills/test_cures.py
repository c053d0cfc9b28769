"""Every cure of the runbook was carried out by a drill, or the runbook says that it was not."""

import re
from pathlib import Path

import pytest

from nundb_exporter.monitoring.alerts import ALERTS
from nundb_exporter.monitoring.cures import CURES
from nundb_exporter.monitoring.rule import Alert

from .plan import DRILLS
from .real import plan

ROOT = Path(__file__).parents[2]
REAL = {drill.name: drill for drill in plan.DRILLS}
EACH = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)


def test_every_alert_has_a_cure_that_was_tried_or_not() -> None:
    """One entry each, and none for an alert that does not exist."""
    assert CURES.keys() == {alert.name for alert in ALERTS}


@EACH
def test_the_runbook_says_whether_it_was_tried(alert: Alert) -> None:
    """Below what to do, where the person on call decides."""
    entry = (ROOT / "docs" / "runbook.md").read_text("utf-8").partition(f"### {alert.name}\n")[2].partition("\n### ")[0]
    found = re.search(r"\*\*Was it tried\?\*\* (Yes, .+|No: .+)", entry)
    assert found
    assert found[1] == CURES[alert.name].sentence


@EACH
def test_a_drill_that_is_named_exists(alert: Alert) -> None:
    """And those of the embedded cluster fire that alert."""
    cure = CURES[alert.name]
    assert set(cure.real) <= REAL.keys()
    for name in cure.embedded:
        assert alert in DRILLS[name].fires


@EACH
def test_a_cure_on_real_nodes_was_good(alert: Alert) -> None:
    """docs/drills-real.md has the figures of each: the alerts resolved, and the nodes were equal."""
    table = (ROOT / "docs" / "drills-real.md").read_text("utf-8")
    for name in CURES[alert.name].real:
        (row,) = (line for line in table.splitlines() if f" | {name} | " in line)
        assert row.endswith(" | equal | yes |"), row
