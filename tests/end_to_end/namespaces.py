"""Machines of their own for a script: with other addresses, another /etc/hosts, another name server."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.wire.program import PROGRAM, environment

HERE = Path(__file__).parent
NAMESPACES = ("unshare", "--net", "--mount", "--pid", "--map-root-user", "--fork", "--kill-child", "--mount-proc")
SILENT_NAME_SERVER = """
ip link set lo up
printf 'nameserver 127.0.0.1\\noptions timeout:30 attempts:5\\n' > resolv
mount --bind resolv /etc/resolv.conf
"$PYTHON" -c '
import pathlib, socket
with socket.socket(type=socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", 53))
    pathlib.Path("bound").touch()
    while server.recv(999):
        pathlib.Path("asked").touch()
' &
until [ -e bound ]; do sleep 0.01; done
"""
"""It takes every question and never answers; the file `asked` shows that there was one. The system asks for minutes."""


@cache
def why_not() -> str:
    """Return why namespaces cannot be made here; empty where they can."""
    missing = [tool for tool in ("unshare", "ip") if shutil.which(tool) is None]
    if missing:
        return f"{' and '.join(missing)} not installed"
    tried = subprocess.run([*NAMESPACES, "ip", "link", "add", "v0", "type", "veth"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "the system gives no namespaces to this user"


def run(script: str, folder: Path) -> str:
    """Run a script in namespaces of its own, and return what it prints."""
    if reason := why_not():
        pytest.skip(reason)
    variables = {
        **environment(None),
        "PROGRAM": str(PROGRAM),
        "PYTHON": sys.executable,
        "PYTHONPATH": str(HERE.parents[1]),
    }
    ended = subprocess.run(
        [*NAMESPACES, "bash", "-ec", script],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ended.stdout + ended.stderr


def hosts(*lines: str) -> str:
    """Return the part of a script that lets the system know these names alone."""
    text = "\\n".join(("127.0.0.1 localhost", *lines))
    return f"printf '{text}\\n' > hosts; mount --bind hosts /etc/hosts\n"
