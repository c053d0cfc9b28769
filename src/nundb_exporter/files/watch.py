"""Looks at a directory again and again, and tells what is wrong once two looks agree."""

from pathlib import Path
from typing import Final

from nundb_exporter.files.conditions import Condition, Look, conditions
from nundb_exporter.files.disk import Directory

APART_SECONDS: Final = 1.0
"""Between two looks that must agree, with files that have not changed between them: a snapshot in progress looks like a
damaged file, and writes without a pause."""


class Watch:
    """Watches one directory."""

    def __init__(self, path: Path) -> None:
        self._directory = Directory(path)
        self._since: dict[Condition, float] = {}
        """When each condition was seen first, with the same files."""

    def look(self, now: float, budget_bytes: int | None = None) -> Look:
        """Look once; `now` is in seconds by a clock that never goes back.

        Raises:
            OSError: the directory, or a file in it, may not be read.
        """
        contents = self._directory.look(budget_bytes)
        self._since = {condition: self._since.get(condition, now) for condition in conditions(contents)}
        told = tuple(each for each, since in self._since.items() if now - since >= APART_SECONDS)
        doubtful = tuple(each for each, since in self._since.items() if now - since < APART_SECONDS)
        return Look(contents, told, doubtful)
