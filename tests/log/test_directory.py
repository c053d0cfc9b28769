"""The logs of a directory: all files that are called so, whenever they appear, and nothing else."""

import os
import sys
from pathlib import Path

import pytest

from nundb_exporter.log.inputs import Directory
from nundb_exporter.log.reader import Reader
from nundb_exporter.log.tally import Tally

from .following import poll
from .writing import EXPECTED, LOG, totals


def test_all_logs_of_a_directory_are_followed(tmp_path: Path) -> None:
    """Those that are there, and those that appear; not what was renamed, which was read already."""
    (tmp_path / "0.log").write_bytes(LOG)
    (tmp_path / "0.log.20261125").write_bytes(LOG)
    (tmp_path / "0.log.20261124.gz").write_bytes(LOG)
    tally = Tally()
    found = Directory(tmp_path, lambda: Reader("auto", tally), from_start=False, places={})
    poll(found)
    assert not totals(tally).commands
    (tmp_path / "1.log").write_bytes(LOG)
    poll(found)
    found.end()
    assert totals(tally) == EXPECTED
    assert found.places.keys() == {str(tmp_path / "0.log"), str(tmp_path / "1.log")}
    (tmp_path / "0.log").unlink()
    poll(found)
    assert found.places.keys() == {str(tmp_path / "1.log")}
    found.close()


def test_a_log_that_appears_in_a_directory_while_no_exporter_runs_counts(tmp_path: Path) -> None:
    """As when a container starts again; the others go on at their places."""
    (tmp_path / "0.log").write_bytes(LOG)
    tally = Tally()
    before = Directory(tmp_path, lambda: Reader("auto", tally), from_start=False, places={})
    poll(before)
    known = dict(before.places)
    before.close()
    (tmp_path / "1.log").write_bytes(LOG)
    after = Directory(tmp_path, lambda: Reader("auto", tally), from_start=False, places=known)
    poll(after)
    after.end()
    assert totals(tally) == EXPECTED
    after.close()


def test_in_a_directory_only_files_are_logs(tmp_path: Path) -> None:
    """A pipe would be waited for, for ever, and whatever else is called so has no bytes that follow."""
    (tmp_path / "0.log").write_bytes(LOG)
    (tmp_path / "directory.log").mkdir()
    (tmp_path / "loop.log").symlink_to(tmp_path / "loop.log")
    (tmp_path / "nowhere.log").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "link.log").symlink_to(tmp_path / "0.log")
    tally = Tally()
    found = Directory(tmp_path, lambda: Reader("auto", tally), from_start=True, places={})
    found.read_to_end()
    assert found.places.keys() == {str(tmp_path / "0.log"), str(tmp_path / "link.log")}
    assert totals(tally).lines == 2 * EXPECTED.lines
    found.close()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file whose beginning even root cannot read")
def test_a_file_that_cannot_be_read_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    """It is named; the others of its directory are counted."""
    broken = tmp_path / "0.log"
    broken.symlink_to("/proc/self/mem")
    (tmp_path / "1.log").write_bytes(LOG)
    tally = Tally()
    found = Directory(tmp_path, lambda: Reader("auto", tally), from_start=True, places={})
    poll(found)
    assert str(found.failure) == f"{broken}: input/output error"
    found.end()
    assert totals(tally) == EXPECTED
    found.close()
