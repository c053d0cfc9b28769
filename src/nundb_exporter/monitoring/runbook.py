"""The runbook and the list of alerts, as Markdown."""

from collections.abc import Iterable, Iterator
from typing import Final

from nundb_exporter.monitoring import notice
from nundb_exporter.monitoring.cures import CURES
from nundb_exporter.monitoring.rule import Alert, Group, Recording, ask
from nundb_exporter.problems.problem import Problem

_INTRODUCTION: Final = f"""\
# Runbook

One entry for each alert of `deploy/prometheus/alerts.yml`: what it means in Nun-db, how to confirm it, what to do, and
which other causes it can have.

- The rules require that one `job` is one cluster, and that each `instance` is the page of one node.
- In the commands, NODE is the host of a node and EXPORTER that of the exporter. Export NUN_USER and NUN_PWD with the
  administrator's name and password, and NUNDB_EXPORTER_CONFIG_FILE with the exporter's configuration file if that has
  the databases' tokens. `nun-db.log` is the file with the node's standard output. The commands under *How to confirm
  it* change nothing in the database.
- Nun-db keeps in memory what was not snapshotted. Before you restart a node that still answers, take a snapshot of each
  of its databases, each when `pending` no longer shows the last one. Then wait for NUN_DECLUTTER_INTERVAL (300
  seconds), or stop the process with SIGINT, which writes the queued snapshots. SIGTERM and SIGKILL write nothing. To
  take a snapshot:

  ```sh
  {ask("use-db DATABASE TOKEN;snapshot false")}
  ```

- *Was it tried?* names the drills that broke a cluster and ended with this cure, after which the alert resolved. On
  real nodes the values were compared as well.
- A node joins only when it starts. Start it when no other node lists it any more: a node that joins while the primary
  still lists it crashes the primary.
"""


_FINDINGS: Final = """\
## Findings without an alert

`nundb-exporter check` reports these as well.
"""


def runbook(groups: Iterable[Group], problems: Iterable[Problem]) -> str:
    """Return docs/runbook.md: an entry for each alert, and one for each problem that has none."""
    return "\n".join(
        [
            notice.IN_MARKDOWN + _INTRODUCTION,
            *(_chapter(group) for group in groups),
            _FINDINGS,
            *(_finding(problem) for problem in problems if not problem.has_alert),
        ]
    )


def _chapter(group: Group) -> str:
    return "\n".join([f"## {group.about}\n", *(_entry(alert) for alert in group.alerts)])


def _entry(alert: Alert) -> str:
    return "\n".join(
        [
            f"### {alert.name}\n",
            f"{alert.summary} **{alert.severity}**, after {alert.wait}.{_needs(alert)}\n",
            f"**What it means.** {alert.meaning}\n",
            "**How to confirm it.**\n",
            *_block("sh", alert.confirm),
            f"{alert.evidence}\n",
            f"**What to do.** {_remedy(alert)}\n",
            f"**Was it tried?** {CURES[alert.name].sentence}\n",
            f"**Other causes.** {alert.other_causes}\n",
            "**The rule.**\n",
            *_block("promql", [alert.expression]),
        ]
    )


def _finding(problem: Problem) -> str:
    return f"### {problem.name}\n\n{problem.title} **{problem.severity}**.\n\n**What to do.** {problem.advice}\n"


def _remedy(alert: Alert) -> str:
    return f"{alert.advice} {alert.remedy}".strip()


def _needs(alert: Alert) -> str:
    return f" Needs {_code(alert.needs)}." if alert.needs else ""


def _code(text: str) -> str:
    return f"`{text}`" if text.startswith("--") else text


def _block(language: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"```{language}"
    yield from lines
    yield "```\n"


_LIST_INTRODUCTION: Final = """\
# Alerts and recording rules

Load `deploy/prometheus/alerts.yml`, and `recordings.yml` beside it if you want the recorded series: `rule_files` in
`deploy/prometheus/prometheus.yml` shows how. One `job` is one cluster. **critical** pages the person on call,
**warning** can wait for the working day, **info** is for information. [drills.md](drills.md) records how each alert was
tested. If you change a rule, run `promtool test rules tests.yml` in `deploy/prometheus`: it tells which situations are
judged differently now.
"""
_RECORDINGS: Final = """\
## Recording rules

A summary of all clusters, to keep for years or to federate. Neither the alerts nor the dashboards need them.

| series | meaning |
|---|---|"""


def alert_list(groups: Iterable[Group], recordings: Iterable[Recording]) -> str:
    """Return docs/alerts.md."""
    lines = [notice.IN_MARKDOWN + _LIST_INTRODUCTION]
    for group in groups:
        lines += [
            f"## {group.about}\n",
            f"Group `{group.name}`.\n",
            "| alert | severity | after | what | needs |",
            "|---|---|---|---|---|",
            *(_row(alert) for alert in group.alerts),
            "",
        ]
    lines += [
        _RECORDINGS,
        *(f"| `{recording.name}` | {recording.help} |" for recording in recordings),
        "",
    ]
    return "\n".join(lines)


def _row(alert: Alert) -> str:
    link = f"[{alert.name}](runbook.md#{alert.anchor})"
    return f"| {link} | {alert.severity} | {alert.wait} | {alert.summary} | {_code(alert.needs)} |"
