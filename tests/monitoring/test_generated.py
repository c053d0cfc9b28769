"""Generated files are committed unchanged, and the reference is complete."""

import re

import pytest

from nundb_exporter.cli.generate import help_texts
from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.metrics import EXPORTER_FAMILIES, SCRAPE_FAMILIES, Family
from nundb_exporter.monitoring.generate import files
from nundb_exporter.monitoring.reference import README_BEGIN, README_END, readme
from nundb_exporter.project import RUNBOOK

from .expressions import FAMILIES
from .promtool import ROOT

GENERATED = files((ROOT / "README.md").read_text(encoding="utf-8"), help_texts())


@pytest.mark.parametrize("path", GENERATED)
def test_a_committed_file_is_what_the_code_says(path: str) -> None:
    """`make generate` would change nothing."""
    assert (ROOT / path).read_text(encoding="utf-8") == GENERATED[path]


def test_nothing_else_lies_among_the_generated_files() -> None:
    """A dashboard or rule file without a source is removed."""
    generated = {path for path in GENERATED if path.endswith((".yml", ".json")) and path.startswith("deploy/")}
    directories = {path.rpartition("/")[0] for path in generated}
    there = {file for path in directories for kind in ("*.yml", "*.json") for file in (ROOT / path).glob(kind)}
    assert {file.relative_to(ROOT).as_posix() for file in there} == generated


def test_generating_is_repeatable() -> None:
    """The same code gives the same text, and an up-to-date README stays unchanged."""
    assert files(GENERATED["README.md"], help_texts()) == GENERATED


def test_alerts_point_to_the_runbook_that_is_asked_for() -> None:
    """Who keeps a copy of the runbook has the links lead there, in the rules and in their tests."""
    rules = ("deploy/prometheus/alerts.yml", "deploy/prometheus/tests.yml")
    elsewhere = files(None, {}, "https://wiki.example/nundb")
    for path in rules:
        assert elsewhere[path] == GENERATED[path].replace(RUNBOOK, "https://wiki.example/nundb") != GENERATED[path]


def test_a_directory_without_readme_gets_the_other_files() -> None:
    """Rules and dashboards can be generated without a checkout."""
    assert files(None, {}).keys() == GENERATED.keys() - {"README.md"}


def test_the_readme_stays_short() -> None:
    """The table grows with the families; a reader wants to get started."""
    assert GENERATED["README.md"].count("\n") <= 140


@pytest.mark.parametrize("text", ["# x\n", f"# x\n{README_BEGIN}\n", f"# x\n{README_END}\n"])
def test_a_readme_without_its_markers_is_refused(text: str) -> None:
    """A table is never put somewhere else, nor silently left out."""
    with pytest.raises(ValueError, match=r"README\.md: no"):
        readme(text, COLLECTORS)


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_every_family_is_in_the_reference(family: Family) -> None:
    """Name, type, labels, meaning, source and caveat of each family are told."""
    (row,) = re.findall(rf"^\| `{family}` \|.*$", GENERATED["docs/metrics.md"], re.MULTILINE)
    assert family.kind in row
    assert f"{family.meaning}.".replace("|", r"\|") in row
    assert f"`{family.source}`".replace("|", r"\|") in row
    assert all(f"`{label}`" in row for label in family.labels)
    assert family.caveat in GENERATED["docs/metrics.md"]


def test_the_readme_names_every_collector_and_metric() -> None:
    """The README's table has a row for each collector, and every family of a node."""
    table = GENERATED["README.md"].partition(README_BEGIN)[2].partition(README_END)[0]
    for collector in COLLECTORS:
        assert f"| `{collector.name}`" in table
        assert all(f"`{family}`" in table for family in collector.families)
    assert all(f"`{family}`" in table for family in SCRAPE_FAMILIES)
    assert not any(f"`{family}`" in table for family in EXPORTER_FAMILIES)


def test_the_command_line_reference_has_every_command() -> None:
    """Each subcommand's help stands in docs/cli.md."""
    for command, text in help_texts().items():
        assert f"## {command}\n" in GENERATED["docs/cli.md"]
        assert text.splitlines()[0] in GENERATED["docs/cli.md"]
