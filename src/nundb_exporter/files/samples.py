"""The samples of a data directory: what one look at it has shown."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from nundb_exporter.files import layout
from nundb_exporter.files.conditions import OF_DATABASE, Kind, Look, saved_numbers
from nundb_exporter.files.contents import Contents, Database
from nundb_exporter.files.families import (
    ASKED,
    CAPACITY,
    COLLIDING,
    DAMAGED,
    FILES,
    FREE,
    FREE_INODES,
    INODES,
    NEVER_SAVED,
    NEWEST,
    OLDEST,
    RESTART_SAFE,
    SIZE,
    SNAPSHOT,
    TORN,
    UNKNOWN_KEYS,
    UNNAMED,
    UNREAD,
    UNSAVED,
    VALID,
)
from nundb_exporter.files.layout import ADMIN_DATABASE, ADMIN_NUMBER, Part
from nundb_exporter.files.metadata import is_valid_flag
from nundb_exporter.metrics import Family, Sample

MAX_SHOWN: Final = 500
"""Databases that become series: the first by name, as of those that a node lists."""
_NANO: Final = 1_000_000_000


def samples(look: Look) -> Iterator[Sample]:
    """Yield what one look has shown."""
    contents = look.contents
    for database in islice(contents.databases, MAX_SHOWN):
        yield from _of_database(look, database)
    for file, name in (("key_map", layout.KEY_MAP), ("oplog", layout.OPLOG)):
        stamp = contents.stamps.get(name)
        if stamp is not None:
            size = contents.oplog_bytes if name == layout.OPLOG else stamp.size
            yield SIZE.sample(size, UNNAMED, file)
    yield from _state(look, DAMAGED, Kind.KEY_MAP, UNNAMED, UNNAMED, Kind.KEY_MAP)
    yield COLLIDING.sample(sum(condition.kind is Kind.COLLISION for condition in look.told))
    yield VALID.sample(is_valid_flag(contents.flag))
    if contents.key_map is not None:
        yield from _not(_state(look, RESTART_SAFE, Kind.RESTART, UNNAMED))
    yield FILES.sample(contents.oplog_files)
    if not contents.unread_oplog_bytes:
        yield from _of_log(look)
    yield UNREAD.sample(contents.unread_bytes)
    yield FREE.sample(contents.space.free_bytes)
    yield CAPACITY.sample(contents.space.bytes)
    if contents.space.files:
        yield FREE_INODES.sample(contents.space.free_files)
        yield INODES.sample(contents.space.files)


def _of_database(look: Look, database: Database) -> Iterator[Sample]:
    if database.saved_at is not None:
        yield SNAPSHOT.sample(database.saved_at / _NANO, database.name)
    for part in Part:
        if part in database.stamps:
            yield SIZE.sample(database.stamps[part].size, database.name, part)
    for kind in OF_DATABASE:
        if kind is not Kind.KEYS or database.keys is not None or Part.KEYS not in database.stamps:
            yield from _state(look, DAMAGED, kind, database.name, database.name, kind)


def _of_log(look: Look) -> Iterator[Sample]:
    contents = look.contents
    history = contents.history
    yield from _state(look, TORN, Kind.TORN, UNNAMED)
    if history.oldest is not None and history.newest is not None:
        yield OLDEST.sample(history.oldest / _NANO)
        yield NEWEST.sample(history.newest / _NANO)
    saved = saved_numbers(contents)
    yield NEVER_SAVED.sample(len(history.databases - saved))
    if contents.key_map is not None:
        yield UNKNOWN_KEYS.sample(max(history.highest_key + 1 - contents.key_map.keys, 0))
    for name, changes, asked in _at_risk(contents):
        yield UNSAVED.sample(changes, name)
        if asked is not None:
            yield ASKED.sample(asked / _NANO, name)


def _at_risk(contents: Contents) -> Iterator[tuple[str, int, int | None]]:
    """Yield each database with its unsaved changes, and since when a snapshot of it is due."""
    history = contents.history
    for database in islice(contents.databases, MAX_SHOWN):
        number, saved_at = database.number, database.saved_at
        if number is not None:
            changes = history.changes_after(number, saved_at)
            yield database.name, changes, history.snapshot_asked_after(number, saved_at)
    if ADMIN_NUMBER not in {database.number for database in contents.databases}:
        changes = history.changes_after(ADMIN_NUMBER, None)
        if changes:
            yield ADMIN_DATABASE, changes, history.snapshot_asked_after(ADMIN_NUMBER, None)
    unknown = history.databases - saved_numbers(contents)
    asked = [time for number in unknown if (time := history.snapshot_asked_after(number, None)) is not None]
    yield UNNAMED, sum(history.changes_after(number, None) for number in unknown), min(asked, default=None)


def _state(look: Look, family: Family, kind: Kind, database: str, *labels: str) -> Iterator[Sample]:
    """Yield whether something is wrong; nothing while only one look says so."""
    if any(condition.kind is kind and condition.database == database for condition in look.told):
        yield family.sample(1, *labels)
    elif not any(condition.kind is kind and condition.database == database for condition in look.doubtful):
        yield family.sample(0, *labels)


def _not(found: Iterator[Sample]) -> Iterator[Sample]:
    return (sample._replace(value=1 - sample.value) for sample in found)
