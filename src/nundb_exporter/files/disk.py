"""A data directory on disk, read a little at each look, read-only."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Final, TypeVar

from nundb_exporter.files import access, layout
from nundb_exporter.files.access import Budget
from nundb_exporter.files.contents import Contents, Database, Space, Stamp
from nundb_exporter.files.keys import VALUE_FRAME_BYTES, KeyMap, KeyMapWalk, Keys, KeysWalk
from nundb_exporter.files.layout import Part
from nundb_exporter.files.metadata import METADATA_BYTES
from nundb_exporter.files.rotation import OplogFiles

W = TypeVar("W", KeysWalk, KeyMapWalk)

_LENGTH: Final = Struct("<Q")
_NO_KEY_MAP: Final = KeyMap(damage=None, keys=0)


@dataclass(slots=True)
class _Walked:
    """A file of keys, as far as it is read."""

    basis: tuple[Stamp, ...]
    walk: KeysWalk | KeyMapWalk
    offset: int = 0
    is_cut: bool | None = None
    """Whether the last value is cut off; None if that is not known yet."""

    @property
    def left(self) -> int:
        return self.basis[0].size - self.offset


@dataclass(frozen=True, slots=True)
class _Part:
    path: Path
    stamp: Stamp


class Directory:
    """Reads one directory, at each look what has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._oplog = OplogFiles(path)
        self._walked: dict[Path, _Walked] = {}
        self._metadata: dict[Path, tuple[Stamp, bytes]] = {}

    def look(self, budget_bytes: int | None = None) -> Contents:
        """Return what is there, of which at most so many bytes of keys and log are read now; None: all of them.

        A file that changes or vanishes meanwhile is as if it had done so before or after.

        Raises:
            OSError: the directory, or a file in it, may not be read.
        """
        stamps, parts = self._list()
        budget = Budget(budget_bytes)
        key_map = self._key_map(stamps.get(layout.KEY_MAP), budget)
        databases = tuple(self._database(name, parts[name], budget) for name in sorted(parts))
        self._oplog.history.save(_saved(databases))
        log = self._oplog.read(budget)
        self._forget_removed(parts, stamps)
        flag = stamps.get(layout.FLAG)
        return Contents(
            databases=databases,
            flag=(access.read(self._path / layout.FLAG, flag, 1) or b"") if flag is not None else b"",
            key_map=key_map,
            stamps=stamps,
            history=self._oplog.history,
            oplog_files=log.files,
            oplog_bytes=log.bytes,
            torn_bytes=log.torn_bytes,
            last=log.last,
            unread_oplog_bytes=log.unread_bytes,
            unread_keys_bytes=sum(walked.left for walked in self._walked.values()),
            space=self._space(),
            is_any=bool(stamps or parts or log.files),
        )

    def _list(self) -> tuple[dict[str, Stamp], dict[str, dict[Part, _Part]]]:
        """Return the stamps of the node's own files by their names, and the files of its databases."""
        stamps: dict[str, Stamp] = {}
        parts: dict[str, dict[Part, _Part]] = {}
        for path in self._path.iterdir():
            of_database = layout.part_of(path.name)
            if of_database is None and path.name not in layout.OF_NODE:
                continue
            stamp = access.stamp_of(path)
            if stamp is None:
                continue
            if of_database is None:
                stamps[path.name] = stamp
            else:
                name, part = of_database
                parts.setdefault(name, {})[part] = _Part(path, stamp)
        return stamps, parts

    def _database(self, name: str, parts: dict[Part, _Part], budget: Budget) -> Database:
        metadata = parts.get(Part.METADATA)
        keys = self._keys(parts, budget)
        return Database(
            # A name that is not UTF-8 is shown with its bytes escaped.
            name=os.fsencode(name).decode(errors="backslashreplace"),
            stamps={part: each.stamp for part, each in parts.items()},
            metadata=None if metadata is None else self._read_metadata(metadata),
            keys=keys,
            is_cut=self._is_cut(parts, keys),
        )

    def _read_metadata(self, file: _Part) -> bytes | None:
        known = self._metadata.get(file.path)
        if known is not None and known[0] == file.stamp:
            return known[1]
        data = access.read(file.path, file.stamp, METADATA_BYTES + 1)
        if data is not None:
            self._metadata[file.path] = (file.stamp, data)
        return data

    def _keys(self, parts: dict[Part, _Part], budget: Budget) -> Keys | None:
        file, values = parts.get(Part.KEYS), parts.get(Part.VALUES)
        if file is None:
            return None
        basis = (file.stamp,) if values is None else (file.stamp, values.stamp)
        fresh = KeysWalk(file.stamp.size, None if values is None else values.stamp.size)
        walk = self._walk(file.path, basis, fresh, budget)
        return None if walk is None else walk.end()

    def _key_map(self, stamp: Stamp | None, budget: Budget) -> KeyMap | None:
        if stamp is None:
            return _NO_KEY_MAP
        walk = self._walk(self._path / layout.KEY_MAP, (stamp,), KeyMapWalk(stamp.size), budget)
        return None if walk is None else walk.end()

    def _walk(self, path: Path, basis: tuple[Stamp, ...], fresh: W, budget: Budget) -> W | None:
        """Read a file of keys on, from its beginning if it has changed; return None if it is not read to its end."""
        known = self._walked.get(path)
        if known is None or known.basis != basis:
            known = self._walked[path] = _Walked(basis, fresh)
        while known.left:
            wanted = budget.grant(known.left)
            data = access.read(path, basis[0], wanted, known.offset) if wanted else None
            if not data:
                return None
            known.walk.feed(data)
            known.offset += len(data)
        walk = known.walk
        return walk if isinstance(walk, type(fresh)) else None

    def _is_cut(self, parts: dict[Part, _Part], keys: Keys | None) -> bool:
        """Whether the last value does not end within its file: of values, only the length of this one is read."""
        values = parts.get(Part.VALUES)
        if keys is None or keys.damage is not None or keys.last_value is None or values is None:
            return False
        walked = self._walked[parts[Part.KEYS].path]
        if walked.is_cut is None:
            data = access.read(values.path, values.stamp, _LENGTH.size, keys.last_value)
            if data is None or len(data) < _LENGTH.size:
                return False  # the file has just been replaced
            (length,) = _LENGTH.unpack(data)
            walked.is_cut = keys.last_value + VALUE_FRAME_BYTES + length > values.stamp.size
        return walked.is_cut

    def _forget_removed(self, parts: dict[str, dict[Part, _Part]], stamps: dict[str, Stamp]) -> None:
        there = {each.path for files in parts.values() for each in files.values()}
        there.update(self._path / name for name in stamps)
        self._walked = {path: walked for path, walked in self._walked.items() if path in there}
        self._metadata = {path: known for path, known in self._metadata.items() if path in there}

    def _space(self) -> Space:
        system = os.statvfs(self._path)
        return Space(
            system.f_bavail * system.f_frsize, system.f_blocks * system.f_frsize, system.f_favail, system.f_files
        )


def _saved(databases: Iterable[Database]) -> dict[int, int]:
    """Return when each number's database was saved last.

    Of several databases with one number, what the first has not saved is kept for the others too.
    """
    saved: dict[int, int] = {}
    for database in databases:
        if database.number is not None and database.saved_at is not None:
            saved[database.number] = min(database.saved_at, saved.get(database.number, database.saved_at))
    return saved
