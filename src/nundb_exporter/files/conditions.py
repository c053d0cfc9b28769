"""What is wrong in a data directory (protocol notes 4; seen on a running Nun-db). Pure."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from nundb_exporter.files.contents import Contents, Database, Stamp
from nundb_exporter.files.layout import ADMIN_DATABASE, ADMIN_NUMBER, FLAG, KEY_MAP, OPLOG, Part
from nundb_exporter.files.metadata import is_valid_flag
from nundb_exporter.files.oplog import Record


class Kind(StrEnum):
    """What can be wrong; the first ones are values of the label `damage`."""

    KEYS = "keys"
    VALUES = "values"
    METADATA = "metadata"
    RECLAIM = "reclaim"
    KEY_MAP = "key_map"
    RESTART = "restart"
    TORN = "torn"
    COLLISION = "collision"


OF_DATABASE: Final = (Kind.KEYS, Kind.VALUES, Kind.METADATA, Kind.RECLAIM)


class Condition(NamedTuple):
    """Something that is wrong, and the files that say so: while a snapshot is written, much looks wrong."""

    kind: Kind
    database: str
    """Empty if it concerns all of them."""
    detail: str
    basis: tuple[Stamp | None, ...]


class Look(NamedTuple):
    """What one look has shown."""

    contents: Contents
    told: tuple[Condition, ...]
    """What is wrong."""
    doubtful: tuple[Condition, ...]
    """What looks wrong, and must be seen once more."""


def conditions(contents: Contents) -> Iterator[Condition]:
    """Yield what is wrong."""
    for database in contents.databases:
        basis = tuple(database.stamps.get(part) for part in Part)
        for kind, detail in _of_database(database):
            yield Condition(kind, database.name, detail, basis)
    yield from _of_key_map(contents)
    yield from _of_oplog(contents)
    yield from _collisions(contents)


def _of_database(database: Database) -> Iterator[tuple[Kind, str]]:
    if Part.KEYS not in database.stamps:
        yield Kind.KEYS, "the file of keys is missing"
    elif database.keys is not None:
        if database.keys.damage is not None:
            yield Kind.KEYS, database.keys.damage
        elif not database.keys.has_token and database.name != ADMIN_DATABASE:
            yield Kind.KEYS, "the key of the token is missing"
    if Part.VALUES not in database.stamps:
        yield Kind.VALUES, "the file of values is missing"
    elif database.is_cut:
        yield Kind.VALUES, "the last value reaches beyond the end of the file"
    if Part.METADATA not in database.stamps:
        yield Kind.METADATA, "the file of metadata is missing: the first snapshot broke off"
    elif database.metadata is not None and database.number is None:
        yield Kind.METADATA, "the file of metadata holds no number and strategy"
    if Part.OLD_KEYS in database.stamps:
        yield Kind.RECLAIM, "the keys from before a snapshot that reclaims space are left over"


def _of_key_map(contents: Contents) -> Iterator[Condition]:
    if contents.key_map is not None and contents.key_map.damage is not None:
        yield Condition(Kind.KEY_MAP, "", contents.key_map.damage, (contents.stamps.get(KEY_MAP),))


def _of_oplog(contents: Contents) -> Iterator[Condition]:
    oplog = contents.stamps.get(OPLOG)
    lost = contents.history.lost + contents.torn_bytes
    if lost:
        yield Condition(Kind.TORN, "", f"{lost} bytes of the operation log belong to no record", (oplog,))
    last = contents.last
    if last is not None and is_valid_flag(contents.flag):
        unknown = unknown_in(contents, last)
        if unknown is not None:
            metadata = tuple(database.stamps.get(Part.METADATA) for database in contents.databases)
            basis = (contents.stamps.get(FLAG), contents.stamps.get(KEY_MAP), *metadata)
            yield Condition(Kind.RESTART, "", f"its last operation is on {unknown}", basis)


def unknown_in(contents: Contents, record: Record) -> str | None:
    """Return what in a record Nun-db could not look up after a restart, at which it ends; None if nothing."""
    if record.database not in saved_numbers(contents):
        return f"database number {record.database}, which no snapshot has saved"
    if record.is_change and contents.key_map is not None and record.key >= contents.key_map.keys:
        return f"key number {record.key}, which no snapshot has saved"
    return None


def saved_numbers(contents: Contents) -> set[int]:
    """Return the numbers of the databases that a start finds."""
    found = {database.number for database in contents.databases}
    return {ADMIN_NUMBER, *(number for number in found if number is not None)}


def _collisions(contents: Contents) -> Iterator[Condition]:
    numbers = Counter(database.number for database in contents.databases if database.number is not None)
    for database in contents.databases:
        if database.number is not None and numbers[database.number] > 1:
            detail = f"another database has its number, {database.number}"
            yield Condition(Kind.COLLISION, database.name, detail, (database.stamps.get(Part.METADATA),))
