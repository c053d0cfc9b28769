"""The wheel, as a stranger installs it, and the source distribution, as a packager tests it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nundb_exporter

ROOT = Path(__file__).parent.parent


def build(target: str, into: Path) -> Path:
    """Build a distribution of this checkout, and return its file."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = into.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory that holds what the wheel holds."""
    unpacked = tmp_path_factory.mktemp("site-packages")
    shutil.unpack_archive(build("wheel", tmp_path_factory.mktemp("dist")), unpacked, "zip")
    return unpacked


def run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command from the wheel's content, the checkout's left aside."""
    program = f"import sys; sys.path.insert(0, {str(installed)!r}); from nundb_exporter.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=installed,
        env={**os.environ, "NUN_USER": "nun", "NUN_PWD": "nun-pwd"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_the_manual_page_and_the_completions(installed: Path) -> None:
    """Where `man` and the shells look below the directory that it is installed to."""
    (data,) = installed.glob("*.data/data")
    shared = ROOT / "deploy"
    assert {path.relative_to(data) for path in data.rglob("*") if path.is_file()} == {
        path.relative_to(shared) for path in shared.glob("share/**/*") if path.is_file()
    }


@pytest.mark.parametrize("name", ["nundb_exporter", "nundb_devserver"])
def test_the_wheel_holds_each_file_of_a_package(installed: Path, name: str) -> None:
    """Pages, types marker and modules: what is in the source is in the wheel."""
    package = ROOT / "src" / name
    files = {
        path.relative_to(package) for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    unpacked = installed / name
    assert {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()} == files


def test_the_command_of_the_wheel_runs(installed: Path) -> None:
    """It tells the version that the source has."""
    ended = run(installed, "--version")
    assert (ended.returncode, ended.stdout.split()[-1]) == (0, nundb_exporter.__version__)


def test_the_wheel_can_look_for_a_node(installed: Path) -> None:
    """All of the path of a scrape is there: the report says that nothing listens."""
    ended = run(installed, "check", "http://127.0.0.1:9")
    assert ended.returncode == 1
    assert "connection refused" in ended.stdout


def test_the_tests_of_the_source_distribution_run_from_it(tmp_path: Path) -> None:
    """Those that read documents, generated files and recordings find them beside the code."""
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    # By the system's tar: Debian 12's Python 3.11.2 cannot be told the filter that Python 3.12 warns to name.
    subprocess.run(["tar", "-xzf", build("sdist", tmp_path / "dist"), "-C", unpacked], check=True)
    (root,) = unpacked.iterdir()
    tests = ["tests/test_documentation.py", "tests/monitoring/test_generated.py", "tests/test_golden.py"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
