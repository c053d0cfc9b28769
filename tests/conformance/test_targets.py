"""Processes of a real binary end with the tests that have started them."""

import asyncio
import sys
from pathlib import Path

import pytest

from nundb_devserver import free_row
from tests.wire.ending import WITH_US
from tests.wire.waiting import until

PROGRAM = """
import asyncio, sys
from pathlib import Path
from tests.conformance.targets import BinaryTarget, TCP, port

async def main(base, directory):
    target = BinaryTarget(base, directory, directory / "nun-db")
    await target.start(0, f"127.0.0.1:{port(base, 0, TCP)}", [], {})
    print(target.process(0), flush=True)
    await asyncio.Event().wait()

asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
"""
NODE = """#!/bin/sh
exec {python} -c '
import socket, sys, time
listening = [
    socket.create_server(("127.0.0.1", int(value.partition(":")[2])))
    for name, value in zip(sys.argv, sys.argv[1:])
    if name in ("--tcp-address", "--http-address", "--ws-address")
]
time.sleep(600)
' "$@"
"""
"""It listens where a Nun-db would."""


@pytest.mark.skipif(not WITH_US, reason="only Linux ends a process with the one that started it")
async def test_a_node_ends_with_tests_that_are_killed(tmp_path: Path) -> None:
    """SIGKILL leaves nobody who could end it."""
    binary = tmp_path / "nun-db"
    binary.write_text(NODE.format(python=sys.executable))
    binary.chmod(0o700)
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, str(free_row(10)), str(tmp_path)),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    assert program.stdout is not None
    node = int(await program.stdout.readline())
    program.kill()
    await program.wait()
    await until(lambda: has_ended(node))


def has_ended(process: int) -> bool:
    """Tell whether a process is gone, or only its number is left for whoever may ask for its exit code."""
    try:
        return not Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return True
