"""The reference of metrics and of the command line, as Markdown."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from nundb_exporter.metrics import EXPORTER_FAMILIES, SCRAPE_FAMILIES, Collector, Family
from nundb_exporter.monitoring.runbook import GENERATED

README_BEGIN: Final = "<!-- metrics: begin, written by `make generate` -->"
README_END: Final = "<!-- metrics: end -->"

_SOURCE: Final = re.compile(r"(?P<meaning>.+) \((?P<source>(?:[^()]|\([^()]*\))+)\)\.", re.DOTALL)
_OUR_OWN: Final = ("nundb-exporter", "/proc/", "RLIMIT_", "RUSAGE_", "sys.")
"""Sources that are not the node: no version of Nun-db is asked for."""


def meaning_and_source(family: Family) -> tuple[str, str]:
    """Split a help text into its sentence and what stands in brackets at its end.

    Raises:
        ValueError: no source stands in brackets at the end.
    """
    found = _SOURCE.fullmatch(family.help)
    if found is None:
        raise ValueError(f"{family}: the help does not end with a source in brackets")
    return f"{found['meaning']}.", found["source"]


def _since(family: Family) -> str:
    _, source = meaning_and_source(family)
    return "any" if source.startswith(_OUR_OWN) else family.since


_INTRODUCTION: Final = """\
What a metric means is also its HELP text on the page. *Since* is the month of the first Nun-db that gives it: an older
one leaves it out, and its collector succeeds all the same. What is not known is absent; what is known to be nothing is
0. A collector is switched with `--collector.NAME` and `--no-collector.NAME`.
"""


def metrics(collectors: Iterable[Collector]) -> str:
    """Return docs/metrics.md."""
    lines = [
        GENERATED + "# Metrics\n",
        _INTRODUCTION,
        *_chapter(
            "Every scrape",
            "Of every node, whatever is switched on. When a node is down these are all that there is of it.",
            SCRAPE_FAMILIES,
        ),
    ]
    for collector in collectors:
        state = "On by default." if collector.is_default else f"**Off by default**: `--collector.{collector.name}`."
        about = f"{collector.help} {state}{_commands(collector)}"
        lines += _chapter(f"Collector {collector.name}", about, collector.families)
    lines += _chapter("The exporter itself", "On /metrics alone, whatever is switched on.", EXPORTER_FAMILIES)
    return "\n".join(lines)


def _commands(collector: Collector) -> str:
    asked = [*collector.commands, *collector.database_commands]
    return f" Asks {', '.join(f'`{command}`' for command in asked)}." if asked else ""


def _chapter(title: str, about: str, families: Iterable[Family]) -> list[str]:
    return [
        f"## {title}\n",
        f"{about}\n",
        "| metric | type | labels | meaning | source | since |",
        "|---|---|---|---|---|---|",
        *(_row(family) for family in families),
        "",
        *_caveats(families),
    ]


def _row(family: Family) -> str:
    meaning, source = meaning_and_source(family)
    labels = ", ".join(f"`{label}`" for label in family.labels)
    cells = (f"`{family}`", family.kind, labels, meaning, f"`{source}`", _since(family))
    return _line(*cells)


def _line(*cells: str) -> str:
    """A line of a table."""
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _caveats(families: Iterable[Family]) -> Iterator[str]:
    caveats = [f"- `{family}`: {family.caveat}" for family in families if family.caveat]
    if caveats:
        yield "Before you trust them:\n"
        yield from caveats
        yield ""


def command_line(texts: Mapping[str, str]) -> str:
    """Return docs/cli.md; `texts` is what `--help` prints, by command."""
    lines = [GENERATED + "# Command line\n"]
    for command, text in texts.items():
        lines += [f"## {command}\n", "```text", text.rstrip(), "```", ""]
    return "\n".join(lines)


def readme(text: str, collectors: Iterable[Collector]) -> str:
    """Return README.md with its table of metrics written anew, between the two markers.

    Raises:
        ValueError: a marker is missing.
    """
    before, begin, rest = text.partition(README_BEGIN)
    _, end, after = rest.partition(README_END)
    if not begin or not end:
        raise ValueError(f"README.md: no {README_BEGIN} … {README_END}")
    return f"{before}{begin}\n{_summary(collectors)}\n{end}{after}"


def _summary(collectors: Iterable[Collector]) -> str:
    """The metrics of the node, a line for each collector: the README is to be read in a minute."""
    lines = ["| collector | what it tells | metrics |", "|---|---|---|"]
    lines.append(
        f"| every scrape | Whether the node is up, why not, and how long it took. | {_names(SCRAPE_FAMILIES)} |"
    )
    for collector in collectors:
        name = f"`{collector.name}`" if collector.is_default else f"`{collector.name}` (off by default)"
        lines.append(f"| {name} | {collector.help} | {_names(collector.families)} |")
    return "\n".join(lines)


def _names(families: Iterable[Family]) -> str:
    return "<br>".join(f"`{family}`" for family in families)
