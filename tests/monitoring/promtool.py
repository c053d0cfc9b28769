"""Prometheus' own judge of rules and metrics."""

import subprocess
from pathlib import Path

from tests.programs import needed

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus"


def promtool(*arguments: str | Path) -> str:
    """Run promtool and return what it printed.

    Raises:
        AssertionError: it found something.
    """
    ended = subprocess.run(
        [needed("promtool"), *(str(argument) for argument in arguments)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
