"""A small disk for a lane: a file system in memory that its process alone sees, and that ends with the process.

Others on the machine neither see it nor fill it. Where the system gives no namespaces, `why_not` says so.
"""

import ctypes
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

CAPACITY_BYTES = 16 << 20
INODES = 2000
_NEW_MOUNTS = 0x0002_0000
_NEW_USER = 0x1000_0000
"""Flags of unshare(2), which the standard library has since Python 3.12."""


@cache
def why_not() -> str:
    """Return why no disk can be made here; empty where one can."""
    tried = subprocess.run(
        [sys.executable, "-m", __name__], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    return "" if tried.returncode == 0 else f"no file system can be mounted: {tried.stderr.strip().splitlines()[-1]}"


def enter() -> None:
    """Let this process mount what only it and those that it starts will see. It must not have a second thread yet.

    Raises:
        OSError: the system does not allow it.
    """
    user, group = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_MOUNTS | (_NEW_USER if user else 0)):
        raise OSError(ctypes.get_errno(), "a namespace of mounts cannot be had")
    if user:  # who may not mount is root in a namespace of users of his own
        Path("/proc/self/setgroups").write_text("deny", encoding="utf-8")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="utf-8")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="utf-8")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def mount(path: Path) -> None:
    """Make an empty disk and mount it there."""
    path.mkdir(parents=True)
    limits = f"size={CAPACITY_BYTES},nr_inodes={INODES}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", limits, "tmpfs", path], check=True)


if __name__ == "__main__":
    enter()
    with TemporaryDirectory() as directory:
        mount(Path(directory) / "disk")
        subprocess.run(["umount", Path(directory) / "disk"], check=True)
