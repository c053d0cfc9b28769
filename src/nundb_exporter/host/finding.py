"""Which process is the node's: the one that listens on its port, or that has the files of its data directory open.

Both show in /proc/PID/fd, which only the same user, or a process with CAP_SYS_PTRACE, may read. Where it cannot be
read, the only process that is called nun-db is taken.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nundb_exporter.errors import SourceError
from nundb_exporter.host.settings import HostSettings

_PROGRAM: Final = "nun-db"
_LISTENING: Final = "0A"
"""The state of a socket in /proc/net/tcp."""


def find(settings: HostSettings, proc: Path) -> int:
    """Return the number of the node's process.

    Raises:
        SourceError: there is none, or it cannot be told which one it is.
    """
    sockets = set() if settings.port is None else _listening(proc, settings.port)
    directory = None if settings.data_dir is None else f"{settings.data_dir.resolve()}{os.sep}"
    pids = sorted(int(each.name) for each in proc.iterdir() if each.name.isdecimal())
    called = [pid for pid in pids if _name(proc / str(pid)) == _PROGRAM]
    own = os.getpid()  # it may be reading the files itself
    hidden = False
    # Those that are called so come first: looking through all of a busy host takes long.
    for pid in dict.fromkeys((*called, *pids)):
        try:
            for target in _open_files(proc / str(pid) / "fd"):
                if target in sockets or (directory and pid != own and target.startswith(directory)):
                    return pid
        except PermissionError:
            hidden = True
        except OSError:
            continue  # it has ended meanwhile
    if len(called) == 1 and hidden and (sockets or directory):
        return called[0]
    raise SourceError(_why_none(settings, sockets, hidden=hidden))


def _why_none(settings: HostSettings, sockets: set[str], *, hidden: bool) -> str:
    port = f"listens on port {settings.port}" if settings.port is not None else ""
    files = f"has files of {settings.data_dir} open" if settings.data_dir is not None else ""
    what = " or ".join(filter(None, (port, files)))
    if hidden and (sockets or settings.data_dir):
        return (
            f"it cannot be seen which process {what}: run the exporter as the node's user or with CAP_SYS_PTRACE, or "
            "name the process with --nundb.process"
        )
    return f"no process of this host {what}: the node is down, or it runs on another host"


def _listening(proc: Path, port: int) -> set[str]:
    """Return the sockets that listen on the port, as the descriptors of their processes show them."""
    found = set()
    for name in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found


def _open_files(directory: Path) -> Iterator[str]:
    for each in directory.iterdir():
        try:
            yield str(each.readlink())
        except FileNotFoundError:
            continue  # closed meanwhile


def _name(directory: Path) -> str:
    try:
        return (directory / "comm").read_text(errors="replace").strip()
    except OSError:
        return ""
