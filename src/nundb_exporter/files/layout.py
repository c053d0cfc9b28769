"""The files of a data directory by their names (protocol notes 4). Pure."""

from enum import StrEnum
from typing import Final

FLAG: Final = "is-oplog.valid"
KEY_MAP: Final = "keys-nun.keys"
OPLOG: Final = "oplog-nun.op"
OF_NODE: Final = frozenset({FLAG, KEY_MAP, OPLOG})
SEGMENTS: Final = "oplog"
"""The directory of the segments that the log was rotated into."""

_SEGMENT_PREFIX: Final = "oplog-nun-"
_SEGMENT_SUFFIX: Final = ".op"

ADMIN_DATABASE: Final = "$admin"
ADMIN_NUMBER: Final = 0


class Part(StrEnum):
    """One of a database's files."""

    KEYS = "keys"
    VALUES = "values"
    METADATA = "metadata"
    OLD_KEYS = "old_keys"
    """The keys as they were before a snapshot that reclaims space; it deletes them at its end."""


_SUFFIXES: Final = {
    "-nun.data.keys": Part.KEYS,
    "-nun.data.values": Part.VALUES,
    "-nun.madadata": Part.METADATA,  # sic
    "-nun.data.keys.old": Part.OLD_KEYS,
}


def part_of(file_name: str) -> tuple[str, Part] | None:
    """Return the database and the part that a file is; None if it is something else."""
    for suffix, part in _SUFFIXES.items():
        if file_name.endswith(suffix):
            return file_name.removesuffix(suffix), part
    return None


def segment_number(file_name: str) -> int | None:
    """Return the number that orders a segment among the others; None if the file is none."""
    if not file_name.startswith(_SEGMENT_PREFIX) or not file_name.endswith(_SEGMENT_SUFFIX):
        return None
    digits = file_name.removeprefix(_SEGMENT_PREFIX).removesuffix(_SEGMENT_SUFFIX)
    return int(digits) if digits.isascii() and digits.isdigit() else None
