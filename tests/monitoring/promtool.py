"""Prometheus' own judge of rules and metrics. Debian's package `prometheus` has it; without it these tests fail."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus"


def promtool(*arguments: str | Path) -> str:
    """Run promtool and return what it printed.

    Raises:
        AssertionError: it found something.
        FileNotFoundError: it is not installed.
    """
    ended = subprocess.run(
        ["promtool", *(str(argument) for argument in arguments)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
