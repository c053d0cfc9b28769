"""What Prometheus is to scrape, as a file for its discovery."""

import json
from collections.abc import Iterable
from pathlib import Path


def show(file: Path, job: str, addresses: Iterable[str]) -> None:
    """Let it scrape these as a job of their own, and nothing else by this file, which it may read at any moment."""
    temporary = file.with_suffix(".new")
    temporary.write_text(json.dumps([{"targets": list(addresses), "labels": {"job": job}}]), encoding="utf-8")
    temporary.rename(file)
