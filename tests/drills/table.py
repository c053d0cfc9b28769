"""docs/drills.md: each fault, the alerts that fired, and when."""

from collections.abc import Iterable
from itertools import takewhile

from nundb_exporter.monitoring.alerts import ALERTS
from nundb_exporter.monitoring.rule import Alert

from .disk import CAPACITY_BYTES, INODES
from .drill import TAKES_CANARY, TAKES_FILES, TAKES_MANY_MINUTES, TAKES_SEVERAL_NODES
from .findings import ALERTING
from .lane import HEALTHY_SECONDS, QUIET_SECONDS
from .outcome import Outcome, Report
from .plan import DRILLS, UNDRILLED
from .reality import table
from .shortened import FACTOR, LONGEST_FOR_SECONDS, SHORTEST_SECONDS

_WAITS = {alert.name: alert.wait for alert in ALERTS}


def _undrilled() -> str:
    told = (f"{name} is not tested so: {reason}." for name, reason in UNDRILLED.items())
    return " ".join(told)


_COLUMNS = (
    *("fault", "description", "expected alerts", "for", "fired after"),
    *("check", "page", "other alerts", "other findings", "resolved after"),
)
_HEADER = f"| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}"
_INTRODUCTION = f"""\
<!-- Written by `make drills`; changes here are lost. -->
# Drills

Alerts are tested by breaking a cluster, here an embedded one; [drills-real.md](drills-real.md) has real nodes, the
rules unshortened, and the runbook's cures. Each row is one test: an embedded cluster of three nodes under load, an
exporter for each node, and a real Prometheus with the rules of `deploy/prometheus`. The test injects the fault, waits
until the expected alerts fire, repairs the cluster, and waits until they resolve. Any unrelated alert fails the test.

For *two-primaries* and *no-primary* one exporter has all nodes, and Prometheus finds them at /sd and asks them at
/probe, with `deploy/prometheus/fleet.yml`. For *exporter without CPU* and *settings with an error* the exporters are
programs of their own. For *filling disk*, *nearly full disk* and *few inodes* the nodes have a disk of their own, of
{CAPACITY_BYTES >> 20} MiB and {INODES} files. For *new key and no snapshot* no application takes snapshots.
{_undrilled()}

Drills run on a shortened time scale: each `for`, each range and each offset of the rules is divided by {FACTOR}, and
is at least {SHORTEST_SECONDS:g} seconds long; no `for` is longer than {LONGEST_FOR_SECONDS:g} seconds. Scrapes and
evaluations run every second. Nothing else is changed (`tests/drills/shortened.py`). The exporters run with the defaults
and `--collector.host`; where an alert needs another collector that asks nodes, all of these are on, where it needs
canaries, each exporter has one, and where it needs the log or the files, each reads its node's. The load is about 20
writes a second, and from 0.5 to 50 in some (`tests/drills/plan.py`). *Fired after* is the time from the fault to the
alert, and *resolved after* the time from the repair until no alert fires, both in seconds on the shortened scale; *for*
is the value of the shipped rule. Once fired, an alert must not resolve before the repair. With their own times the
rules are tested by series (`deploy/prometheus/tests.yml`): a replica that hangs at 2, 25 and 200 writes a second fires
something critical within two minutes, and an hour with a rolling restart, a failover, a member added and one removed
fires nothing.

On a machine that is too busy for a scrape each second, all of this takes two, four or eight times as long, rates are
those of such seconds, and the times given here are divided by that (`tests/drills/pace.py`).

While the alerts fire, `nundb-exporter check` is run for all three nodes with the exporters' collectors, and the landing
pages of the exporters are read, each within Prometheus' timeout. *Check* and *page* say whether they name the same
cause: `yes`, or why they cannot. *Other findings* are what `check` says besides.
"""


def document(report: Report, before: str) -> str:
    """Return docs/drills.md, given what it was: a run of some lanes replaces their rows alone."""
    above, _, below = before.partition(_HEADER)
    rows = _by_drill(below.splitlines()) | {name: _rows(outcome) for name, outcome in report.outcomes.items()}
    is_whole = report.outcomes.keys() == DRILLS.keys()
    lines = [_INTRODUCTION, *(_of_all(report) if is_whole else [above.rstrip().rpartition("\n\n")[2]]), "", _HEADER]
    for drill in DRILLS.values():
        lines += rows.get(drill.name, [])
    return "\n".join([*lines, "", *table(), ""])


def _of_all(report: Report) -> list[str]:
    return [
        f"Before the drills all clusters were watched for {HEALTHY_SECONDS:g} seconds under load, and no alert fired;",
        "`check` and the pages found no problem then.",
        f"All {len(report.queries)} queries of the dashboards and all {len(report.recorded)} recording rules",
        "returned data.",
    ]


def _by_drill(lines: Iterable[str]) -> dict[str, list[str]]:
    """Return the rows of the table by their drill: the first of each has its name, and further ones have none."""
    rows: dict[str, list[str]] = {}
    name = ""
    for line in takewhile(lambda line: line.startswith("| "), filter(None, lines)):
        name = line.split("|")[1].strip() or name
        rows.setdefault(name, []).append(line)
    return rows


def _rows(outcome: Outcome) -> list[str]:
    drill = outcome.drill
    expected = {alert.name for alert in drill.fires}
    also = _links(outcome.fired.keys() - expected)
    besides = _links(outcome.found.get("check", set()) - expected)
    resolved = "" if outcome.silent_after is None else f"{outcome.silent_after:.0f} s"
    if not drill.fires:
        nothing = f"none, for {QUIET_SECONDS:g} s"
        return [f"| {drill.name} | {drill.about} | {nothing} | | | | | {also} | {besides} | |"]
    rows = []
    for number, alert in enumerate(drill.fires):
        what = (drill.name, drill.about) if not number else ("", "")
        end = (also, besides, resolved) if not number else ("", "", "")
        fired = f"{outcome.fired[alert.name]:.0f} s" if alert.name in outcome.fired else "never"
        said = (_said(outcome, alert, voice) for voice in ("check", "page"))
        cells = (*what, _link(alert.name), _WAITS[alert.name], fired, *said, *end)
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _said(outcome: Outcome, alert: Alert, voice: str) -> str:
    """Return whether `check` or the page names the alert's cause, or why it cannot."""
    if alert.name in outcome.found.get(voice, set()):
        return "yes"
    if alert.name not in ALERTING or alert in TAKES_MANY_MINUTES:
        return "takes time"
    if voice == "check" and alert in TAKES_CANARY:
        return "writes nothing"
    if voice == "check" and alert in TAKES_FILES:
        return "reads no files"
    return "takes several nodes" if voice == "page" and alert in TAKES_SEVERAL_NODES else "no"


def _links(names: Iterable[str]) -> str:
    return ", ".join(_link(name) for name in sorted(names))


def _link(name: str) -> str:
    return f"[{name}](runbook.md#{name.lower()})"
