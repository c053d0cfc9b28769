"""A database's metadata: its number and its conflict strategy (protocol notes 4.5). Pure."""

from struct import Struct
from typing import Final

_METADATA: Final = Struct("<Qi")
METADATA_BYTES: Final = _METADATA.size
_STRATEGIES: Final = frozenset({0, 1, 2})


def number_of(data: bytes) -> int | None:
    """Return the database's number; None if this is no metadata."""
    if len(data) != METADATA_BYTES:
        return None
    number, strategy = _METADATA.unpack(data)
    return int(number) if strategy in _STRATEGIES else None


def is_valid_flag(data: bytes) -> bool:
    """Whether the file that says so makes Nun-db take its operation log for valid: also an empty one does."""
    return data[:1] in {b"", b"\x01"}
