"""Databases on disk: a file of keys, a file of values, a file of metadata (storage/disk.rs; protocol notes 4.5)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from struct import Struct
from typing import Final

from nundb_devserver.data.store import Database, DiskState, Strategy, Value

KEYS_SUFFIX: Final = "-nun.data.keys"
_VALUES_SUFFIX: Final = "-nun.data.values"
_METADATA_SUFFIX: Final = "-nun.madadata"  # sic
SUFFIXES: Final = (KEYS_SUFFIX, _VALUES_SUFFIX, _METADATA_SUFFIX)

_LENGTH: Final = Struct("<Q")
_KEY_TAIL: Final = Struct("<iQ")
"""Version and address of the value, after a key's bytes."""
_STATUS: Final = Struct("<i")
_METADATA: Final = Struct("<Qi")

_STRATEGIES: Final = {strategy.value: strategy for strategy in Strategy}

_DELETED_VERSION: Final = -1
"""A key with this version on disk does not exist: also one whose real version is -1 (protocol notes 3.2)."""


def save(database: Database, directory: Path, *, reclaim: bool) -> None:
    """Write what has changed since the last snapshot; with `reclaim`, write everything into new files."""
    keys_path = directory / f"{database.name}{KEYS_SUFFIX}"
    values_path = directory / f"{database.name}{_VALUES_SUFFIX}"
    keys = bytearray() if reclaim or not keys_path.exists() else bytearray(keys_path.read_bytes())
    values = bytearray() if reclaim or not values_path.exists() else bytearray(values_path.read_bytes())
    for key, value in tuple(database.values.items()):
        if value.state is DiskState.OK and not reclaim:
            continue
        # After a reclaiming snapshot the original's addresses of deleted keys point into other records, which it then
        # overwrites; here a key is altered in place only where it is.
        is_in_place = not reclaim and value.state is not DiskState.NEW and _is_at(keys, value.key_address, key)
        if value.state is DiskState.DELETED:
            if is_in_place:
                _KEY_TAIL.pack_into(keys, _tail(key, value.key_address), _DELETED_VERSION, 0)
            continue
        value_address = len(values)
        encoded = value.text.encode()
        values += _LENGTH.pack(len(encoded)) + encoded + _STATUS.pack(DiskState.OK)
        if is_in_place:
            key_address = value.key_address
            _KEY_TAIL.pack_into(keys, _tail(key, key_address), value.version, value_address)
        else:
            key_address = len(keys)
            encoded = key.encode()
            keys += _LENGTH.pack(len(encoded)) + encoded + _KEY_TAIL.pack(value.version, value_address)
        database.mark_saved(key, value_address, key_address)
    values_path.write_bytes(values)
    keys_path.write_bytes(keys)
    metadata = _METADATA.pack(database.number, database.strategy.value)
    (directory / f"{database.name}{_METADATA_SUFFIX}").write_bytes(metadata)


def mark_removed(name: str, directory: Path, places: Mapping[str, int]) -> None:
    """Do what the original does at a plain snapshot for keys that were removed before space was reclaimed.

    It still marks them as removed, in the new file and at the places that they had in the old one.
    """
    path = directory / f"{name}{KEYS_SUFFIX}"
    keys = bytearray(path.read_bytes())
    for key, place in places.items():
        tail = _tail(key, place)
        keys.extend(bytes(max(tail + _KEY_TAIL.size - len(keys), 0)))
        _KEY_TAIL.pack_into(keys, tail, _DELETED_VERSION, 0)
    path.write_bytes(keys)


def names(directory: Path) -> list[str]:
    """Return the databases that are on disk."""
    return sorted(path.name.removesuffix(KEYS_SUFFIX) for path in directory.glob(f"*{KEYS_SUFFIX}"))


def others(directory: Path) -> list[str]:
    """Return what else is there: the original looks at each file and says that it is not a database's."""
    return sorted(path.name for path in directory.iterdir() if not path.name.endswith(KEYS_SUFFIX))


def load(name: str, directory: Path, clock: Callable[[], int], fallback_number: int) -> Database:
    """Read a database; one without metadata gets the strategy newer and the number that is free."""
    metadata_path = directory / f"{name}{_METADATA_SUFFIX}"
    if metadata_path.exists():
        number, strategy_number = _METADATA.unpack(metadata_path.read_bytes()[: _METADATA.size])
        strategy = _STRATEGIES.get(strategy_number, Strategy.NONE)
    else:
        number, strategy = fallback_number, Strategy.NEWER
    database = Database(name, number, strategy, clock)
    keys = (directory / f"{name}{KEYS_SUFFIX}").read_bytes()
    values = (directory / f"{name}{_VALUES_SUFFIX}").read_bytes()
    key_address = 0
    while key_address < len(keys):
        (length,) = _LENGTH.unpack_from(keys, key_address)
        key = keys[key_address + _LENGTH.size : key_address + _LENGTH.size + length].decode()
        version, value_address = _KEY_TAIL.unpack_from(keys, key_address + _LENGTH.size + length)
        if version != _DELETED_VERSION:
            (value_length,) = _LENGTH.unpack_from(values, value_address)
            start = value_address + _LENGTH.size
            text = values[start : start + value_length].decode()
            database.values[key] = Value(
                text, version, clock(), DiskState.OK, value_address=value_address, key_address=key_address
            )
        key_address += _LENGTH.size + length + _KEY_TAIL.size
    return database


def _is_at(keys: bytearray, key_address: int, key: str) -> bool:
    encoded = key.encode()
    return keys.startswith(_LENGTH.pack(len(encoded)) + encoded, key_address)


def _tail(key: str, key_address: int) -> int:
    return key_address + _LENGTH.size + len(key.encode())
