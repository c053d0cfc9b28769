"""The log's families and panels, with Prometheus' own tools as referees."""

import subprocess

import promql_parser
import pytest

from nundb_exporter.exposition import Format, render
from nundb_exporter.log import families
from nundb_exporter.log.families import FAMILIES, SUBJECT
from nundb_exporter.log.reader import Reader
from nundb_exporter.log.records import read_output
from nundb_exporter.log.tally import Tally
from nundb_exporter.metrics import Panel
from nundb_exporter.subjects import SUBJECTS
from tests.programs import needed

from . import observed
from .writing import record


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


def test_a_new_process_has_given_no_sign_of_life_yet() -> None:
    """What the snapshot thread of the process before has said tells nothing of the new one's."""
    alive = "snapshot_all_pendding_dbs | queue_len == 0"  # sic
    tally = Tally()
    tally.add(read_output(record(1, "nundb::disk_ops", alive) + record(2, "nun_db", "nundb starting!")))
    assert families.HEARTBEAT not in {sample.family for sample in tally.samples()}
    tally.add(read_output(record(3, "nundb::disk_ops", alive)))
    assert families.HEARTBEAT in {sample.family for sample in tally.samples()}
