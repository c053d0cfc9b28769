"""docs/drills-real.md: each fault on real nodes, the alerts that fired, and what the runbook's cure did."""

from collections.abc import Iterable

from .exercise import HEALTHY_SECONDS, LASTING_SECONDS, QUIET_SECONDS
from .instrument import SCRAPE_SECONDS
from .outcome import PROMPT_SECONDS, RealOutcome
from .plan import DRILLS

_COLUMNS = (
    *("fault", "description", "writes/s", "fired after", "first critical", "check", "values before the cure"),
    *("the runbook's cure", "it took", "resolved after", "values after it", "good"),
)

_AGAIN = "; the primary restarts (NundbOperationsLeaked), and each key again"


def document(outcomes: Iterable[RealOutcome], date: str, before: str = "") -> str:
    """Return docs/drills-real.md: a drill that was not carried out now keeps its row of `before`."""
    rows = {outcome.drill.name: _row(outcome, date) for outcome in outcomes}
    kept = {name: row for row in before.splitlines() if (name := _name(row)) is not None}
    rows = {drill.name: row for drill in DRILLS if (row := rows.get(drill.name, kept.get(drill.name)))}
    return "\n".join(
        [
            f"""\
<!-- Written by `make drills-real`; changes here are lost. -->
# Drills on real nodes

Each row is a fault of three real Nun-db nodes on one machine, with an exporter for each node and a Prometheus that
scrapes every {SCRAPE_SECONDS} seconds, with the rules of `deploy/prometheus` as they are shipped. The exporters have
their default settings, the collectors `transports` and `acting_role`, and the databases' tokens; where the alert is
about a node's log, directory or process, also the collectors `log`, `files` and `host`, and nodes log every command.
Only NUN_DECLUTTER_INTERVAL is shorter than by default. Where the network is what is broken, a relay before each node
passes on what the others say to it, late or not at all; where it is a clock, the nodes ask one that can be set.
[drills.md](drills.md) has the drills of the embedded cluster, which also cover exporters and Prometheus themselves.

Before each fault the cluster was watched under load (`--healthy`, by default {HEALTHY_SECONDS:g} seconds), and no alert
fired. All times are in seconds; *fired after* counts from the fault. A replica that hangs, or whose link is dead, is
*good* if something critical fires within {PROMPT_SECONDS:g} seconds, and from then on at every moment for
{QUIET_SECONDS:g} seconds; a fault that fires nothing if no critical alert fires within {QUIET_SECONDS:g} seconds.
*Check* says whether `nundb-exporter check`, given the three nodes, names what fires; it is empty where that takes
longer than a moment, or takes the log or the files. The cure is the runbook's, carried out by the drill; *resolved
after* counts from its end until no alert is active for {LASTING_SECONDS:g} seconds, but for those of the machine's
disk, to which others write. *Values* is what `nundb-exporter compare` said of the three nodes. The rules are those of
the date.

`make drills-real NUNDB_BINARY=PATH ARGS='-k NAME'` repeats one, and replaces its row.
""",
            f"| {' | '.join(('date', *_COLUMNS))} |",
            f"|{'---|' * (len(_COLUMNS) + 1)}",
            *rows.values(),
            "",
        ]
    )


def _name(row: str) -> str | None:
    """Return the drill that a row of the table is about; None for another line."""
    cells = row.split(" | ")
    return cells[1] if row.startswith("| 2") and len(cells) > len(_COLUMNS) else None


def _row(outcome: RealOutcome, date: str) -> str:
    drill = outcome.drill
    wanted = {alert.name for alert in drill.fires}
    fired = [
        f"[{name}](runbook.md#{name.lower()}) {moment:.0f}" if name in wanted else f"{name} {moment:.0f}"
        for name, moment in sorted(outcome.fired.items(), key=lambda item: item[1])
    ]
    fired += [f"{name} **never**" for name in sorted(wanted - outcome.fired.keys())]
    cells = (
        *(date, drill.name, drill.about, f"{drill.writes_per_second:g}"),
        *(", ".join(fired) or "none", _seconds(outcome.first_critical), _said(outcome), outcome.before),
        *(
            drill.cure + _AGAIN * outcome.has_restarted_primary,
            _seconds(outcome.cured_after),
            _seconds(outcome.silent_after),
            outcome.after,
        ),
        "yes" if outcome.is_good else f"**no** {outcome.error}{' a gap' * outcome.has_gap}".strip(),
    )
    return f"| {' | '.join(cells)} |"


def _said(outcome: RealOutcome) -> str:
    """Return whether `check` names what fires, as far as it can."""
    wanted = outcome.drill.found_by_check
    if not wanted:
        return ""
    return "no" if wanted - outcome.found else "yes"


def _seconds(number: float | None) -> str:
    return "" if number is None else f"{number:.0f}"
