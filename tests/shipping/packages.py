"""What a release has for package managers, built as `make packages` builds it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]


def build_packages(directory: Path) -> None:
    """Build and judge everything into a directory.

    Raises:
        AssertionError: a program that builds or judges has failed.
    """
    environment = {**os.environ, "SHIPPING": str(Path(sys.executable).parents[1])}
    command = [_ROOT / "scripts" / "packages", directory]
    ended = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
