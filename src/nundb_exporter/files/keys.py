"""Files of keys, read piece by piece, of which only damage is kept (protocol notes 4.3, 4.5). Pure."""

from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

_NUMBER: Final = Struct("<Q")
_KEY_TAIL: Final = Struct("<iQ")
"""Version, and address of the value, behind a key."""
VALUE_FRAME_BYTES: Final = 12
"""Around each value: its length before it, its status behind it."""

_MAX_KEY_BYTES: Final = 1 << 24
"""A longer key is none: its length is damaged, and it must not be waited for."""
_REMOVED: Final = -1
"""The version of a key that was removed."""
_TOKEN: Final = b"$$token"


class Keys(NamedTuple):
    """What a database's file of keys says."""

    damage: str | None
    """What is wrong, and at which byte; never a key."""
    has_token: bool
    last_value: int | None
    """Where the last of the values begins; None without any."""


class KeyMap(NamedTuple):
    """What the file of all keys' numbers says."""

    damage: str | None
    keys: int
    """How many keys have a number: 0 to that, less 1."""


class _Walk:
    """A file of which each entry begins with the length of a key, read piece by piece."""

    def __init__(self, size: int) -> None:
        self.damage: str | None = None
        self._size = size
        self._waiting = b""
        self._offset = 0
        """Of what waits, in the file."""

    def feed(self, data: bytes) -> None:
        """Take the next piece; behind damage nothing can be told apart, so it is not kept."""
        if self.damage is None:
            self._waiting += data

    def _entries(self, tail_bytes: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield the place, the key and what is behind it, of each entry that has come as a whole."""
        position = 0
        while self.damage is None and len(self._waiting) - position >= _NUMBER.size:
            (length,) = _NUMBER.unpack_from(self._waiting, position)
            place = self._offset + position
            if length > _MAX_KEY_BYTES or place + _NUMBER.size + length + tail_bytes > self._size:
                self.damage = f"the key at byte {place} reaches beyond the end of the file"
                return
            begin = position + _NUMBER.size
            end = begin + length + tail_bytes
            if end > len(self._waiting):
                break
            key = self._waiting[begin : begin + length]
            if not _is_text(key):
                self.damage = f"the key at byte {place} is not UTF-8"
                return
            yield place, key, self._waiting[begin + length : end]
            position = end
        self._offset += position
        self._waiting = self._waiting[position:]


class KeysWalk(_Walk):
    """A database's file of keys, of `size` bytes, whose values are in a file of `values_size` bytes; None: in none."""

    def __init__(self, size: int, values_size: int | None) -> None:
        super().__init__(size)
        self._values_size = values_size
        self._has_token = False
        self._last_value: int | None = None

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        super().feed(data)
        for place, key, tail in self._entries(_KEY_TAIL.size):
            version, address = _KEY_TAIL.unpack(tail)
            if version == _REMOVED:
                continue
            self._has_token = self._has_token or key == _TOKEN
            if self._values_size is not None and address + VALUE_FRAME_BYTES > self._values_size:
                self.damage = f"the key at byte {place} points beyond the end of the values"
                return
            self._last_value = address if self._last_value is None else max(self._last_value, address)

    def end(self) -> Keys:
        """Return what the whole file says."""
        if self.damage is None and self._waiting:
            self.damage = f"the last {len(self._waiting)} bytes are no key"
        return Keys(self.damage, self._has_token, self._last_value)


class KeyMapWalk(_Walk):
    """The file of all keys' numbers, of `size` bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._count: int | None = None
        self._seen = 0

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        super().feed(data)
        if self._count is None:
            if len(self._waiting) < _NUMBER.size:
                return
            (self._count,) = _NUMBER.unpack_from(self._waiting)
            self._waiting = self._waiting[_NUMBER.size :]
            self._offset = _NUMBER.size
        if self._seen < self._count:
            for _ in self._entries(_NUMBER.size):
                self._seen += 1
                if self._seen == self._count:
                    break
        if self._seen == self._count:
            self._waiting = b""  # a shorter map over a longer one leaves the end of that, which nobody reads

    def end(self) -> KeyMap:
        """Return what the whole file says."""
        if self.damage is None and self._seen < (self._count or 0):
            self.damage = f"it ends after {self._seen} of {self._count} keys"
        if self._count is None:
            self.damage = "it is too short"
        return KeyMap(self.damage, self._count or 0)


def _is_text(key: bytes) -> bool:
    try:
        key.decode()
    except UnicodeDecodeError:
        return False
    return True
