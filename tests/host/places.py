"""A /proc and control groups made of files, as the kernel writes them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOBODY = 65534
LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max processes             {threads:<20} 96365                processes 
Max open files            {files:<20} 20000                files     
"""  # noqa: W291 - as the kernel pads them


def stat_line(pid: int, *, name: str = "nun-db", state: str = "S", start: int = 5000) -> str:
    """Return /proc/PID/stat with 7.5 s of CPU time at 100 ticks a second, 19 threads and 3 pages."""
    fields = [state, *["0"] * 10, "500", "250", "0", "0", "20", "0", "19", "0", str(start), "4096000", "3", "0"]
    return f"{pid} ({name}) {' '.join(fields)}\n"


@contextmanager
def without_power() -> Iterator[None]:
    """Be another user than root, who may read everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


class Proc:
    """A /proc with a host that was booted at 1,000,000 seconds, and has 16 GiB."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "proc"
        self.cgroups = directory / "cgroup"
        for each in (self.path / "self", self.path / "net", self.cgroups):
            each.mkdir(parents=True)
        (self.path / "self" / "stat").write_text(stat_line(1))
        (self.path / "stat").write_text("cpu 1 2 3\nbtime 1000000\n")
        (self.path / "meminfo").write_text("MemTotal:       16777216 kB\n")

    def add(
        self,
        pid: int,
        *files: str,
        name: str = "nun-db",
        start: int = 5000,
        state: str = "S",
        limit: str = "1024",
        threads: str = "unlimited",
        cgroup: str = "0::/\n",
    ) -> Path:
        """Start a process that has these files open, and return its directory."""
        directory = self.path / str(pid)
        (directory / "fd").mkdir(parents=True)
        (directory / "comm").write_text(f"{name}\n")
        (directory / "stat").write_text(stat_line(pid, name=name, start=start, state=state))
        (directory / "limits").write_text(LIMITS.format(files=limit, threads=threads))
        (directory / "cgroup").write_text(cgroup)
        (directory / "status").write_text("Name:\tnun-db\nCpus_allowed_list:\t0-1,4\n")
        for number, target in enumerate(files):
            (directory / "fd" / str(number)).symlink_to(target)
        return directory

    def listen(self, port: int, inode: int, *, state: str = "0A", table: str = "tcp") -> None:
        """Add a socket to a table."""
        header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        line = f"   0: 0100007F:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 0 0 {inode} 1\n"
        (self.path / "net" / table).write_text(header + line)

    def group(self, path: str, **files: str) -> None:
        """Make a control group; `memory_max` is its file `memory.max`."""
        directory = self.cgroups / path
        directory.mkdir(parents=True, exist_ok=True)
        (self.cgroups / "cgroup.procs").touch()
        for name, text in files.items():
            (directory / name.replace("_", ".", 1)).write_text(f"{text}\n")
