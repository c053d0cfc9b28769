"""docs/drills.md: what was broken, what rang for it and when."""

from nundb_exporter.monitoring.alerts import ALERTS

from .exercise import HEALTHY_SECONDS, QUIET_SECONDS, Outcome, Report
from .plan import LANES
from .shortened import FACTOR, SHORTEST_SECONDS

_WAITS = {alert.name: alert.wait for alert in ALERTS}


_INTRODUCTION = f"""\
<!-- Written by `make drills`; changes here are lost. -->
# Drills

No alarm is trusted that was never seen to ring. Each row is a run of the test-suite: an embedded cluster of three nodes
at work, an exporter for each, and a real Prometheus with the rules of `deploy/prometheus`. Something is broken, the
alerts that must ring are waited for, it is put right, and silence is waited for. An alert that has nothing to do with
it fails the test.

Time is short in drills: each `for`, each range and each offset of the rules is divided by {FACTOR} and at least
{SHORTEST_SECONDS:g} seconds long, scrapes and evaluations take place every second, and nothing else is changed
(`tests/drills/shortened.py`). The exporters have every collector on, and list up to 5000 pending operations where 1000
is the default. *Rang after* and *silent after* are seconds of that short time, from the moment at which
it was broken, or put right; *for* is the shipped rule's.
"""


def document(report: Report) -> str:
    """Return docs/drills.md."""
    lines = [
        _INTRODUCTION,
        f"Before the drills all clusters were watched for {HEALTHY_SECONDS:g} seconds under load, and nothing rang.",
        f"{len(report.queries)} queries of the dashboards' panels and {len(report.recorded)} recording rules all",
        "returned data.",
        "",
        "| fault | what is broken | must ring | for | rang after | rang as well | silent after |",
        "|---|---|---|---|---|---|---|",
    ]
    for drills in LANES.values():
        for drill in drills:
            lines += _rows(report.outcomes[drill.name])
    return "\n".join([*lines, ""])


def _rows(outcome: Outcome) -> list[str]:
    drill = outcome.drill
    others = sorted(outcome.fired.keys() - {alert.name for alert in drill.fires})
    also = ", ".join(_link(name) for name in others)
    silent = "" if outcome.silent_after is None else f"{outcome.silent_after:.0f} s"
    if not drill.fires:
        nothing = f"nothing, for {QUIET_SECONDS:g} s"
        return [f"| {drill.name} | {drill.about} | {nothing} | | | {also} | |"]
    rows = []
    for number, alert in enumerate(drill.fires):
        what = (drill.name, drill.about) if not number else ("", "")
        end = (also, silent) if not number else ("", "")
        rang = f"{outcome.fired[alert.name]:.0f} s" if alert.name in outcome.fired else "never"
        cells = (*what, _link(alert.name), _WAITS[alert.name], rang, *end)
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _link(name: str) -> str:
    return f"[{name}](runbook.md#{name.lower()})"
