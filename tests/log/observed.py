"""The logs of a real Nun-db, and what an independent reader counted in them."""

import gzip
import json
from pathlib import Path
from typing import Any, Final

_DIRECTORY: Final = Path(__file__).parent / "observed"
_TRANSCRIPTS: Final = Path(__file__).parents[1] / "transcripts"
COUNTS: Final[dict[str, dict[str, Any]]] = json.loads((_DIRECTORY / "log-counts.json").read_text())
"""By the name of the log."""
RUN: Final = COUNTS["log-formats/run.raw.log"]
"""What is in each of the formats."""
FORMATS: Final = sorted(path.name.removesuffix(".gz") for path in (_DIRECTORY / "formats").glob("run.*.gz"))
EVENTS: Final = sorted(path.name.removesuffix(".gz") for path in (_DIRECTORY / "events").iterdir())


def log(name: str) -> bytes:
    """Return a log by its name in COUNTS."""
    kind, _, file = name.partition("/")
    if kind == "transcripts":
        return (_TRANSCRIPTS / file).read_bytes()
    return gzip.decompress((_DIRECTORY / kind.removeprefix("log-") / f"{file}.gz").read_bytes())


def in_format(name: str) -> bytes:
    """Return the run in one of the formats."""
    return log(f"formats/{name}")


def of_event(name: str) -> bytes:
    """Return the log of a situation."""
    return log(f"events/{name}")
