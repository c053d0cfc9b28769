"""What was read in a data directory at one look, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from nundb_exporter.files.keys import KeyMap, Keys
from nundb_exporter.files.layout import Part
from nundb_exporter.files.metadata import number_of
from nundb_exporter.files.oplog import History, Record


class Stamp(NamedTuple):
    """What changes when a file does."""

    inode: int
    size: int
    modified: int
    """Nanoseconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The files of one database."""

    name: str
    stamps: Mapping[Part, Stamp]
    """Of the files that are there."""
    metadata: bytes | None
    keys: Keys | None
    """None if there is no file of keys, or it is not read to its end."""
    is_cut: bool
    """Whether the last value reaches beyond the end of its file."""

    @property
    def number(self) -> int | None:
        """The database's number in the operation log; None if nothing tells it."""
        return None if self.metadata is None else number_of(self.metadata)

    @property
    def saved_at(self) -> int | None:
        """When its last snapshot ended, in nanoseconds since the epoch: then it writes the metadata, changed or not."""
        stamp = self.stamps.get(Part.METADATA)
        return None if stamp is None else stamp.modified


class Space(NamedTuple):
    """The file system: what is free for the user that Nun-db runs as, unless that is root."""

    free_bytes: int
    bytes: int
    free_files: int
    files: int
    """0 if the file system does not limit their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Everything."""

    databases: tuple[Database, ...]
    """By name."""
    flag: bytes
    """Whether the operation log is valid: what the file holds, nothing if there is none."""
    key_map: KeyMap | None
    """None if it is not read to its end; without damage or keys if there is none."""
    stamps: Mapping[str, Stamp]
    """Of the flag, the key map and the current operation log, where they are."""
    history: History
    oplog_files: int
    oplog_bytes: int
    torn_bytes: int
    """At the end of a file of the operation log, less than a record."""
    last: Record | None
    """The last record of the current file; None without any."""
    unread_oplog_bytes: int
    unread_keys_bytes: int
    """Left for the next looks."""
    space: Space
    is_any: bool
    """Whether there is any file of Nun-db."""

    @property
    def unread_bytes(self) -> int:
        """What is left for the next looks."""
        return self.unread_oplog_bytes + self.unread_keys_bytes
