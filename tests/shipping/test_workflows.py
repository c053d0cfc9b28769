"""The workflows of GitHub, as far as they can be judged elsewhere."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BIN: Final = Path(sys.executable).parent


def judged(*command: str | Path) -> str:
    """Run a judge, and return what it found; nothing, if it is content."""
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr


def test_zizmor_finds_nothing_unsafe() -> None:
    """No more rights than needed, no text of a stranger in a command, no credentials left behind."""
    assert judged(BIN / "zizmor", "--offline", "--quiet", ".github") == ""


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_it_has_the_form_that_github_reads(workflow: Path) -> None:
    """By the schema of workflows."""
    assert judged(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow) == ""


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_an_action_is_pinned_by_its_commit_and_says_its_version(workflow: Path) -> None:
    """A tag can be moved to other code, a commit cannot."""
    uses = re.findall(r"uses: (.*)", workflow.read_text(encoding="utf-8"))
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) for action in uses)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_target_of_make_that_it_calls_is_there(workflow: Path) -> None:
    """And so is each script."""
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    text = workflow.read_text(encoding="utf-8")
    assert set(re.findall(r"\bmake ([\w-]+)", text)) - {"python3"} <= set(targets)
    assert all((ROOT / script).exists() for script in re.findall(r"run: (\.ci/\w+|scripts/[\w-]+)", text))
