"""A log file that grows, is rotated, truncated, removed and made anew, read from where its reader is."""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from nundb_exporter.log.places import Place
from nundb_exporter.log.reader import Reader

_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
"""A pipe that has taken the name must not be waited for."""
CHUNK: Final = 64 * 1024
"""Bytes that are read at once; more of them are not faster, for they leave the processor's cache."""
_TAIL_BYTES: Final = 64
"""Bytes before the place that are compared each time: others there mean that the file was written anew."""
_DIGEST_BYTES: Final = 256
_WINDOW: Final = 1024 * 1024
"""Bytes before a file's end in which the beginning of the last record is looked for."""


class _File(NamedTuple):
    """An open file."""

    descriptor: int
    device: int
    inode: int

    @classmethod
    def open(cls, path: Path) -> "_File | None":
        try:
            descriptor = os.open(path, _FLAGS)
        except (FileNotFoundError, NotADirectoryError):
            return None
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode) or stat.S_ISFIFO(status.st_mode):
            os.close(descriptor)
            raise OSError("it is a directory or a pipe by now: restart the exporter to follow that")
        return cls(descriptor, status.st_dev, status.st_ino)

    @property
    def size(self) -> int:
        return os.fstat(self.descriptor).st_size

    def read(self, length: int, offset: int) -> bytes:
        return os.pread(self.descriptor, length, offset)

    def is_at(self, place: Place) -> bool:
        """Whether the place is one in this file as it is now."""
        if (self.device, self.inode) != (place.device, place.inode) or self.size < place.offset:
            return False
        return place.digest in {"", self.digest(place.offset)}

    def digest(self, offset: int) -> str:
        length = min(offset, _DIGEST_BYTES)
        return hashlib.blake2b(self.read(length, offset - length), digest_size=8).hexdigest()

    def after_hole(self, offset: int) -> int:
        """Return where data begins at or after the offset."""
        try:
            return os.lseek(self.descriptor, offset, os.SEEK_DATA)
        except OSError:  # there is none, or the file system does not tell
            return offset


class FileFollower:
    """Follows the file of that name, which need not exist yet.

    Nun-db writes on into a renamed file, so the old one is read until another of the name holds something.
    """

    def __init__(self, path: Path, reader: Reader, *, from_start: bool, place: Place | None = None) -> None:
        self._path = path
        self._reader = reader
        self._from_start = from_start
        self._resume_at = place
        self._file: _File | None = None
        self._position = 0
        self._tail = b""
        """What was read just before the position."""
        self._base = 0
        """Where in the file the log begins: not before a hole."""
        self._previous: Place | None = None
        """The end of the file before this one."""

    def poll(self) -> bool:
        """Read a little; return whether there was anything.

        Raises:
            OSError: the file cannot be opened or read.
        """
        if self._file is None:
            self._file = self._open_first()
            if self._file is None:
                return False
        if self._is_rewritten(self._file):
            self._go_to(0)
            self._previous = None
        data = self._file.read(CHUNK, self._position)
        if data:
            self._take(self._file, data)
            return True
        return self._go_on_in_next(self._file)

    def settle(self) -> None:
        """Count the last record too, because nothing has followed for a while."""
        self._reader.settle()

    def end(self) -> None:
        """Count what is left, because nothing will follow."""
        self._reader.end()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file.descriptor)
            self._file = None

    @property
    def is_removed(self) -> bool:
        """Whether the file that is open has no name any more."""
        return self._file is not None and os.fstat(self._file.descriptor).st_nlink == 0

    @property
    def lag(self) -> int:
        """Bytes that are written and not read."""
        if self._file is None:
            return 0
        lag = max(self._file.size - self._position, 0)
        with contextlib.suppress(OSError):
            status = self._path.stat()
            if status.st_ino != self._file.inode:
                lag += status.st_size
        return lag

    @property
    def place(self) -> Place | None:
        """The place of the first byte that is not counted; None if nothing was read yet."""
        if self._file is None:
            return self._resume_at
        _, device, inode = self._file
        offset = self._position - self._reader.pending
        if self._reader.is_lost:
            return Place(device, inode, self._position, "", is_torn=True)
        if offset >= self._base:
            return Place(device, inode, offset, self._file.digest(offset))
        if self._previous is not None:
            return self._previous._replace(offset=max(self._previous.offset + offset, 0))
        return Place(device, inode, self._base, "", is_torn=True)

    def _open_first(self) -> _File | None:
        file = self._file_of_place()
        if file is not None and self._resume_at is not None:
            self._reader.recognise(file.read(_WINDOW, 0))
            self._go_to(self._resume_at.offset, file)
            if self._resume_at.is_torn:
                self._reader.skip()
            return file
        file = _File.open(self._path)
        if file is None:
            self._from_start = True  # whatever it will hold is new
        elif not self._from_start and self._resume_at is None:
            self._go_to_end(file)
        return file

    def _file_of_place(self) -> _File | None:
        """Return the file in which reading ended, though it may have another name now."""
        if self._resume_at is None:
            return None
        for path in (self._path, *self._of_inode(self._resume_at.inode)):
            with contextlib.suppress(OSError):  # of the log itself it is told when that is opened
                file = _File.open(path)
                if file is not None:
                    if file.is_at(self._resume_at):
                        return file
                    os.close(file.descriptor)
        return None

    def _of_inode(self, inode: int) -> Iterator[Path]:
        """Yield what has that inode in the log's directory, whatever its name is: each rotation has its own way."""
        with contextlib.suppress(OSError), os.scandir(self._path.parent) as entries:
            yield from (Path(entry) for entry in entries if entry.inode() == inode and entry.is_file())

    def _go_to_end(self, file: _File) -> None:
        """Go to the end, or to the beginning of what is not complete there."""
        size = file.size
        begin = max(size - _WINDOW, 0)
        window = file.read(size - begin, begin)
        framing = self._reader.recognise(file.read(_WINDOW, 0))
        if framing is None:
            return  # not even one line
        start = framing.start(window) if begin else 0
        if start is None:
            self._reader.skip()
            self._go_to(size)
            return
        start += framing.take(window[start:])[1]
        is_complete = start + framing.take_ended(window[start:])[1] == len(window)
        self._go_to(size if is_complete else begin + start, file)

    def _go_to(self, position: int, file: _File | None = None) -> None:
        self._position = position
        self._base = 0
        length = min(position, _TAIL_BYTES)
        self._tail = file.read(length, position - length) if file is not None else b""

    def _is_rewritten(self, file: _File) -> bool:
        if file.size < self._position:
            return True
        return file.read(len(self._tail), self._position - len(self._tail)) != self._tail

    def _take(self, file: _File, data: bytes) -> None:
        self._position += len(data)
        self._tail = (self._tail + data)[-_TAIL_BYTES:]
        if data.startswith(b"\0"):
            # After `copytruncate`, Nun-db writes on at its old offset: the file has a hole before that.
            data = data.lstrip(b"\0")
            if not data:
                self._go_to(file.after_hole(self._position), file)
            self._base = self._position - len(data)
        self._reader.feed(data)

    def _go_on_in_next(self, file: _File) -> bool:
        """Open the next file of the name once it holds something and this one has ended."""
        try:
            status = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        if (status.st_dev, status.st_ino) == (file.device, file.inode) or not status.st_size:
            return False
        data = file.read(CHUNK, self._position)  # written between the last look and the rotation
        if data:
            self._take(file, data)
            return True
        following = _File.open(self._path)
        if following is None:
            return False
        self._previous = Place(file.device, file.inode, self._position, "")
        os.close(file.descriptor)
        self._file = following
        self._go_to(0)
        return True
