"""What other nodes are told of a change, and what the operation log records of it (protocol notes 5.2, 6.5). Pure."""

from dataclasses import dataclass

from nundb_devserver.data.oplog import Kind


@dataclass(frozen=True, slots=True)
class Operation:
    """A line for other nodes; the operation log records nothing of it where `kind` is None."""

    message: str
    kind: Kind | None = None
    databases: tuple[str, ...] = ()
    key: str = ""


def write(database: str, key: str, text: str, version: int) -> Operation:
    """Return the operation that a write is for the others."""
    return Operation(f"replicate {database} {key} {version} {text}", Kind.UPDATE, (database,), key)


def increment(database: str, key: str, step: int) -> Operation:
    """Return the operation that an increment is for the others."""
    return Operation(f"replicate-increment {database} {key} {step}", Kind.UPDATE, (database,), key)


def remove(database: str, key: str) -> Operation:
    """Return the operation that a removal is for the others."""
    return Operation(f"replicate-remove {database} {key}", Kind.REMOVE, (database,), key)


def snapshot(databases: tuple[str, ...], *, reclaim: bool) -> Operation:
    """Return the operation that a snapshot is for the others."""
    names = "|".join(databases)
    return Operation(f"replicate-snapshot {names} {str(reclaim).lower()}", Kind.SNAPSHOT, tuple(names.split("|")))
