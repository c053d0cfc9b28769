"""The exporter's own process, from /proc; without /proc, only what the system calls provide."""

import os
import platform
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from nundb_exporter import __version__
from nundb_exporter.metrics import (
    BUILD_INFO,
    PROCESS_CPU,
    PROCESS_MAX_FDS,
    PROCESS_OPEN_FDS,
    PROCESS_RESIDENT,
    PROCESS_START,
    PROCESS_VIRTUAL,
    PYTHON_INFO,
    Sample,
)

_PROC: Final = Path("/proc")
_CACHE_SECONDS: Final = 1.0
"""Reading /proc costs a third of a scrape, so these values are cached for a second."""


class ExporterProcess:
    """The exporter's process, read at most once per second by a clock that never goes back."""

    def __init__(self, proc: Path = _PROC, clock: Callable[[], float] = time.monotonic) -> None:
        self._proc = proc
        self._clock = clock
        self._samples: list[Sample] = []
        self._read_at = -_CACHE_SECONDS
        self._constant = [
            BUILD_INFO.sample(1, __version__, platform.python_version()),
            PYTHON_INFO.sample(1, platform.python_implementation(), platform.python_version()),
        ]
        self._boot_time = _boot_time(proc / "stat")

    def samples(self) -> list[Sample]:
        """Return the families `process_*`, `python_info` and `nundb_exporter_build_info`."""
        now = self._clock()
        if now - self._read_at >= _CACHE_SECONDS:
            self._samples = [*self._constant, *self._read()]
            self._read_at = now
        return self._samples

    def _read(self) -> Iterator[Sample]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        yield PROCESS_CPU.sample(usage.ru_utime + usage.ru_stime)
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        yield PROCESS_MAX_FDS.sample(soft)
        try:
            stat = (self._proc / "self/stat").read_text()
            descriptors = sum(1 for _ in (self._proc / "self/fd").iterdir())
        except OSError:
            return  # no /proc, or no file descriptor left
        # The second field is the program's name in brackets, which may contain anything: count from its end (proc(5)).
        fields = stat.rpartition(")")[2].split()
        yield PROCESS_VIRTUAL.sample(int(fields[20]))
        yield PROCESS_RESIDENT.sample(int(fields[21]) * resource.getpagesize())
        yield PROCESS_OPEN_FDS.sample(descriptors)
        if self._boot_time is not None:
            yield PROCESS_START.sample(self._boot_time + int(fields[19]) / os.sysconf("SC_CLK_TCK"))


def _boot_time(system_stat: Path) -> float | None:
    try:
        lines = system_stat.read_text().splitlines()
    except OSError:
        return None
    return next((float(line.split()[1]) for line in lines if line.startswith("btime ")), None)
