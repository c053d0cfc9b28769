"""Numbers for keys, shared by all databases of a node, and whether the disk knows them all (protocol notes 4.3)."""

from pathlib import Path
from struct import Struct
from typing import Final

_NUMBER: Final = Struct("<Q")


class KeyMap:
    """The key map and its validity byte, in `directory`."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "keys-nun.keys"
        self._validity = directory / "is-oplog.valid"
        self._ids: dict[str, int] = _load(self._path)
        self._keys = {number: key for key, number in self._ids.items()}
        self.was_valid = self._read_validity()
        self.is_valid = self.was_valid

    def number(self, key: str) -> int:
        """Return a key's number; a new one makes the log invalid until the map is saved."""
        number = self._ids.get(key)
        if number is None:
            number = self._ids[key] = len(self._ids)
            self._keys[number] = key
            if self.is_valid:
                self._mark(is_valid=False)
        return number

    def key(self, number: int) -> str | None:
        """Return the key of a number."""
        return self._keys.get(number)

    def save(self) -> None:
        """Write the map, if the disk does not know it already."""
        if self.is_valid:
            return
        parts = [_NUMBER.pack(len(self._ids))]
        for key, number in self._ids.items():
            encoded = key.encode()
            parts += (_NUMBER.pack(len(encoded)), encoded, _NUMBER.pack(number))
        self._path.write_bytes(b"".join(parts))
        self._mark(is_valid=True)

    def forget_validity(self) -> None:
        """Start with a log that was found invalid: the file goes, the original's flag stays false until a save."""
        self._validity.write_bytes(b"")

    def _read_validity(self) -> bool:
        # An empty file is valid: the original reads into a buffer that already holds a 1 (disk_ops.rs: is_oplog_valid).
        if not self._validity.exists():
            self._validity.touch()
        return self._validity.read_bytes()[:1] in (b"", b"\x01")

    def _mark(self, *, is_valid: bool) -> None:
        self.is_valid = is_valid
        self._validity.write_bytes(b"\x01" if is_valid else b"\x00")


def _load(path: Path) -> dict[str, int]:
    if not path.exists():
        return {}
    content = path.read_bytes()
    (count,) = _NUMBER.unpack_from(content)
    position = _NUMBER.size
    ids = {}
    for _ in range(count):
        (length,) = _NUMBER.unpack_from(content, position)
        position += _NUMBER.size
        key = content[position : position + length].decode()
        position += length
        (ids[key],) = _NUMBER.unpack_from(content, position)
        position += _NUMBER.size
    return ids
