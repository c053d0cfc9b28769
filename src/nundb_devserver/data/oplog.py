"""The operation log: 25-byte records in a current file and rotated segments (disk_ops.rs; protocol notes 4.1, 4.2)."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from struct import Struct
from typing import Final

_RECORD: Final = Struct("<QQQB")
"""Operation id, key id, database id, kind; little endian, no padding: 25 bytes."""
RECORD_BYTES: Final = _RECORD.size

CREATE_DB_KEY: Final = 1
SNAPSHOT_KEY: Final = 2

_SEGMENTS: Final = 10
"""The limit on the log's size, divided by this, is the limit on a segment; pruning starts at as many segments."""


class Kind(IntEnum):
    """What an operation did."""

    UPDATE = 0
    REMOVE = 1
    CREATE_DB = 2
    SNAPSHOT = 3


_KINDS: Final = frozenset(int(kind) for kind in Kind)


@dataclass(frozen=True, slots=True)
class Record:
    """One record, and its place in its segment, counted from 1 where a reading starts."""

    operation_id: int
    key: int
    database: int
    kind: Kind
    position: int


class Oplog:
    """The operation log of one node in `directory`. `clock` names rotated segments; `limit` is in bytes."""

    def __init__(self, directory: Path, limit: int, clock: Callable[[], int]) -> None:
        self.limit = limit
        self._directory = directory
        self._clock = clock
        self._path = directory / "oplog-nun.op"
        self._rotated = directory / "oplog"
        self._rotated_bytes = sum(path.stat().st_size for path in self._segments())
        self._open()

    def append(self, records: list[tuple[int, int, int, Kind]]) -> None:
        """Write records of (operation id, key id, database id, kind), all at once unless a segment ends among them.

        The record that takes a segment over its limit is written again as the first of the next one, as in the
        original: one duplicate for each rotation.
        """
        waiting = bytearray()
        for record in records:
            packed = _RECORD.pack(*record)
            waiting += packed
            if self._size + len(waiting) > self.limit // _SEGMENTS:
                self._write(waiting)
                self._rotate()
                waiting = bytearray(packed)
        self._write(waiting)

    def size(self) -> int:
        """Return the bytes of all segments; a current file that has disappeared is created anew."""
        current = os.fstat(self._file.fileno())
        if not current.st_nlink:
            self._file.close()
            self._open()
            return self._rotated_bytes
        return self._rotated_bytes + current.st_size

    def last_operation_id(self) -> int:
        """Return the id of the current file's last record, 0 if it has none: also right after a rotation at rest."""
        with self._path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < _RECORD.size:
                return 0
            file.seek(-_RECORD.size, os.SEEK_END)
            return int(_RECORD.unpack(file.read(_RECORD.size))[0])

    def since(self, operation_id: int) -> list[Record]:
        """Return, in the order of writing, the newest record of each key of each database from an id on.

        The current file is read first and the older ones after it, and a later reading replaces an earlier one: so an
        older record wins over the current file's, as in the original (disk_ops.rs: read_operations_since). So does a
        snapshot's or a creation's over that of the key that happens to have its number, 2 or 1.
        """
        newest: dict[tuple[int, int], Record] = {}
        for path in (self._path, *self._segments()):
            for record in self._records_since(path, operation_id):
                newest[record.database, record.key] = record
        return sorted(newest.values(), key=lambda record: record.position)

    def prune(self) -> None:
        """With ten rotated segments or more, keep the nine newest."""
        segments = self._segments()
        if len(segments) >= _SEGMENTS:
            for path in segments[_SEGMENTS - 1 :]:
                self._rotated_bytes -= path.stat().st_size
                path.unlink()

    def close(self) -> None:
        """Close the current file."""
        self._file.close()

    def _open(self) -> None:
        self._file = self._path.open("ab", buffering=0)
        self._size = self._path.stat().st_size
        if self._size >= max(self.limit // _SEGMENTS, 1):
            self._rotate()

    def _write(self, records: bytearray) -> None:
        if records and not self._file.closed:
            self._file.write(records)
            self._size += len(records)

    def _rotate(self) -> None:
        self._rotated.mkdir(exist_ok=True)
        self._file.close()
        self._path.rename(self._rotated / f"oplog-nun-{self._clock()}.op")
        self._rotated_bytes += self._size
        self._open()

    def _segments(self) -> list[Path]:
        # Newest first. The original sorts by time of creation, which a name holds just as well and every disk keeps.
        if not self._rotated.is_dir():
            return []
        return sorted(self._rotated.iterdir(), key=lambda path: (len(path.name), path.name), reverse=True)

    @staticmethod
    def _records_since(path: Path, operation_id: int) -> Iterator[Record]:
        content = path.read_bytes()
        whole = content[: len(content) // _RECORD.size * _RECORD.size]
        position = 0
        for written, key, database, kind in _RECORD.iter_unpack(whole):
            if position or written >= operation_id:
                position += 1
                yield Record(written, key, database, Kind(kind) if kind in _KINDS else Kind.UPDATE, position)


def discard(directory: Path) -> None:
    """Delete every segment: what a start with an invalid log does."""
    (directory / "oplog-nun.op").unlink(missing_ok=True)
    for path in (directory / "oplog").glob("*.op"):
        path.unlink()
