"""Structured log lines: logfmt, as Prometheus' own programs write them, or JSON.

A thread of its own writes them, so that a standard error that nobody reads cannot stop the exporter.
"""

import contextlib
import json
import logging
import os
import queue
import select
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Final, Literal

LEVELS: Final = ("debug", "info", "warning", "error")
FORMATS: Final = ("logfmt", "json")

_MAX_WAITING: Final = 1000
"""Lines that may wait to be written; with a traceback in each, a few megabytes."""
_REPEAT_SECONDS: Final = 60.0
"""How often the same warning is written at most."""
_MAX_REMEMBERED: Final = 200
"""Different warnings that are remembered, so that what a stranger can put into one does not fill the memory."""
_FLUSH_SECONDS: Final = 1.0
"""How long the end waits for the last lines to be written."""


class _Formatter(logging.Formatter):
    def _fields(self, record: logging.LogRecord) -> dict[str, str]:
        fields = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return fields


class JsonFormatter(_Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(self._fields(record), ensure_ascii=False)


class LogfmtFormatter(_Formatter):
    """`key=value` pairs; a value that needs quotes is quoted as in JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return " ".join(f"{key}={_quoted(value)}" for key, value in self._fields(record).items())


def _quoted(value: str) -> str:
    is_plain = value.isprintable() and not any(character in value for character in ' ="\\')
    return value if is_plain and value else json.dumps(value, ensure_ascii=False)


class LogWriter(logging.Handler):
    """Writes lines to a file descriptor, in a thread; what cannot be written is dropped and counted.

    A warning that repeats is written once a minute, unless its logger has reported since that all is well again
    (level info).
    """

    def __init__(self, descriptor: int, repeat_seconds: float = _REPEAT_SECONDS) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._repeat_seconds = repeat_seconds
        self._waiting: queue.Queue[bytes | threading.Event] = queue.Queue(_MAX_WAITING)
        self._written_at: dict[tuple[str, str], float] = {}
        self._dropped = 0
        self._failed = 0
        threading.Thread(target=self._write_all, name="log", daemon=True).start()

    @property
    def dropped(self) -> int:
        """How many lines were not written: repeated ones, and those that nobody reads."""
        return self._dropped + self._failed

    def emit(self, record: logging.LogRecord) -> None:
        """Let the thread write the record."""
        if self._is_repeated(record):
            self._dropped += 1
            return
        line = f"{self.format(record)}\n".encode(errors="backslashreplace")
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def _is_repeated(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            if record.levelno == logging.INFO:
                self._written_at = {key: at for key, at in self._written_at.items() if key[0] != record.name}
            return False
        now = time.monotonic()
        key = (record.name, record.getMessage())
        written_at = self._written_at.get(key)
        if written_at is not None and now - written_at < self._repeat_seconds:
            return True
        if len(self._written_at) >= _MAX_REMEMBERED:
            self._written_at.clear()
        self._written_at[key] = now
        return False

    def _write_all(self) -> None:
        while True:
            line = self._waiting.get()
            if isinstance(line, threading.Event):
                line.set()
                continue
            try:
                self._write(line)
            except OSError:  # its reader has gone, or the disk is full
                self._failed += 1

    def _write(self, line: bytes) -> None:
        while line:
            try:
                line = line[os.write(self._descriptor, line) :]
            except BlockingIOError:  # another program has made the pipe or terminal that it shares with us so
                select.select([], [self._descriptor], [])

    def flush(self) -> None:
        """Wait a moment until all lines are written."""
        written = threading.Event()
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(written)
            written.wait(_FLUSH_SECONDS)


def configure(level: str, form: Literal["logfmt", "json"]) -> None:
    """Write the log to standard error."""
    # Where standard error was closed, its number may since be that of a connection.
    writer = LogWriter(sys.stderr.fileno() if sys.stderr else os.open(os.devnull, os.O_WRONLY))
    writer.setFormatter(JsonFormatter() if form == "json" else LogfmtFormatter())
    logging.basicConfig(level=level.upper(), handlers=[writer], force=True)


def set_level(level: str) -> None:
    """Log only messages of this level or above."""
    logging.getLogger().setLevel(level.upper())


def dropped_lines() -> int:
    """Return how many lines of the log were not written."""
    return sum(handler.dropped for handler in logging.getLogger().handlers if isinstance(handler, LogWriter))
