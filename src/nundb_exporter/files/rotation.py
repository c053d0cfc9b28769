"""The files of the operation log, read in order, each byte once, though they are renamed, pruned and made anew."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nundb_exporter.files import access, layout, oplog
from nundb_exporter.files.access import Budget
from nundb_exporter.files.contents import Stamp
from nundb_exporter.files.oplog import RECORD_BYTES, History, Record


@dataclass(slots=True)
class _Read:
    """How far a file is read."""

    offset: int = 0
    tail: bytes = b""
    """The record before that place: another one there means that the file was written anew."""


class OplogState(NamedTuple):
    """The log after a look."""

    files: int
    bytes: int
    torn_bytes: int
    last: Record | None
    """The last record of the current file; None without any."""
    unread_bytes: int


class OplogFiles:
    """Reads the log in a data directory."""

    def __init__(self, path: Path) -> None:
        self._current = path / layout.OPLOG
        self._rotated = path / layout.SEGMENTS
        self._known: dict[int, _Read] = {}
        """By inode: a rotation renames a file."""
        self._current_inode: int | None = None
        self.history = History()

    def read(self, budget: Budget) -> OplogState:
        """Read on; what was read of a log that is gone is forgotten.

        Raises:
            OSError: a file may not be read.
        """
        # The current file first: one that is rotated in between is then seen twice, and not missed.
        current = access.stamp_of(self._current)
        files = self._segments()
        if current is not None:
            files = [file for file in files if file[1].inode != current.inode]
            files.append((self._current, current))
        if self._is_another(files):
            self._known = {}
            self.history.forget()
        self._current_inode = None if current is None else current.inode
        torn = unread = 0
        for path, stamp in files:
            left = self._read_file(path, stamp, budget) if not unread else self._left(stamp)
            if left >= RECORD_BYTES:
                unread += left
            else:
                torn += left
        inodes = {stamp.inode for _, stamp in files}
        self._known = {inode: known for inode, known in self._known.items() if inode in inodes}
        last = None if current is None else self._last(current, is_whole=not unread)
        return OplogState(len(files), sum(stamp.size for _, stamp in files), torn, last, unread)

    def _segments(self) -> list[tuple[Path, Stamp]]:
        """Return the rotated files, the oldest first."""
        try:
            names = [path.name for path in self._rotated.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        numbered = [(number, name) for name in names if (number := layout.segment_number(name)) is not None]
        paths = [self._rotated / name for _, name in sorted(numbered)]
        return [(path, stamp) for path in paths if (stamp := access.stamp_of(path)) is not None]

    def _is_another(self, files: list[tuple[Path, Stamp]]) -> bool:
        """Whether the log was deleted and begun anew: a start in invalid state does that."""
        inodes = {stamp.inode for _, stamp in files}
        if self._current_inode is not None and self._current_inode not in inodes:
            return True
        for path, stamp in files:
            known = self._known.get(stamp.inode)
            if known is None:
                continue
            if stamp.size < known.offset:
                return True
            if known.tail and access.read(path, stamp, len(known.tail), known.offset - len(known.tail)) != known.tail:
                return True
        return False

    def _left(self, stamp: Stamp) -> int:
        return stamp.size - self._known.get(stamp.inode, _Read()).offset

    def _read_file(self, path: Path, stamp: Stamp, budget: Budget) -> int:
        """Read a file on, and return how many bytes are left: less than a record, or what the budget does not grant."""
        known = self._known.setdefault(stamp.inode, _Read())
        while (left := stamp.size - known.offset) >= RECORD_BYTES:
            wanted = budget.grant(left)
            data = access.read(path, stamp, wanted, known.offset) if wanted else None
            if not data:
                return left
            last = self.history.last
            previous = None if last is None else last.operation_id
            reading = oplog.read(data, is_end=known.offset + len(data) >= stamp.size, previous=previous)
            self.history.take(reading.records)
            self.history.lost += reading.lost
            taken = len(data) - reading.rest
            if not taken:
                return left
            known.offset += taken
            known.tail = (known.tail + data[:taken])[-RECORD_BYTES:]
        return left

    def _last(self, current: Stamp, *, is_whole: bool) -> Record | None:
        if current.size < RECORD_BYTES:
            return None  # a node whose current file is empty asks for everything (protocol notes 4.4)
        if is_whole:
            return self.history.last
        data = access.read(self._current, current, RECORD_BYTES, (current.size // RECORD_BYTES - 1) * RECORD_BYTES)
        records = oplog.read(data or b"", is_end=True).records
        return records[-1] if records else None
