"""Files of a directory that another process writes: looked at and read, never waited for, never written."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nundb_exporter.files.contents import Stamp

_CHUNK: Final = 256 * 1024
_GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO})
_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class Budget:
    """How many bytes may still be read at this look; None: as many as there are."""

    def __init__(self, left: int | None) -> None:
        self._left = left

    def grant(self, wanted: int) -> int:
        """Return how many of the wanted bytes may be read now, at once."""
        granted = min(wanted, _CHUNK)
        if self._left is not None:
            granted = min(granted, self._left)
            self._left -= granted
        return granted


def stamp_of(path: Path) -> Stamp | None:
    """Return what tells whether a file has changed; None if there is none, or it is no regular file.

    Raises:
        OSError: it may not be looked at.
    """
    try:
        return _stamp(path.stat())
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise


def _stamp(status: os.stat_result) -> Stamp | None:
    return Stamp(status.st_ino, status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def read(path: Path, stamp: Stamp, length: int, offset: int = 0) -> bytes | None:
    """Return bytes of the file that has this stamp's inode; None if another one has its name now, or none.

    Raises:
        OSError: it may not be read.
    """
    with _opened(path, stamp) as descriptor:
        return None if descriptor is None else os.pread(descriptor, length, offset)


@contextlib.contextmanager
def _opened(path: Path, stamp: Stamp) -> Iterator[int | None]:
    try:
        descriptor = os.open(path, _FLAGS)  # a pipe that has taken the name must not be waited for
    except OSError as error:
        if error.errno in _GONE:
            yield None
            return
        raise
    try:
        now = _stamp(os.fstat(descriptor))
        yield descriptor if now is not None and now.inode == stamp.inode else None
    finally:
        os.close(descriptor)
