"""What a log's path can name: a file, a directory of files, or a pipe."""

import contextlib
import errno
import fcntl
import os
import stat
import sys
import termios
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

from nundb_exporter.errors import SourceError
from nundb_exporter.log.follow import FileFollower
from nundb_exporter.log.places import Place
from nundb_exporter.log.reader import Reader
from nundb_exporter.system_errors import cause_of

STANDARD_INPUT: Final = "-"
_SUFFIX: Final = ".log"
"""Of the files of a directory: runtimes rename them to other names, and compress those."""
_NO_FILE: Final = frozenset({errno.ENOENT, errno.ELOOP})
"""A symbolic link that leads nowhere."""
_PIPE_BYTES: Final = 1024 * 1024
"""What the kernel keeps of a pipe, as far as it allows: 64 KiB, its default, is soon full."""
_WAIT_SECONDS: Final = 0.01
_READ_BYTES: Final = 256 * 1024
_MAX_QUEUED: Final = 64 * 1024 * 1024
"""Bytes of a pipe that wait in memory. Beyond, they are thrown away: Nun-db stops when its output is not read."""


class Input(Protocol):
    """Somewhere that a log is read from, a little at each poll."""

    def poll(self) -> bool:
        """Read a little; return whether there was anything.

        Raises:
            OSError: none of it can be read.
        """

    def settle(self) -> None:
        """Count the last record too, because nothing has followed for a while."""

    def end(self) -> None:
        """Count what is left, because nothing will follow."""

    def read_to_end(self) -> None:
        """Read all there is, of a pipe until it is closed, and count what is left.

        Raises:
            OSError, SourceError: not all of it can be read.
        """

    def close(self) -> None:
        """Let go of files."""

    @property
    def lag(self) -> int:
        """Bytes that are written and not read."""

    @property
    def dropped(self) -> int:
        """Bytes that were thrown away."""

    @property
    def failure(self) -> SourceError | None:
        """Why the last poll could not read a part of it; the others were read."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing can follow."""

    @property
    def places(self) -> Mapping[str, Place]:
        """Where reading would have to go on, by file."""


def open_input(
    path: str,
    make_reader: Callable[[], Reader],
    *,
    from_start: bool,
    places: Mapping[str, Place],
    is_followed: bool = True,
) -> Input:
    """Return the input of that path; a file need not exist yet.

    A named pipe that is followed outlives its writers, and any other ends with the last of them.

    Raises:
        OSError: a pipe cannot be opened.
    """
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise OSError("standard input is closed")
        return Pipe(sys.stdin.fileno(), make_reader())
    mode = 0
    with contextlib.suppress(OSError):  # told when it is read
        mode = Path(path).stat().st_mode
    if stat.S_ISFIFO(mode):
        # Also for writing, though nothing is written: so it does not end when one writer does.
        return Pipe(os.open(path, (os.O_RDWR if is_followed else os.O_RDONLY) | os.O_CLOEXEC), make_reader())
    if stat.S_ISDIR(mode):
        return Directory(Path(path), make_reader, from_start=from_start, places=places)
    return Files({path: FileFollower(Path(path), make_reader(), from_start=from_start, place=places.get(path))})


class Files:
    """Files, by name."""

    dropped = 0
    has_ended = False

    def __init__(self, followers: dict[str, FileFollower]) -> None:
        self._followers = followers
        self.failure: SourceError | None = None

    def poll(self) -> bool:
        """See Input."""
        self.failure = None
        polled = [self._poll(name, follower) for name, follower in self._followers.items()]  # all of them
        return any(polled)

    def _poll(self, name: str, follower: FileFollower) -> bool:
        try:
            return follower.poll()
        except OSError as error:
            self.failure = SourceError(f"{name}: {cause_of(error)}")
            return False

    def settle(self) -> None:
        """See Input."""
        for follower in self._followers.values():
            follower.settle()

    def end(self) -> None:
        """See Input."""
        for follower in self._followers.values():
            follower.end()

    def read_to_end(self) -> None:
        """See Input."""
        while self.poll():
            pass
        if self.failure is not None:
            raise self.failure
        self.end()

    def close(self) -> None:
        """See Input."""
        for follower in self._followers.values():
            follower.close()

    @property
    def lag(self) -> int:
        """See Input."""
        return sum(follower.lag for follower in self._followers.values())

    @property
    def places(self) -> Mapping[str, Place]:
        """See Input."""
        return {name: place for name, follower in self._followers.items() if (place := follower.place) is not None}


def _may_be_log(path: Path) -> bool:
    """Whether a path is a file; also where that is not permitted to tell, so that it is told when it is read."""
    try:
        return path.suffix == _SUFFIX and stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        return error.errno not in _NO_FILE


class Directory(Files):
    """All files `*.log` of a directory; those that appear later are read from their beginning."""

    def __init__(
        self, path: Path, make_reader: Callable[[], Reader], *, from_start: bool, places: Mapping[str, Place]
    ) -> None:
        super().__init__({})
        self._path = path
        self._make_reader = make_reader
        # Where some have places, those that have none appeared while nobody looked.
        self._from_start = from_start or any(Path(name).parent == path for name in places)
        self._places = places

    def poll(self) -> bool:
        """See Input."""
        found = {str(path) for path in self._path.iterdir() if _may_be_log(path)}
        for name in sorted(found - self._followers.keys()):
            self._followers[name] = FileFollower(
                Path(name), self._make_reader(), from_start=self._from_start, place=self._places.get(name)
            )
        self._from_start = True
        is_any = super().poll()
        for name in self._followers.keys() - found:
            follower = self._followers[name]
            if not is_any and follower.is_removed:
                follower.end()
                follower.close()
                del self._followers[name]
        return is_any


class Pipe:
    """A pipe, emptied by a thread of its own so that the writer never waits for what is done with its bytes."""

    failure = None

    def __init__(self, descriptor: int, reader: Reader, max_queued: int = _MAX_QUEUED) -> None:
        self._descriptor = descriptor
        self._reader = reader
        self._max_queued = max_queued
        self._queue: deque[bytes | None] = deque()
        """None stands for bytes that were thrown away."""
        self._received = 0
        self._consumed = 0
        self.dropped = 0
        self._is_drained = False
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._thread = threading.Thread(target=self._drain, name="nundb-log-pipe", daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        was_full = False
        with contextlib.suppress(OSError):  # closed
            while data := os.read(self._descriptor, _READ_BYTES):
                is_full = self._received - self._consumed + len(data) > self._max_queued
                if is_full:
                    self.dropped += len(data)
                    if not was_full:
                        self._queue.append(None)
                else:
                    self._received += len(data)
                    self._queue.append(data)
                was_full = is_full
        self._is_drained = True

    def poll(self) -> bool:
        """See Input."""
        if not self._queue:
            return False
        data = self._queue.popleft()
        if data is None:
            self._reader.skip()
        else:
            self._consumed += len(data)
            self._reader.feed(data)
        return True

    def settle(self) -> None:
        """See Input."""
        self._reader.settle()

    def end(self) -> None:
        """See Input."""
        self._reader.end()

    def read_to_end(self) -> None:
        """See Input."""
        while not self.has_ended:
            if not self.poll():
                self._thread.join(_WAIT_SECONDS)
        self.end()

    def close(self) -> None:
        """See Input. The descriptor stays open until the process ends: closed, it would end Nun-db's output."""

    @property
    def lag(self) -> int:
        """See Input."""
        waiting = bytearray(4)
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._descriptor, termios.FIONREAD, waiting)
        return self._received - self._consumed + int.from_bytes(waiting, sys.byteorder)

    @property
    def has_ended(self) -> bool:
        """See Input."""
        return self._is_drained and not self._queue

    @property
    def places(self) -> Mapping[str, Place]:
        """See Input. A pipe has none."""
        return {}
