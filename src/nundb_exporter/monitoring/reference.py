"""The reference of metrics and of the command line, as Markdown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from nundb_exporter.collectors import transports
from nundb_exporter.log.events import MEANINGS
from nundb_exporter.log.families import EVENTS
from nundb_exporter.metrics import EXPORTER_FAMILIES, SCRAPE_FAMILIES, Collector, Family, Subject
from nundb_exporter.monitoring import notice
from nundb_exporter.quantities import listed

README_BEGIN: Final = "<!-- metrics: begin, written by `make generate` -->"
README_END: Final = "<!-- metrics: end -->"

_INTRODUCTION: Final = """\
The meaning is also the HELP text on the metrics page. *Since* is the month of the first Nun-db that has the value: with
an older one the metric is absent, and its collector still succeeds. 0 means a known zero; an unknown value is absent.
`--collector.NAME` and `--no-collector.NAME` enable and disable a collector.
"""


def metrics(collectors: Iterable[Collector], subjects: Sequence[Subject]) -> str:
    """Return docs/metrics.md."""
    without_answers = listed([transports.COLLECTOR.name, *(subject.name for subject in subjects)])
    lines = [
        notice.IN_MARKDOWN + "# Metrics\n",
        _INTRODUCTION,
        *_chapter(
            "Every scrape",
            "Present whatever collectors are enabled. While the node is down, only these are left, and those of "
            f"collectors that do not need its answers: {without_answers}.",
            SCRAPE_FAMILIES,
        ),
    ]
    for collector in collectors:
        state = "On by default." if collector.is_default else f"**Off by default**: `--collector.{collector.name}`."
        about = f"{collector.help} {state}{_commands(collector)}"
        lines += _chapter(f"Collector {collector.name}", about, collector.families)
    for subject in subjects:
        switch = subject.switch if subject.section else f"`{subject.switch}`"
        about = f"{subject.help} **Off by default**: {switch}. Asks {subject.asks}."
        lines += _chapter(f"Collector {subject.name}", about, subject.families)
    lines += _events()
    lines += _chapter("The exporter itself", "Present whatever collectors are enabled.", EXPORTER_FAMILIES)
    return "\n".join(lines)


def _events() -> Iterator[str]:
    yield "## Events of the log\n"
    yield f"Values of the label of `{EVENTS}`, and what a line of each means:\n"
    yield "| event | meaning |"
    yield "|---|---|"
    yield from (_line(f"`{name}`", meaning) for name, meaning in MEANINGS.items())
    yield ""


def _commands(collector: Collector) -> str:
    asked = [*collector.commands, *collector.database_commands]
    return f" Commands: {', '.join(f'`{command}`' for command in asked)}." if asked else ""


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
    labels = ", ".join(f"`{label}`" for label in family.labels)
    cells = (
        f"`{family}`",
        family.kind,
        labels,
        f"{family.meaning}.",
        f"`{family.source}`",
        family.since or "any",
    )
    return _line(*cells)


def _line(*cells: str) -> str:
    """A line of a table."""
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _caveats(families: Iterable[Family]) -> Iterator[str]:
    caveats = [f"- `{family}`: {family.caveat}" for family in families if family.caveat]
    if caveats:
        yield "Caveats:\n"
        yield from caveats
        yield ""


def command_line(texts: Mapping[str, str]) -> str:
    """Return docs/cli.md; `texts` is what `--help` prints, by command."""
    lines = [notice.IN_MARKDOWN + "# Command line\n"]
    for command, text in texts.items():
        lines += [f"## {command}\n", "```text", text.rstrip(), "```", ""]
    return "\n".join(lines)


def readme(text: str, collectors: Iterable[Collector], subjects: Iterable[Subject] = ()) -> str:
    """Return README.md with its table of metrics, between the two markers, rewritten.

    Raises:
        ValueError: a marker is missing.
    """
    before, begin, rest = text.partition(README_BEGIN)
    _, end, after = rest.partition(README_END)
    if not begin or not end:
        raise ValueError(f"README.md: no {README_BEGIN} … {README_END}")
    return f"{before}{begin}\n{_summary(collectors, subjects)}\n{end}{after}"


def _summary(collectors: Iterable[Collector], subjects: Iterable[Subject]) -> str:
    """Return one line per collector, which keeps the README short."""
    lines = ["| collector | description | metrics |", "|---|---|---|"]
    lines.append(
        f"| every scrape | Whether the node is up, why not, and how long it took. | {_names(SCRAPE_FAMILIES)} |"
    )
    for collector in collectors:
        name = f"`{collector.name}`" if collector.is_default else f"`{collector.name}` (off by default)"
        lines.append(f"| {name} | {collector.help} | {_names(collector.families)} |")
    lines += [f"| `{each.name}` (off by default) | {each.help} | {_names(each.families)} |" for each in subjects]
    return "\n".join(lines)


def _names(families: Iterable[Family]) -> str:
    return "<br>".join(f"`{family}`" for family in families)
