"""The runbook and the list of alerts, as Markdown."""

from collections.abc import Iterable, Iterator
from typing import Final

from nundb_exporter.monitoring.alert import Alert, Group, Recording, ask

GENERATED: Final = "<!-- Written by `nundb-exporter generate`; changes here are lost. -->\n"
_INTRODUCTION: Final = f"""\
# Runbook

One entry for each alert of `deploy/prometheus/alerts.yml`: what it means in Nun-db, how to make sure, what to do, and
what else can look like it.

- One `job` is one cluster, and each `instance` is the page of one node: the rules count on it.
- In the commands, NODE is a node's host, EXPORTER the exporter's; NUN_USER and NUN_PWD are exported as the
  administrator's name and password, and NUNDB_EXPORTER_CONFIG_FILE as the exporter's file where that holds the
  databases' tokens. `nun-db.log` is where a node's standard output goes. The commands under *How to make sure* change
  nothing in the database.
- Nun-db keeps in memory what was not snapshotted: before you restart a node that still answers, take a snapshot of each
  of its databases, a second apart, and wait for NUN_DECLUTTER_INTERVAL (300 seconds), or end the process with
  SIGINT, which writes what is queued. SIGTERM and SIGKILL write nothing. A snapshot is

  ```sh
  {ask("use-db DATABASE TOKEN;snapshot false")}
  ```

- A node joins when it starts, and only then. Start it when no other node lists it any more: a node that joins while
  the primary still lists it ends the primary's process.
"""


def runbook(groups: Iterable[Group]) -> str:
    """Return docs/runbook.md."""
    return "\n".join([GENERATED + _INTRODUCTION, *(_chapter(group) for group in groups)])


def _chapter(group: Group) -> str:
    return "\n".join([f"## {group.about}\n", *(_entry(alert) for alert in group.alerts)])


def _entry(alert: Alert) -> str:
    return "\n".join(
        [
            f"### {alert.name}\n",
            f"{alert.summary} **{alert.severity}**, after {alert.wait}.{_needs(alert)}\n",
            f"**What it means.** {alert.meaning}\n",
            "**How to make sure.**\n",
            *_block("sh", alert.confirm),
            f"{alert.evidence}\n",
            f"**What to do.** {alert.remedy}\n",
            f"**What it can be mistaken for.** {alert.confusion}\n",
            "**The rule.**\n",
            *_block("promql", [alert.expression]),
        ]
    )


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
`deploy/prometheus/prometheus.yml` shows how. One `job` is one cluster. **critical** wakes somebody, **warning** waits
for the working day, **info** is good to know. [drills.md](drills.md) tells how each was seen to ring.
"""
_RECORDINGS: Final = """\
## Recording rules

What a fleet comes down to, to keep for years or to federate. Neither the alerts nor the dashboards need them.

| series | meaning |
|---|---|"""


def alert_list(groups: Iterable[Group], recordings: Iterable[Recording]) -> str:
    """Return docs/alerts.md."""
    lines = [GENERATED + _LIST_INTRODUCTION]
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
