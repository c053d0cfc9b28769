"""Data directories as Nun-db writes them, in any state."""

import os
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nundb_exporter.files.conditions import Look
from nundb_exporter.files.samples import samples
from nundb_exporter.files.watch import Watch

BEGIN = 1_795_624_743_000_000_085
"""Nanoseconds since the epoch; operations follow, one a second. The last byte of none is an operation's kind."""
SECOND = 1_000_000_000
UPDATE, REMOVE, CREATE, SNAPSHOT = range(4)

Operation = tuple[int, int, int]
"""Key, database and kind."""


def record(moment: int, operation: Operation) -> bytes:
    """One operation, so many seconds after the beginning."""
    key, database, kind = operation
    return struct.pack("<QQQB", BEGIN + moment * SECOND, key, database, kind)


def log(operations: Iterable[Operation], first: int = 0) -> bytes:
    """Operations, one a second."""
    return b"".join(record(first + moment, operation) for moment, operation in enumerate(operations))


def text(words: bytes) -> bytes:
    """Bytes behind their length."""
    return struct.pack("<Q", len(words)) + words


def key_entry(key: bytes, address: int, version: int = 0) -> bytes:
    """A key and where its value is."""
    return text(key) + struct.pack("<iQ", version, address)


def value_entry(value: bytes) -> bytes:
    """A value."""
    return text(value) + struct.pack("<i", 0)


def database_files(values: dict[bytes, bytes]) -> tuple[bytes, bytes]:
    """The files of keys and of values."""
    keys, written = b"", b""
    for key, value in values.items():
        keys += key_entry(key, len(written))
        written += value_entry(value)
    return keys, written


def key_map(count: int) -> bytes:
    """The numbers of that many keys."""
    entries = (text(f"key{number}".encode()) + struct.pack("<Q", number) for number in range(count))
    return struct.pack("<Q", count) + b"".join(entries)


@dataclass(slots=True)
class DataDirectory:
    """A directory, to be filled."""

    path: Path
    names: list[str] = field(default_factory=list)

    def save(self, name: str, number: int, moment: int, strategy: int = 1, **values: str) -> None:
        """Snapshot a database so many seconds after the beginning."""
        stored = {b"$$token": b"database-token", **{key.encode(): value.encode() for key, value in values.items()}}
        keys, written = database_files(stored)
        self.write(f"{name}-nun.data.keys", keys, moment)
        self.write(f"{name}-nun.data.values", written, moment)
        self.write(f"{name}-nun.madadata", struct.pack("<Qi", number, strategy), moment)

    def write(self, file: str, data: bytes, moment: int = 0) -> Path:
        """Write a file whose time is so many seconds after the beginning."""
        path = self.path / file
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(data)
        os.utime(path, ns=(BEGIN + moment * SECOND,) * 2)
        return path

    def fill(self, operations: Sequence[Operation], keys: int | None, flag: bytes | None = b"\x01") -> None:
        """Write the node's own files; None leaves one out."""
        self.write("oplog-nun.op", log(operations))
        if keys is not None:
            self.write("keys-nun.keys", key_map(keys))
        if flag is not None:
            self.write("is-oplog.valid", flag)


def seen(path: Path) -> Look:
    """Look twice, as long apart as two looks must be."""
    watch = Watch(path)
    watch.look(0.0)
    return watch.look(2.0)


def wrong(look: Look) -> set[tuple[str, str]]:
    """What is told, as kind and database."""
    return {(condition.kind.value, condition.database) for condition in look.told}


def shown(look: Look) -> dict[tuple[str, ...], float]:
    """The samples by name, without its prefix, and labels."""
    return {(sample.family.name.removeprefix("nundb_"), *sample.labels): sample.value for sample in samples(look)}


def value(look: Look, name: str, *labels: str) -> float | None:
    """One sample."""
    return shown(look).get((name, *labels))
