"""Wheel, source distribution, Debian package and bill of materials, as a release has them."""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

from nundb_exporter import __version__

from .packages import build_packages

ROOT: Final = Path(__file__).parents[2]


def normalized(name: str) -> str:
    """Return a package's name in the form that indexes compare."""
    return re.sub(r"[-_.]+", "-", name).lower()


def digests(directory: Path) -> dict[str, str]:
    """Return the hash of each file of a directory."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}


def test_two_builds_are_the_same_byte_for_byte(dist: Path, tmp_path: Path) -> None:
    """Whoever builds a version again can compare; the judges of packages and metadata have passed both."""
    build_packages(tmp_path / "again")
    assert digests(tmp_path / "again") == digests(dist)


def test_the_wheel_runs_without_being_installed(dist: Path, tmp_path: Path) -> None:
    """As `uvx` runs it: the command has the name of the package."""
    (wheel,) = dist.glob("*.whl")
    uv = str(Path(sys.executable).parent / "uv")
    command = [
        uv,
        "tool",
        "run",
        "--isolated",
        "--python",
        sys.executable,
        "--from",
        str(wheel),
        "nundb-exporter",
        "--version",
    ]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.stdout == f"nundb-exporter, version {__version__}\n", ended.stderr


def test_the_bill_of_materials_names_what_is_installed_and_nothing_else(dist: Path) -> None:
    """As the lock has it, with the exporter at its root."""
    bill = json.loads((dist / "nundb-exporter.cdx.json").read_bytes())
    lock = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    pinned = {line.split("==")[0] for line in lock.splitlines() if "==" in line}
    listed = {normalized(component["name"]) for component in bill["components"]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert bill["metadata"]["component"]["name"] == project["name"]
    assert {requirement.split(">")[0] for requirement in project["dependencies"]} <= listed <= pinned
