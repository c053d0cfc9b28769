"""Every fault fires its alerts and no others in a real Prometheus; no panel is empty; a healthy cluster fires none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nundb_exporter.monitoring.dashboards import DASHBOARDS
from nundb_exporter.monitoring.recordings import RECORDINGS
from tests.programs import cannot_check, needed

from . import disk
from .drill import Lane
from .exercise import exercise
from .outcome import Report
from .pace import Pace
from .plan import LANES
from .table import document
from .together import lanes

ROOT = Path(__file__).parents[2]
VARIABLES = {
    "$job": ".+",
    "$instance": ".+",
    "$database": ".*",
    "$__rate_interval": "15s",
}
"""The dashboards' variables, with everything selected."""


def queries() -> Iterator[str]:
    """Yield every query of every panel, its variables filled in."""
    for dashboard in DASHBOARDS:
        for panel in dashboard.panels:
            for expression in (panel.expression, *(column.expression for column in panel.columns)):
                text = expression
                for variable, value in VARIABLES.items():
                    text = text.replace(variable, value)
                yield text


QUERIES = tuple(dict.fromkeys(queries()))
LANE = pytest.mark.parametrize("job", LANES, ids=[f"lane-{job}" for job in LANES])
DRILL = pytest.mark.parametrize(
    ("job", "name"),
    [
        pytest.param(job, drill.name, id=f"lane-{job}: {drill.name}")
        for job, lane in LANES.items()
        for drill in lane.drills
    ],
)


def lanes_of(items: list[pytest.Item]) -> list[str]:
    """Return the lanes that tests are about, all of them if one is about the whole: `-k lane-speed` needs one."""
    selected = [
        item.callspec.params.get("job")
        for item in items
        if isinstance(item, pytest.Function) and "report" in item.fixturenames and hasattr(item, "callspec")
    ]
    return [job for job in LANES if None in selected or job in selected] or list(LANES)


def why_not(lane: Lane) -> str:
    """Return what this machine lacks for a lane; empty if it lacks nothing."""
    return disk.why_not() if lane.setting.has_own_disk else ""


@pytest.fixture(autouse=True)
def can_be_carried_out(request: pytest.FixtureRequest) -> None:
    """Say so where a lane cannot."""
    job = getattr(request.node, "callspec", None) and request.node.callspec.params.get("job")
    if job and (reason := why_not(LANES[job])):
        cannot_check(reason)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Report:
    """The results of all drills, which run once."""
    needed("prometheus")
    has_one_exporter = request.config.getoption("--one-exporter")
    pace = Pace(request.config.getoption("--pace"))
    planned = lanes(has_one_exporter=has_one_exporter)
    jobs = [job for job in lanes_of(request.session.items) if job in planned and not why_not(planned[job])]
    rules = ROOT / "deploy" / "prometheus"
    carried_out = exercise(
        tmp_path_factory.mktemp("drills"), rules, QUERIES, jobs, pace=pace, has_one_exporter=has_one_exporter
    )
    if request.config.getoption("--update-golden") and not has_one_exporter:
        path = ROOT / "docs" / "drills.md"
        path.write_text(document(carried_out, path.read_text(encoding="utf-8")), encoding="utf-8")
    return carried_out


@LANE
def test_no_alert_fires_in_a_healthy_cluster(job: str, report: Report) -> None:
    """A cluster under load for some minutes of the rules' time fires no alert."""
    assert not report.healthy[job]


@LANE
def test_nothing_is_found_in_a_healthy_cluster(job: str, report: Report) -> None:
    """Neither `check` nor a landing page reports a problem of a healthy cluster under load."""
    assert report.found[job] == {"check": set(), "page": set()}


@DRILL
def test_a_drill_fires_the_expected_alerts_and_no_others(job: str, name: str, report: Report) -> None:
    """The expected alerts fire, no unrelated one does, and all resolve after the repair."""
    outcome = report.outcomes[name]
    assert outcome.error is None
    assert not outcome.missing
    assert not outcome.wrong
    assert not outcome.resolved_early
    assert outcome.silent_after is not None


@DRILL
def test_check_and_page_name_the_cause_that_fires(job: str, name: str, report: Report) -> None:
    """While an alert fires that one moment can show, `check` names it, and the page unless it takes several nodes."""
    outcome = report.outcomes[name]
    assert not outcome.unsaid
    assert not outcome.needless


@pytest.mark.parametrize("query", QUERIES)
def test_no_panel_is_empty(query: str, report: Report) -> None:
    """Each query of each panel has returned something in the course of the drills."""
    assert report.queries[query]


@pytest.mark.parametrize("name", [recording.name for recording in RECORDINGS])
def test_every_recording_rule_records(name: str, report: Report) -> None:
    """Each recording rule has series while all is well."""
    assert report.recorded[name]


def test_alerts_read_well(report: Report) -> None:
    """Prometheus could fill in the text of every alert that fired."""
    assert not report.unreadable
