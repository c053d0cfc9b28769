"""The virtual environment that `make` creates, on a day later than the lock, with the oldest pip and the newest."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

from tests.programs import cannot_check

ROOT: Final = Path(__file__).parents[2]
UV: Final = Path(sys.executable).with_name("uv")
NEWER: Final = "9999.0"
RENEWED: Final = ("uv", "coverage", "pytest", "hatchling")
"""Of these there is a newer release: of the installer, of what others require, of what builds this checkout."""
UNPINNED: Final = {"pip", "setuptools", "nundb-exporter"}
"""What Python itself puts into an environment, and the checkout."""


def run(*command: str | Path, environment: dict[str, str]) -> str:
    """Run a command in the checkout, and return what it printed."""
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def write_wheel(folder: Path, name: str) -> None:
    """Write a release that has nothing in it."""
    information = f"{name}-{NEWER}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{NEWER}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {NEWER}\n")
        wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{information}/RECORD", "")


@pytest.fixture
def later(tmp_path: Path) -> dict[str, str]:
    """An environment whose caches are empty, and in which newer releases are offered."""
    folder = tmp_path / "later"
    folder.mkdir()
    for name in RENEWED:
        write_wheel(folder, name)
    known = os.environ.get("PIP_FIND_LINKS", "")
    return {
        **os.environ,
        "PIP_CACHE_DIR": str(tmp_path / "pip"),
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "PIP_FIND_LINKS": f"{known} {folder}",
        "UV_FIND_LINKS": str(folder),
    }


@pytest.fixture
def bare(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A virtual environment that holds nothing but the pip of a requirements file."""
    directory = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", directory], check=True)
    arguments = ["pip", "install", "--quiet", "--python", directory, "--require-hashes", "-r", request.param]
    ended = subprocess.run([UV, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        cannot_check(f"the package index does not give pip: {ended.stderr.strip()}")
    return directory


@pytest.mark.parametrize("bare", ["requirements/oldest-pip.txt", "requirements/newest-pip.txt"], indirect=True)
def test_newer_releases_change_nothing(bare: Path, later: dict[str, str]) -> None:
    """Whichever pip there is, and whatever is the newest release of something, the lock is what is installed."""
    offered = run(bare / "bin" / "pip", "install", "--dry-run", "--no-deps", "coverage", environment=later)
    assert f"coverage-{NEWER}" in offered
    run("scripts/environment", bare, "requirements/dev.txt", environment=later)
    listed = json.loads(run(UV, "pip", "list", "--format", "json", "--python", bare, environment=later))
    installed = {package["name"]: package["version"] for package in listed if package["name"] not in UNPINNED}
    locked = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE))
    assert installed.items() <= locked.items()
    assert installed.keys() >= {*RENEWED, "aiohttp", "click"}
    assert "version" in run(bare / "bin" / "nundb-exporter", "--version", environment=later)


def test_the_installer_is_locked_once() -> None:
    """What pip fetches first is not replaced by another version of itself."""
    first, then = (
        set(re.findall(r"^uv==(\S+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE))
        for name in ("uv.txt", "dev.txt")
    )
    assert len(first) == 1
    assert first == then
