"""How far logs have been read, kept in a file so that a new exporter neither counts a line twice nor skips one."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from nundb_exporter.errors import ConfigError
from nundb_exporter.system_errors import cause_of

_SETTING: Final = "--nundb.log.state-file"
_CURE: Final = "name a file that the exporter may write"
_OTHER: Final = "name another file, or remove it"
_VERSION: Final = 1


class Place(NamedTuple):
    """A place in a log. A file is told by its inode, because logs are renamed."""

    device: int
    inode: int
    offset: int
    digest: str
    """Of the bytes before the offset; empty if it is not known. Another one there: the file was written anew."""
    is_torn: bool = False
    """Whether the place may lie within a record, of which the beginning is lost."""


def load(path: Path) -> dict[str, Place]:
    """Return the places by the names of the logs; none if there is no state yet.

    Raises:
        ConfigError: the file cannot be read, or is something else.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for, a device would be replaced by a file
            raise ConfigError(_SETTING, "is no regular file", _CURE)
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(_SETTING, f"cannot be read ({cause_of(error)})", _CURE) from None
    except UnicodeDecodeError:
        raise ConfigError(_SETTING, "is no state of this exporter", _OTHER) from None
    if not text:
        return {}  # the machine failed before the file reached the disk
    try:
        state = json.loads(text)
        places = {str(name): _place(fields) for name, fields in state["places"].items()}
        is_known = state["version"] == _VERSION
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        is_known = False
    if not is_known:
        raise ConfigError(_SETTING, "is no state of this exporter", _OTHER)
    return places


def _place(fields: Mapping[str, Any]) -> Place:
    device, inode, offset = (int(fields[name]) for name in ("device", "inode", "offset"))
    if offset < 0:
        raise ValueError("no place")
    return Place(device, inode, offset, str(fields["digest"]), bool(fields["is_torn"]))


def save(path: Path, places: Mapping[str, Place]) -> None:
    """Write the places, so that a reader of the file sees the old or the new ones.

    Raises:
        OSError: the file cannot be written.
    """
    state = {"version": _VERSION, "places": {name: place._asdict() for name, place in places.items()}}
    new = path.with_name(f"{path.name}.new")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(state, file)
        new.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
