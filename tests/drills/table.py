"""docs/drills.md: each fault, the alerts that fired, and when."""

from nundb_exporter.monitoring.alerts import ALERTS

from .exercise import HEALTHY_SECONDS, QUIET_SECONDS, Outcome, Report
from .plan import LANES
from .shortened import FACTOR, SHORTEST_SECONDS

_WAITS = {alert.name: alert.wait for alert in ALERTS}


_INTRODUCTION = f"""\
<!-- Written by `make drills`; changes here are lost. -->
# Drills

Every alert is tested by breaking a cluster. Each row is one test: an embedded cluster of three nodes under load, an
exporter for each node, and a real Prometheus with the rules of `deploy/prometheus`. The test injects the fault, waits
until the expected alerts fire, repairs the cluster, and waits until they resolve. Any unrelated alert fails the test.

Drills run on a shortened time scale: each `for`, each range and each offset of the rules is divided by {FACTOR}, and
is at least {SHORTEST_SECONDS:g} seconds long. Scrapes and evaluations run every second. Nothing else is changed
(`tests/drills/shortened.py`). The exporters have every collector enabled, and list up to 5000 pending
operations instead of 1000. *Fired after* is the time from the fault to the alert, and *resolved after* the time from
the repair until no alert fires, both in seconds on the shortened scale; *for* is the value of the shipped rule.
"""


def document(report: Report) -> str:
    """Return docs/drills.md."""
    lines = [
        _INTRODUCTION,
        f"Before the drills all clusters were watched for {HEALTHY_SECONDS:g} seconds under load, and no alert fired.",
        f"All {len(report.queries)} queries of the dashboards and all {len(report.recorded)} recording rules",
        "returned data.",
        "",
        "| fault | description | expected alerts | for | fired after | other alerts | resolved after |",
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
    resolved = "" if outcome.silent_after is None else f"{outcome.silent_after:.0f} s"
    if not drill.fires:
        nothing = f"none, for {QUIET_SECONDS:g} s"
        return [f"| {drill.name} | {drill.about} | {nothing} | | | {also} | |"]
    rows = []
    for number, alert in enumerate(drill.fires):
        what = (drill.name, drill.about) if not number else ("", "")
        end = (also, resolved) if not number else ("", "")
        fired = f"{outcome.fired[alert.name]:.0f} s" if alert.name in outcome.fired else "never"
        cells = (*what, _link(alert.name), _WAITS[alert.name], fired, *end)
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _link(name: str) -> str:
    return f"[{name}](runbook.md#{name.lower()})"
