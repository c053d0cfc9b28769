"""Every fault fires its alerts and no others in a real Prometheus; no panel is empty; a healthy cluster fires none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nundb_devserver import FAULTS
from nundb_exporter.monitoring.alerts import ALERTS
from nundb_exporter.monitoring.alerts.databases import CONNECTIONS_LEAKING
from nundb_exporter.monitoring.dashboards import DASHBOARDS
from nundb_exporter.monitoring.recordings import RECORDINGS
from tests.programs import needed

from . import reality
from .exercise import exercise
from .lane import QUIET_SECONDS
from .outcome import Report
from .pace import FASTEST, Pace
from .plan import DRILLS, LANES
from .shortened import FACTOR, seconds, shortened_expression
from .table import document
from .together import NOT_TOGETHER, lanes

ROOT = Path(__file__).parents[2]
VARIABLES = {
    "$job": ".+",
    "$instance": ".+",
    "$database": ".*",
    "$__rate_interval": "15s",
}
"""The dashboards' variables, with everything selected."""
UNDRILLED = {
    "NundbLogNotRead": "no log of a drill grows faster than an exporter reads it",
    "NundbExporterReloadFailed": "the exporters of the drills have no file to read again",
    "NundbExporterSamplesDropped": "no reply of the embedded server has duplicates",
    "NundbOplogInvalid": "waits for two hours, six minutes of a drill without a snapshot",
    "NundbDiskNearlyFull": "the disk of who runs the drills is not filled",
    "NundbDiskFilling": "likewise",
}
"""Alerts that no drill fires, and why: tests/monitoring covers them with promtool."""


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


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Report:
    """The results of all drills, which run once."""
    needed("prometheus")
    has_one_exporter = request.config.getoption("--one-exporter")
    jobs = [job for job in lanes_of(request.session.items) if job in lanes(has_one_exporter=has_one_exporter)]
    rules = ROOT / "deploy" / "prometheus"
    carried_out = exercise(tmp_path_factory.mktemp("drills"), rules, QUERIES, jobs, has_one_exporter=has_one_exporter)
    if request.config.getoption("--update-golden") and not has_one_exporter:
        (ROOT / "docs" / "drills.md").write_text(document(carried_out), encoding="utf-8")
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


def test_every_fault_is_drilled() -> None:
    """There is a drill for each fault of the devserver."""
    assert FAULTS.keys() <= DRILLS.keys()


def test_what_makes_no_sense_with_one_exporter_is_drilled_otherwise() -> None:
    """What is left out there exists, and everything else runs there, too."""
    everything = {drill.name for lane in lanes(has_one_exporter=True).values() for drill in lane.drills}
    assert everything | NOT_TOGETHER.keys() == DRILLS.keys()
    assert all(lane.setting.has_one_exporter for lane in lanes(has_one_exporter=True).values())


def test_every_alert_is_drilled_or_it_is_said_why_not() -> None:
    """Each alert fires in some drill, with listed exceptions."""
    drilled = {alert.name for drill in DRILLS.values() for alert in drill.fires}
    assert drilled | UNDRILLED.keys() == {alert.name for alert in ALERTS}
    assert not drilled & UNDRILLED.keys()


def test_a_silent_drill_lasts_longer_than_alerts_wait() -> None:
    """A drill in which no alert may fire gives each enough time, except the one that compares half hours."""
    waits = [
        seconds(alert.wait) / FACTOR
        for alert in ALERTS
        if alert is not CONNECTIONS_LEAKING and alert.name not in UNDRILLED
    ]
    assert max(waits) < QUIET_SECONDS


def test_only_time_is_shortened() -> None:
    """Ranges, their steps and offsets become short; numbers, names and thresholds stay, in the seconds of the pace."""
    long = "max_over_time(x[6h:1m]) > 5 and y > 60 unless z[10s] offset 6m or deriv(a_5m[5m]) > 100"
    short = (
        "max_over_time(x[1080000ms:1000ms]) > 5 and y > 60 unless z[3000ms] offset 18000ms or "
        "deriv(a_5m[15000ms]) > 100"
    )
    assert shortened_expression(long, FASTEST) == short
    slow = (
        "max_over_time(x[2160000ms:2000ms]) > 5 and y > 60 unless z[6000ms] offset 36000ms or "
        "2 * deriv(a_5m[30000ms]) > 100"
    )
    assert shortened_expression(long, Pace(2.0)) == slow


def test_the_table_has_every_fault_and_every_alert() -> None:
    """docs/drills.md, written by the last run, is of this plan."""
    table = (ROOT / "docs" / "drills.md").read_text(encoding="utf-8")
    for drill in DRILLS.values():
        assert f"| {drill.name} | {drill.about} |" in table
        assert all(f"[{alert.name}](runbook.md#{alert.anchor})" in table for alert in drill.fires)
    assert "| never |" not in table


def test_the_table_says_of_every_alert_whether_a_real_cluster_has_shown_it() -> None:
    """And of none that there is no longer."""
    written = (ROOT / "docs" / "drills.md").read_text(encoding="utf-8")
    assert written.endswith("\n".join(["", *reality.table(), ""]))
    assert reality.SEEN.keys() <= {alert.name for alert in ALERTS}
