"""The drills are complete, and what is written of them is of this plan; none of it breaks a cluster."""

from pathlib import Path

from nundb_devserver import FAULTS
from nundb_exporter.monitoring.alerts import ALERTS, files
from nundb_exporter.monitoring.alerts.databases import CONNECTIONS_LEAKING

from . import reality
from .lane import QUIET_SECONDS
from .outcome import Outcome, Report
from .pace import FASTEST, Pace
from .plan import DRILLS, LANES, UNDRILLED
from .setting import DEFAULTS
from .shortened import shortened_expression, wait_seconds
from .table import document
from .together import NOT_TOGETHER, lanes

ROOT = Path(__file__).parents[2]


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
    silent = [lane.setting for lane in LANES.values() if not all(drill.fires for drill in lane.drills)]
    assert not any(setting.reads_files for setting in silent), "alerts about files wait for longer"
    others = set(ALERTS) - {CONNECTIONS_LEAKING, *files.GROUP.alerts}
    assert max(wait_seconds(alert.wait) for alert in others) < QUIET_SECONDS


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


def test_a_run_of_some_lanes_replaces_their_rows_alone() -> None:
    """The others are of an earlier run, as is what is said of all."""
    before = (ROOT / "docs" / "drills.md").read_text(encoding="utf-8")
    assert document(Report(), before) == before
    drill = DRILLS["hung-replica, 25 a second"]
    fired = {alert.name: 12.0 for alert in drill.fires}
    after = document(Report(outcomes={drill.name: Outcome(drill.name, DEFAULTS, fired=fired)}), before)
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(changed) == len(drill.fires)
    assert all(" | 12 s | " in line for line in changed)
    assert len(after.splitlines()) == len(before.splitlines())


def test_the_table_says_of_every_alert_whether_a_real_cluster_has_shown_it() -> None:
    """And of none that there is no longer."""
    written = (ROOT / "docs" / "drills.md").read_text(encoding="utf-8")
    assert written.endswith("\n".join(["", *reality.table(), ""]))
    assert reality.SEEN.keys() <= {alert.name for alert in ALERTS}
