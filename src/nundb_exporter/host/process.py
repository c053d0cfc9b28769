"""What a process uses, as the files of /proc say it (proc(5)). Whoever may not read one of them gets the others."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nundb_exporter.errors import SourceError
from nundb_exporter.host import families, limits
from nundb_exporter.metrics import Sample
from nundb_exporter.system_errors import cause_of

PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Stat:
    """The fields of /proc/PID/stat that matter here."""

    state: str
    cpu_ticks: int
    threads: int
    start_ticks: int
    """After the boot of the host: with the number, it tells a process from a later one of the same number."""
    virtual_bytes: int
    resident_pages: int


def read_stat(directory: Path) -> Stat:
    """Read /proc/PID/stat.

    Raises:
        OSError: there is no such process.
    """
    # The second field is the program's name in brackets, which may contain anything: count from its end.
    fields = (directory / "stat").read_text(errors="replace").rpartition(")")[2].split()
    return Stat(
        state=fields[0],
        cpu_ticks=int(fields[11]) + int(fields[12]),
        threads=int(fields[17]),
        start_ticks=int(fields[19]),
        virtual_bytes=int(fields[20]),
        resident_pages=int(fields[21]),
    )


def samples(pid: int, stat: Stat, proc: Path = PROC) -> Iterator[Sample]:
    """Yield what can be read of a process, and at the end say what cannot.

    Raises:
        SourceError: not everything may be read; the samples before are good.
        OSError: the process has ended meanwhile.
    """
    directory = proc / str(pid)
    ticks = os.sysconf("SC_CLK_TCK")
    yield families.THREADS.sample(stat.threads)
    yield families.RESIDENT.sample(stat.resident_pages * os.sysconf("SC_PAGE_SIZE"))
    yield families.VIRTUAL.sample(stat.virtual_bytes)
    yield families.CPU.sample(stat.cpu_ticks / ticks)
    boot = _boot_time(proc)
    if boot is not None:
        yield families.START_TIME.sample(boot + stat.start_ticks / ticks)
    yield from limits.samples(pid, proc)
    try:
        yield families.OPEN_FDS.sample(_descriptors(directory / "fd"))
    except PermissionError as error:
        raise SourceError(
            f"the open files of process {pid} cannot be counted ({cause_of(error)}): run the exporter as the node's "
            "user or with CAP_SYS_PTRACE"
        ) from error


def _descriptors(directory: Path) -> int:
    # Since Linux 6.2 the directory's size is their number, which anybody may ask; before, it is 0.
    return directory.stat().st_size or sum(1 for _ in directory.iterdir())


def _boot_time(proc: Path) -> float | None:
    try:
        lines = (proc / "stat").read_text().splitlines()
    except OSError:
        return None
    return next((float(line.split()[1]) for line in lines if line.startswith("btime ")), None)
