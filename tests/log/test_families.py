"""The log's families and panels, with Prometheus' own tools as referees."""

import subprocess

import promql_parser
import pytest

from nundb_exporter.exposition import Format, render
from nundb_exporter.log.families import FAMILIES, SUBJECT
from nundb_exporter.log.reader import Reader
from nundb_exporter.log.tally import Tally
from nundb_exporter.metrics import Panel
from nundb_exporter.subjects import SUBJECTS
from tests.programs import needed

from . import observed


def test_promtool_finds_nothing_to_say() -> None:
    """Names, types, units and help texts follow Prometheus' conventions."""
    tally = Tally()
    Reader("raw", tally).feed(observed.in_format("run.raw.log"))
    page = render(tally.samples(), Format.TEXT).text.encode()
    checked = subprocess.run([needed("promtool"), "check", "metrics"], input=page, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_every_sample_is_of_a_declared_family() -> None:
    """The documentation lists them all."""
    tally = Tally()
    Reader("raw", tally).feed(observed.in_format("run.raw.log"))
    shown = {sample.family.part_of or sample.family for sample in tally.samples()}
    assert shown <= set(FAMILIES)
    assert SUBJECT in SUBJECTS


@pytest.mark.parametrize("panel", SUBJECT.panels, ids=lambda panel: panel.title)
def test_every_panel_is_valid(panel: Panel) -> None:
    """Prometheus' grammar accepts the expression."""
    promql_parser.parse(panel.expression.replace("$__rate_interval", "1m"))
