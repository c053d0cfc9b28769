"""The node's process as a local source: each page of metrics reads what it uses at that moment."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from nundb_exporter.errors import ConfigError, SourceError
from nundb_exporter.host import families, process
from nundb_exporter.host.finding import find
from nundb_exporter.host.settings import HostSettings
from nundb_exporter.metrics import Sample, Subject
from nundb_exporter.system_errors import cause_of

_LOGGER: Final = logging.getLogger(__name__)
_SEARCH_EVERY_SECONDS: Final = 10.0
"""A search reads the descriptors of all processes, so it is not done at each scrape."""
_ENDED: Final = frozenset("ZX")
"""States of a process that has ended, and whose parent has not asked how."""


class HostSource:
    """Reads one process.

    `proc` is where the kernel shows processes.

    Raises:
        ConfigError: this system has no /proc.
    """

    subject: Subject = families.SUBJECT

    def __init__(
        self, settings: HostSettings, proc: Path = process.PROC, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not (proc / "self" / "stat").exists():
            problem = f"needs /proc, which this system ({sys.platform}) does not have"
            raise ConfigError(f"--collector.{self.subject.name}", problem, "leave it out; only Linux has it")
        self._settings = settings
        self._proc = proc
        self._clock = clock
        self._found: tuple[int, int] | None = None
        """Number and start of the process that was found."""
        self._failure = "the node's process is being looked for"
        self._searching: threading.Thread | None = None
        self._searched_at = -_SEARCH_EVERY_SECONDS

    def start(self) -> None:
        """Look for the process."""
        if self._settings.process is None:
            self._search()

    def stop(self) -> None:
        """Do nothing: nothing is open."""

    def samples(self) -> Iterator[Sample]:
        """See Source."""
        pid = self._settings.process
        if pid is not None:
            stat = self._stat(pid)
            if stat is None:
                raise SourceError(f"there is no process {pid}: the node has ended, or has another number now")
        else:
            pid, stat = self._known()
        yield from process.samples(pid, stat, self._proc)

    def _known(self) -> tuple[int, process.Stat]:
        """Return the process that was found before; if it has ended, begin to look for another one."""
        if self._found is not None:
            pid, start = self._found
            stat = self._stat(pid)
            if stat is not None and stat.start_ticks == start:
                return pid, stat
            self._found = None
            self._failure = f"process {pid} has ended: the node's new one is being looked for"
            self._searched_at = -_SEARCH_EVERY_SECONDS
        failure = self._failure  # as it is before a search may change it
        is_searching = self._searching is not None and self._searching.is_alive()
        if not is_searching and self._clock() - self._searched_at >= _SEARCH_EVERY_SECONDS:
            # In a thread: on a host with thousands of processes it takes a second.
            self._searching = threading.Thread(target=self._search, name="nundb-host", daemon=True)
            self._searching.start()
        raise SourceError(failure)

    def _search(self) -> None:
        self._searched_at = self._clock()
        try:
            pid = find(self._settings, self._proc)
        except SourceError as error:
            self._failure = str(error)
            return
        except OSError as error:
            self._failure = f"the processes of this host cannot be listed ({cause_of(error)})"
            return
        stat = self._stat(pid)
        if stat is not None:
            _LOGGER.info("the node's process is %d", pid)
            self._found = (pid, stat.start_ticks)

    def _stat(self, pid: int) -> process.Stat | None:
        """Return what a process uses; None if it has ended."""
        try:
            stat = process.read_stat(self._proc / str(pid))
        except OSError:
            return None
        return None if stat.state in _ENDED else stat
