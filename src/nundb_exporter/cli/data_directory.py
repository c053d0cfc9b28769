"""A data directory for commands that look at it once."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from nundb_exporter.cli.terminal import printable
from nundb_exporter.errors import ConfigError
from nundb_exporter.files import families
from nundb_exporter.files.conditions import Look
from nundb_exporter.files.samples import samples
from nundb_exporter.files.watch import APART_SECONDS, Watch
from nundb_exporter.judge import StoredData, StoredDatabase
from nundb_exporter.metrics import Sample, Subject
from nundb_exporter.problems.files import NEVER_SAVED_NAME
from nundb_exporter.quantities import age, counted
from nundb_exporter.system_errors import cause_of

_PATIENCE_SECONDS: Final = 10.0
"""While files change, damage cannot be told from a snapshot in progress."""


def look_at(directory: Path) -> Look:
    """Look until two looks agree, or until they will not.

    Raises:
        ConfigError: there is nothing to look at.
    """
    watch = Watch(directory)
    begun = time.monotonic()
    try:
        look = watch.look(begun)
        while look.doubtful and time.monotonic() - begun < _PATIENCE_SECONDS:
            time.sleep(APART_SECONDS)
            look = watch.look(time.monotonic())
    except OSError as error:
        where = str(error.filename or directory)
        raise ConfigError(
            where, f"cannot be read ({cause_of(error)})", "name NUN_DBS_DIR, as a user who may read it"
        ) from error
    if not look.contents.is_any:
        raise ConfigError(str(directory), "has no file of Nun-db", "name what the node has as NUN_DBS_DIR")
    return look


class LookedAt:
    """A data directory as it was at one moment, as a local source."""

    subject: Subject = families.SUBJECT

    def __init__(self, look: Look) -> None:
        self._look = look

    def samples(self) -> Iterable[Sample]:
        """See Source."""
        return samples(self._look)


def listed(data: StoredData) -> list[StoredDatabase]:
    """Return the databases that there is something to say of: those without a name may be none."""
    return [database for database in data.databases if database.name or database.unsaved_operations]


def name_of(database: StoredDatabase) -> str:
    """Return how a database is called."""
    return printable(database.name) or NEVER_SAVED_NAME


def saved(database: StoredDatabase) -> str:
    """Return when a database was saved."""
    at = "never" if database.saved is None else f"{database.saved:%Y-%m-%d %H:%M:%S} UTC"
    return at if database.saved_seconds is None else f"{at}, {age(database.saved_seconds)} ago"


def lost(database: StoredDatabase) -> str:
    """Return what a crash would lose of a database."""
    changes = "unknown" if database.unsaved_operations is None else counted(database.unsaved_operations, "change")
    if database.asked_seconds is None:
        return changes
    return f"{changes}, snapshot asked for {age(database.asked_seconds)} ago"
