"""The systemd unit, as systemd itself judges it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "deploy" / "systemd" / "nundb-exporter.service"

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


def analyzed(*arguments: str) -> str:
    """Return all that systemd-analyze prints."""
    ended = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)
    return ended.stdout + ended.stderr


def test_the_unit_is_hardened() -> None:
    """The exposure is 1.5 of 10 at most."""
    told = analyzed("security", "--offline=true", "--no-pager", str(UNIT))
    level = re.search(r"Overall exposure level for nundb-exporter.service: ([0-9.]+)", told)
    assert level, told
    assert float(level[1]) <= 1.5


def test_systemd_knows_every_key_of_the_unit(tmp_path: Path) -> None:
    """It ends with 0 for one that it does not know, but says so."""
    unit = tmp_path / UNIT.name
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text()))
    assert analyzed("verify", "--man=no", str(unit)) == ""


def test_what_the_unit_says_of_its_time_to_end_is_enough() -> None:
    """Scrapes in progress may take as long as the exporter waits for them, within the manager's patience."""
    (seconds,) = re.findall(r"(?m)^TimeoutStopSec=(\d+)$", UNIT.read_text())
    assert int(seconds) > 8
