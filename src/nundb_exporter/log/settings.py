"""Which log to follow, and how; apart from what follows it, so that an exporter without a log need not import that."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAME: Final = "log"
"""Of the collector."""
HELP: Final = "Every command's duration and what the node says about itself, from Nun-db's log."

AUTO: Final = "auto"
FORMATS: Final = (AUTO, "raw", "cri", "docker", "journald")

SHOW: Final = "show"
HIDE: Final = "hide"
HASH: Final = "hash"
KEY_DISPLAYS: Final = (SHOW, HIDE, HASH)


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Which log to follow, and how."""

    path: str
    """A file, a directory or a named pipe; `-` is standard input."""
    form: str = AUTO
    """One of FORMATS."""
    is_from_start: bool = False
    state_file: Path | None = None
    keys: str = SHOW
    """How keys are shown among the slowest commands: one of KEY_DISPLAYS."""
    is_without_own: bool = False
    """Whether commands of monitoring clients such as this exporter are left out."""
