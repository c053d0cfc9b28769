"""The families and panels of the data directory, with Prometheus' own tools as referees."""

import subprocess
from pathlib import Path

import promql_parser
import pytest

from nundb_exporter.exposition import Format, render
from nundb_exporter.files.families import FAMILIES, SUBJECT
from nundb_exporter.files.samples import samples
from nundb_exporter.metrics import Panel
from nundb_exporter.subjects import SUBJECTS
from tests.programs import needed

from . import observed
from .writing import seen


def test_promtool_finds_nothing_to_say(tmp_path: Path) -> None:
    """Names, types, units and help texts follow Prometheus' conventions."""
    page = b"".join(
        render(samples(seen(observed.directory(name, tmp_path))), Format.TEXT).text.encode()
        for name in ("disk-full-snapshot",)
    )
    checked = subprocess.run([needed("promtool"), "check", "metrics"], input=page, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_every_family_is_declared_and_occurs(tmp_path: Path) -> None:
    """The documentation lists them all, and none that a directory never gives."""
    shown = {sample.family for name in observed.NAMES for sample in samples(seen(observed.directory(name, tmp_path)))}
    assert shown == set(FAMILIES)
    assert SUBJECT in SUBJECTS


@pytest.mark.parametrize("panel", SUBJECT.panels, ids=lambda panel: panel.title)
def test_every_panel_is_valid(panel: Panel) -> None:
    """Prometheus' grammar accepts the expression."""
    promql_parser.parse(panel.expression.replace("$__rate_interval", "1m"))
