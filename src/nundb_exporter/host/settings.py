"""Which process to look at; apart from what looks, so that an exporter without this source need not import that."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAME: Final = "host"
"""Of the collector."""
HELP: Final = (
    "Descriptors, threads, memory and CPU of the node's process, from the host that it shares with the exporter."
)

AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class HostSettings:
    """Which process is the node's."""

    process: int | None = None
    """Its number; None: the one that listens on the port, or that has the files of the data directory open."""
    port: int | None = None
    data_dir: Path | None = None
