"""What a node's data directory says, and what is wrong with it."""

from collections.abc import Iterable, Iterator

from nundb_exporter.files import families
from nundb_exporter.files.conditions import Kind
from nundb_exporter.judge.finding import find, rank
from nundb_exporter.judge.report import Finding, StoredData, StoredDatabase
from nundb_exporter.judge.values import Values
from nundb_exporter.metrics import Sample
from nundb_exporter.problems import files
from nundb_exporter.quantities import age, counted, moment, size, visible


def describe_data(values: Values, now: float) -> StoredData | None:
    """Describe a data directory by the samples of one scrape; None if it is not read."""
    if not values.all(families.VALID):
        return None
    by_database = (families.SNAPSHOT, families.UNSAVED, families.ASKED, families.SIZE, families.DAMAGED)
    names = {labels[0] for family in by_database for labels, _ in values.all(family)}
    return StoredData(
        is_oplog_valid=values.flag(families.VALID),
        is_restart_safe=values.flag(families.RESTART_SAFE),
        is_oplog_torn=values.flag(families.TORN),
        is_key_map_damaged=bool(values.flag(families.DAMAGED, families.UNNAMED, Kind.KEY_MAP)),
        never_saved=values.count(families.NEVER_SAVED),
        colliding=values.count(families.COLLIDING),
        unknown_keys=values.count(families.UNKNOWN_KEYS),
        free_bytes=values.count(families.FREE),
        capacity_bytes=values.count(families.CAPACITY),
        free_inodes=values.count(families.FREE_INODES),
        inodes=values.count(families.INODES),
        databases=tuple(_database(values, name, now) for name in sorted(names)),
    )


def describe_stored(samples: Iterable[Sample], now: float) -> StoredData:
    """Describe a data directory by the samples of it alone."""
    data = describe_data(Values(samples), now)
    if data is None:
        raise ValueError("no samples of a data directory")
    return data


def restart_objections(data: StoredData, node: str) -> list[Finding]:
    """Return what speaks against restarting a node now: all that is wrong, and all that would be lost; worst first."""
    # Those without a name are counted by another finding.
    lost = [_unsaved(database, node) for database in data.databases if database.name and database.unsaved_operations]
    others = [finding for finding in findings(data, node) if finding.id != files.UNSAVED.name]
    return sorted([*others, *lost], key=rank)


def _database(values: Values, name: str, now: float) -> StoredDatabase:
    saved = values.number(families.SNAPSHOT, name)
    asked = values.number(families.ASKED, name)
    return StoredDatabase(
        name=name,
        saved=None if saved is None else moment(saved),
        saved_seconds=None if saved is None else now - saved,
        unsaved_operations=values.count(families.UNSAVED, name),
        asked_seconds=None if asked is None else now - asked,
        size_bytes=int(sum(value for (owner, _), value in values.all(families.SIZE) if owner == name)),
        damage=tuple(
            damage for (owner, damage), value in values.all(families.DAMAGED) if owner == name and name and value
        ),
    )


def findings(data: StoredData, node: str) -> Iterator[Finding]:
    """Yield what is wrong with a node's data directory."""
    if data.is_restart_safe is False:
        yield find(files.RESTART_UNSAFE, node=node)
    yield from _damage(data, node)
    for database in data.databases:
        if database.asked_seconds is not None and database.asked_seconds > files.OVERDUE_SECONDS:
            yield find(
                files.SNAPSHOT_NOT_DONE,
                node=node,
                database=database.name or files.NEVER_SAVED_NAME,
                age=age(database.asked_seconds),
            )
    yield from _disk(data, node)
    if data.never_saved:
        yield find(files.NEVER_SAVED, node=node, databases=counted(data.never_saved, "database"))
    for database in data.databases:
        seconds = database.saved_seconds
        if database.unsaved_operations and seconds is not None and seconds > files.UNSAVED_SECONDS:
            yield _unsaved(database, node)
    yield from _oplog(data, node)


def _unsaved(database: StoredDatabase, node: str) -> Finding:
    seconds = database.saved_seconds
    reason = "it was never saved" if seconds is None else f"its last snapshot ended {age(seconds)} ago"
    return find(files.UNSAVED, node=node, database=database.name, reason=reason)


def _damage(data: StoredData, node: str) -> Iterator[Finding]:
    if data.is_key_map_damaged:
        yield find(files.FILES_DAMAGED, node=node, damage=Kind.KEY_MAP, subject="the node")
    for database in data.databases:
        for damage in database.damage:
            subject = f"the database {visible(database.name)}"
            yield find(files.FILES_DAMAGED, node=node, database=database.name, damage=damage, subject=subject)


def _disk(data: StoredData, node: str) -> Iterator[Finding]:
    free, capacity = data.free_bytes, data.capacity_bytes
    if free is not None and capacity is not None and free < min(files.FREE_SHARE * capacity, files.FREE_BYTES):
        yield find(files.DISK_NEARLY_FULL, node=node, size=size(free))
    left, most = data.free_inodes, data.inodes
    if left is not None and most is not None and left < min(files.FREE_SHARE * most, files.FREE_INODES):
        yield find(files.INODES_RUNNING_OUT, node=node, files=counted(left, "file"))


def _oplog(data: StoredData, node: str) -> Iterator[Finding]:
    if data.is_oplog_torn:
        yield find(files.OPLOG_TORN, node=node)
    if data.colliding:
        yield find(files.NUMBERS_COLLIDE, node=node, databases=counted(data.colliding, "database"))
    if not data.is_oplog_valid:
        yield find(files.OPLOG_INVALID, node=node)
    elif data.unknown_keys:
        yield find(files.KEYS_UNSAVED, node=node, keys=counted(data.unknown_keys, "key"))
