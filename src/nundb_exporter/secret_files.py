"""Secrets that live in files, read again when the file changes: passwords are rotated while the exporter runs."""

import logging
import os
import stat
import time
from pathlib import Path
from typing import Final

from nundb_exporter.credentials import Check, Secret, check_text, without_editor_marks
from nundb_exporter.errors import ConfigError

_LOGGER: Final = logging.getLogger(__name__)
_MAX_BYTES: Final = 1024 * 1024
"""More than any setting has; a device without an end does not fill the memory."""
_SETTLED_SECONDS: Final = 2.0
"""A file that was changed so recently is read at every use: some file systems count time in steps of two seconds, so
that a second change within one step does not show."""


class SecretFile(Secret):
    """The secret in a file: each `reveal` looks whether the file has changed, which takes some microseconds.

    If the file has gone, or holds no secret because it is just being written, the last good one stays in use. A pipe
    can be read only once, so only regular files are read again.

    Raises:
        ConfigError: the file cannot be read, or holds what Nun-db cannot take.
    """

    __slots__ = ("_check", "_is_settled", "_path", "_problem", "_setting", "_version")

    def __init__(self, setting: str, path: str, check: Check = check_text) -> None:
        self._setting = setting
        self._path = path
        self._check = check
        self._problem = ""
        self._version, self._is_settled = file_state(path)
        super().__init__(self._read())

    @property
    def is_read_once(self) -> bool:
        """Whether it comes from something that cannot be read again, such as a pipe."""
        return self._version is None

    def reveal(self) -> str:
        """Return the text that the file holds, or held last."""
        self.refresh()
        return self._text

    def refresh(self) -> bool:
        """Read the file again if it may have changed, and return whether the secret has."""
        if self._version is None:
            return False
        version, is_settled = file_state(self._path)
        if self._is_settled and version == self._version:
            return False
        self._version, self._is_settled = version or (), is_settled
        before, problem = self._text, ""
        try:
            self._text = self._read() if version is not None else before
        except ConfigError as error:
            problem = str(error)
        if problem and problem != self._problem:
            _LOGGER.warning("%s. The last good value stays in use", problem)
        self._problem = problem
        has_changed = self._text != before
        if has_changed:
            _LOGGER.info("%s: %s has changed: its new value is in use", self._setting, self._path)
        return has_changed

    def _read(self) -> str:
        text = without_editor_marks(read_text(self._setting, self._path))
        self._check(self._setting, text)
        return text


class SecretFiles:
    """Opens files with secrets, and the file of settings that names them.

    What can be read only once is kept for whoever opens it again.
    """

    def __init__(self) -> None:
        self._kept: dict[str, SecretFile] = {}
        self._texts: dict[str, str] = {}
        self._piped: dict[str, str] = {}

    def open(self, setting: str, path: str, check: Check) -> SecretFile:
        """Return the secret in a file.

        Raises:
            ConfigError: the file cannot be read, or holds what `check` refuses.
        """
        kept = self._kept.get(path)
        if kept is not None:
            check(setting, kept.reveal())
            return kept
        opened = SecretFile(setting, path, check)
        if opened.is_read_once:
            self._kept[path] = opened
        return opened

    def text(self, setting: str, path: str) -> str:
        """Return the text of a file of settings.

        Raises:
            ConfigError: it cannot be read, or has become empty, as it is while it is being written.
        """
        if path in self._piped:
            return self._piped[path]
        last = self._texts.get(path)
        is_file = file_state(path)[0] is not None
        text = read_text(setting, path) if last is None else read_text_again(setting, path)
        if last and last.strip() and not text.strip():
            raise ConfigError(setting, f"{path} has become empty", "restart the exporter if that is meant")
        (self._texts if is_file else self._piped)[path] = text
        return text


def file_state(path: str) -> tuple[tuple[int, ...] | None, bool]:
    """Return what differs between two contents of the file, and whether it has been the same for some time.

    The first is empty where there is no file, and None where it is not a regular one.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - as fast as it gets: once a scrape for each secret
    except (OSError, ValueError):
        return (), True
    if not stat.S_ISREG(found.st_mode):
        return None, True
    version = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return version, time.time() - found.st_ctime > _SETTLED_SECONDS


def check_readable(setting: str, path: str) -> None:
    """Look whether a file can be read.

    Raises:
        ConfigError: it cannot.
    """
    try:
        Path(path).open("rb").close()
    except (OSError, ValueError) as error:
        raise _unreadable(setting, path, error) from None


def _unreadable(setting: str, path: str, error: OSError | ValueError) -> ConfigError:
    cause = getattr(error, "strerror", None) or "not a file name"
    return ConfigError(setting, f"cannot read {path} ({cause.lower()})", "name a file that can be read")


def read_text_again(setting: str, path: str) -> str:
    """Read a file of settings that was read before.

    Raises:
        ConfigError: as read_text, or it is no file any more: a pipe would be waited for, and all scrapes with it.
    """
    if file_state(path)[0] is None:
        raise ConfigError(setting, f"{path} is no regular file any more", "put the file back")
    return read_text(setting, path)


def read_text(setting: str, path: str) -> str:
    """Read a file of settings.

    Raises:
        ConfigError: it cannot be read, is not UTF-8, or is larger than 1 MiB.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(setting, path, error) from None
    if len(data) > _MAX_BYTES:
        raise ConfigError(setting, f"{path} is larger than 1 MiB", "name another file")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ConfigError(setting, f"{path} is not UTF-8 text", "save it as UTF-8, or name another file") from None
