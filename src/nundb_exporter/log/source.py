"""The log as a local source: a thread follows it, and each page of metrics gets what is known by then."""

import threading
from collections.abc import Callable, Iterator
from typing import Final

from nundb_exporter.errors import ConfigError, SourceError
from nundb_exporter.log import families, places
from nundb_exporter.log.inputs import Input, open_input
from nundb_exporter.log.reader import Reader
from nundb_exporter.log.settings import LogSettings
from nundb_exporter.log.slowest import Group, SlowCommand
from nundb_exporter.log.tally import Tally
from nundb_exporter.log.threads import OwnCommands
from nundb_exporter.metrics import Sample, Subject
from nundb_exporter.system_errors import cause_of

_POLL_SECONDS: Final = 0.25
_IDLE_SECONDS: Final = 1.0
"""After so long without another line, the last record has ended."""
_JOIN_SECONDS: Final = 2.0


class LogSource:
    """Follows one log, or reads it once to its end.

    Raises:
        ConfigError: the state file or a named pipe is unusable.
    """

    subject: Subject = families.SUBJECT

    def __init__(self, settings: LogSettings, *, is_followed: bool = True) -> None:
        self._settings = settings
        self._tally = Tally(OwnCommands() if settings.is_without_own else None)
        self._lock = threading.Lock()
        """Held while the counts and the place change, so that others see both at the same point of the log."""
        self._turn = threading.Lock()
        """Held by who waits for the other lock: a thread that reads a long log would take that again and again."""
        self._stopping = threading.Event()
        self._on_end: Callable[[], None] | None = None
        self._failure: OSError | SourceError | None = None
        known = places.load(settings.state_file) if settings.state_file else {}
        try:
            self._input: Input = open_input(
                settings.path,
                lambda: Reader(settings.form, self._tally),
                from_start=settings.is_from_start,
                places=known,
                is_followed=is_followed,
            )
        except OSError as error:
            cure = "name a file, a directory, a named pipe, or - for standard input"
            raise ConfigError("--nundb.log.path", f"cannot be opened ({cause_of(error)})", cure) from error
        self._thread = threading.Thread(target=self._run, name="nundb-log", daemon=True)

    def start(self, on_end: Callable[[], None] | None = None) -> None:
        """Begin to follow the log; `on_end` is called, by another thread, when nothing more can follow."""
        self._on_end = on_end
        self._thread.start()

    def stop(self) -> None:
        """Stop, and let go of the files.

        What no page of metrics has shown is not counted as read: the next exporter reads it.
        """
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)
        with self._lock:
            self._input.close()

    def read_to_end(self) -> None:
        """Read all that there is now, instead of following the log.

        Raises:
            OSError, SourceError: the log cannot be read.
        """
        self._input.read_to_end()

    def samples(self) -> Iterator[Sample]:
        """See Source. What these samples show is what the state file says was read."""
        with self._turn, self._lock:
            samples = [
                *self._tally.samples(),
                families.LAG.sample(self._input.lag),
                families.DROPPED.sample(self._input.dropped),
            ]
            self._save()
            failure = self._failure
        yield from samples
        if failure is not None:
            raise failure

    def _save(self) -> None:
        if self._settings.state_file is None:
            return
        try:
            places.save(self._settings.state_file, self._input.places)
        except OSError as error:
            raise SourceError(
                f"the state file {self._settings.state_file} cannot be written ({cause_of(error)})"
            ) from error

    def slowest_commands(self, count: int) -> list[SlowCommand]:
        """Return the slowest commands of the last minutes, the slowest first."""
        with self._turn, self._lock:
            return self._tally.slowest.commands(count, self._settings.keys)

    def slowest_groups(self, count: int) -> list[Group]:
        """Return the verbs and keys that took most time in the last minutes, the heaviest first."""
        with self._turn, self._lock:
            return self._tally.slowest.groups(count, self._settings.keys)

    def _run(self) -> None:
        idle_seconds = 0.0
        while not self._stopping.is_set():
            if self._poll():
                idle_seconds = 0.0
                continue
            if self._input.has_ended:
                with self._lock:
                    self._input.end()
                if self._on_end is not None:
                    self._on_end()
                return
            if idle_seconds < _IDLE_SECONDS <= idle_seconds + _POLL_SECONDS:
                with self._lock:
                    self._input.settle()
            idle_seconds += _POLL_SECONDS
            self._stopping.wait(_POLL_SECONDS)

    def _poll(self) -> bool:
        with self._turn:
            pass
        with self._lock:
            try:
                is_any = self._input.poll()
            except OSError as error:
                self._failure = error
                return False
            self._failure = self._input.failure
            return is_any
