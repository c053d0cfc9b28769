"""Databases on disk: a file of keys, a file of values, a file of metadata (storage/disk.rs; protocol notes 4.5)."""

from collections.abc import Callable
from pathlib import Path
from struct import Struct

from nundb_devserver.store import Database, State, Strategy, Value

KEYS_SUFFIX = "-nun.data.keys"
VALUES_SUFFIX = "-nun.data.values"
METADATA_SUFFIX = "-nun.madadata"  # sic
SUFFIXES = (KEYS_SUFFIX, VALUES_SUFFIX, METADATA_SUFFIX)

LENGTH = Struct("<Q")
KEY_TAIL = Struct("<iQ")
"""Version and address of the value, after a key's bytes."""
STATUS = Struct("<i")
METADATA = Struct("<Qi")

STRATEGIES_BY_NUMBER = {strategy.value: strategy for strategy in Strategy}

DELETED_VERSION = -1
"""A key with this version on disk does not exist: also one whose real version is -1 (protocol notes 3.2)."""


def save(database: Database, directory: Path, *, reclaim: bool) -> None:
    """Write what has changed since the last snapshot; with `reclaim`, write everything into new files."""
    keys_path = directory / f"{database.name}{KEYS_SUFFIX}"
    values_path = directory / f"{database.name}{VALUES_SUFFIX}"
    keys = bytearray() if reclaim or not keys_path.exists() else bytearray(keys_path.read_bytes())
    values = bytearray() if reclaim or not values_path.exists() else bytearray(values_path.read_bytes())
    for key, value in tuple(database.values.items()):
        if value.state is State.OK and not reclaim:
            continue
        # After a reclaiming snapshot the original's addresses of deleted keys point into other records, which it then
        # overwrites; here a key is altered in place only where it is.
        is_in_place = not reclaim and value.state is not State.NEW and _is_at(keys, value.key_address, key)
        if value.state is State.DELETED:
            if is_in_place:
                KEY_TAIL.pack_into(keys, _tail(key, value.key_address), DELETED_VERSION, 0)
            continue
        value_address = len(values)
        encoded = value.text.encode()
        values += LENGTH.pack(len(encoded)) + encoded + STATUS.pack(State.OK)
        if is_in_place:
            key_address = value.key_address
            KEY_TAIL.pack_into(keys, _tail(key, key_address), value.version, value_address)
        else:
            key_address = len(keys)
            encoded = key.encode()
            keys += LENGTH.pack(len(encoded)) + encoded + KEY_TAIL.pack(value.version, value_address)
        database.mark_saved(key, value_address, key_address)
    values_path.write_bytes(values)
    keys_path.write_bytes(keys)
    metadata = METADATA.pack(database.number, database.strategy.value)
    (directory / f"{database.name}{METADATA_SUFFIX}").write_bytes(metadata)


def names(directory: Path) -> list[str]:
    """Return the databases that are on disk."""
    return sorted(path.name.removesuffix(KEYS_SUFFIX) for path in directory.glob(f"*{KEYS_SUFFIX}"))


def others(directory: Path) -> list[str]:
    """Return what else is there: the original looks at each file and says that it is not a database's."""
    return sorted(path.name for path in directory.iterdir() if not path.name.endswith(KEYS_SUFFIX))


def load(name: str, directory: Path, clock: Callable[[], int], fallback_number: int) -> Database:
    """Read a database; one without metadata gets the strategy newer and the number that is free."""
    metadata_path = directory / f"{name}{METADATA_SUFFIX}"
    if metadata_path.exists():
        number, strategy_number = METADATA.unpack(metadata_path.read_bytes()[: METADATA.size])
        strategy = STRATEGIES_BY_NUMBER.get(strategy_number, Strategy.NONE)
    else:
        number, strategy = fallback_number, Strategy.NEWER
    database = Database(name, number, strategy, clock)
    keys = (directory / f"{name}{KEYS_SUFFIX}").read_bytes()
    values = (directory / f"{name}{VALUES_SUFFIX}").read_bytes()
    key_address = 0
    while key_address < len(keys):
        (length,) = LENGTH.unpack_from(keys, key_address)
        key = keys[key_address + LENGTH.size : key_address + LENGTH.size + length].decode()
        version, value_address = KEY_TAIL.unpack_from(keys, key_address + LENGTH.size + length)
        if version != DELETED_VERSION:
            (value_length,) = LENGTH.unpack_from(values, value_address)
            start = value_address + LENGTH.size
            text = values[start : start + value_length].decode()
            database.values[key] = Value(
                text, version, clock(), State.OK, value_address=value_address, key_address=key_address
            )
        key_address += LENGTH.size + length + KEY_TAIL.size
    return database


def _is_at(keys: bytearray, key_address: int, key: str) -> bool:
    encoded = key.encode()
    return keys.startswith(LENGTH.pack(len(encoded)) + encoded, key_address)


def _tail(key: str, key_address: int) -> int:
    return key_address + LENGTH.size + len(key.encode())
