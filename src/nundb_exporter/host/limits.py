"""What a process may use: its own limits (prlimit(2)), and those of its control group, of either version.

Within a container only the container's own control group can be seen: that of a process in another container has a path
that leads outside, and its limits are unknown, which is not the same as none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nundb_exporter.host import families
from nundb_exporter.metrics import Sample

_CGROUPS: Final = Path("/sys/fs/cgroup")
_UNLIMITED: Final = frozenset({"unlimited", "max", "-1"})
_NO_MEMORY_LIMIT: Final = 1 << 60
"""Version 1 writes the largest number of pages for no limit."""
_MICROSECONDS: Final = 100_000
"""The period that control groups have by default."""


@dataclass(frozen=True, slots=True)
class _Group:
    """The control group of one controller, up to the root, as far as it can be seen."""

    directories: tuple[Path, ...]
    is_version_2: bool

    def least(self, name: str, name_1: str) -> int | None:
        """Return the least number that a file of this name holds in any of them."""
        found = [_number(directory / (name if self.is_version_2 else name_1)) for directory in self.directories]
        return min((each for each in found if each is not None), default=None)

    def cpus(self) -> float | None:
        """Return the least quota of CPU time, in CPUs."""
        quotas = [self._quota(directory) for directory in self.directories]
        return min((each for each in quotas if each is not None), default=None)

    def _quota(self, directory: Path) -> float | None:
        if self.is_version_2:
            words = _text(directory / "cpu.max").split()
            quota, period = (words[0], words[-1]) if len(words) > 1 else ("max", "")
        else:
            quota, period = _text(directory / "cpu.cfs_quota_us"), _text(directory / "cpu.cfs_period_us")
        if not quota.isdecimal():
            return None
        return int(quota) / (int(period) if period.isdecimal() and int(period) else _MICROSECONDS)


def samples(pid: int, proc: Path, cgroups: Path = _CGROUPS) -> Iterator[Sample]:
    """Yield the limits that hold and can be read."""
    own = _own_limits(proc / str(pid) / "limits")
    if (descriptors := own.get("Max open files")) is not None:
        yield families.MAX_FDS.sample(descriptors)
    groups = _groups(_text(proc / str(pid) / "cgroup"), cgroups)
    pids, memory, cpu = (groups.get(name) for name in ("pids", "memory", "cpu"))
    threads = (own.get("Max processes"), pids.least("pids.max", "pids.max") if pids else None)
    if known := [each for each in threads if each is not None]:
        yield families.MAX_THREADS.sample(min(known))
    if memory is not None:
        limit = memory.least("memory.max", "memory.limit_in_bytes")
        total = _total_memory(proc)
        if limit is not None and limit < _NO_MEMORY_LIMIT:
            yield families.MAX_MEMORY.sample(limit if total is None else min(limit, total))
        elif total is not None:
            yield families.MAX_MEMORY.sample(total)
    allowed = _allowed_cpus(_text(proc / str(pid) / "status"))
    quota = cpu.cpus() if cpu else None
    if numbers := [each for each in (quota, allowed) if each]:
        yield families.MAX_CPUS.sample(min(numbers))


def _own_limits(path: Path) -> dict[str, int]:
    """Return the soft limits that limit something, by the name that the kernel gives them."""
    found = {}
    for line in _text(path).splitlines()[1:]:
        name, soft = line[:26].strip(), line[26:].split()[:1]
        if soft and soft[0].isdecimal():
            found[name] = int(soft[0])
    return found


def _groups(text: str, root: Path) -> dict[str, _Group]:
    """Return the control groups by controller, from /proc/PID/cgroup; those that cannot be seen are missing."""
    found: dict[str, _Group] = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            for base in (root, root / "unified"):
                if directories := _upwards(base, path):
                    group = _Group(directories, is_version_2=True)
                    found = dict.fromkeys(("pids", "memory", "cpu"), group) | found
                    break
            continue
        for controller in controllers.split(","):
            for base in (root / controllers, root / controller):
                if directories := _upwards(base, path):
                    found[controller] = _Group(directories, is_version_2=False)
                    break
    return found


def _upwards(base: Path, path: str) -> tuple[Path, ...]:
    parts = [part for part in path.split("/") if part]
    if ".." in parts or not (base / "cgroup.procs").exists():
        return ()
    directories = [base.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1)]
    return tuple(directories) if directories[0].is_dir() else ()


def _allowed_cpus(status: str) -> int | None:
    ranges = next((line.partition(":")[2] for line in status.splitlines() if line.startswith("Cpus_allowed_list:")), "")
    number = 0
    for each in ranges.strip().split(","):
        first, _, last = each.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            return None
        number += int(last or first) - int(first) + 1
    return number


def _total_memory(proc: Path) -> int | None:
    lines = _text(proc / "meminfo").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal:")), None)


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text not in _UNLIMITED and text.isdecimal() else None


def _text(path: Path) -> str:
    """Return what a file says; nothing if it cannot be read."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
