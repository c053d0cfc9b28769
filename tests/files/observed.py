"""The data directories of a real Nun-db, each with its files' times."""

import json
import os
import shutil
from pathlib import Path
from typing import Final

_DIRECTORY: Final = Path(__file__).parent / "observed"
NAMES: Final = sorted(path.name for path in _DIRECTORY.iterdir() if path.is_dir())


def directory(name: str, into: Path) -> Path:
    """Copy a directory, and give the files their times."""
    copy = into / name
    shutil.copytree(_DIRECTORY / name, copy)
    times = json.loads((_DIRECTORY / f"{name}.mtimes.json").read_text())
    for file, seconds in times.items():
        os.utime(copy / file, (seconds, seconds))
    return copy
