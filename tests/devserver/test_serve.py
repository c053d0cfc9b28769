"""The devserver as a program: what it says, and how it ends."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nundb_devserver import ServeOptions, UnknownError, free_row, serve
from tests.wire.clients import post

pytestmark = pytest.mark.real_time

PROGRAM = """
import asyncio, sys
from pathlib import Path
from nundb_devserver import ServeOptions, serve
base, data, *faults = sys.argv[1:]
options = ServeOptions(nodes=2, port_base=int(base), data=Path(data), faults=tuple(faults))
asyncio.run(serve(options, on_ready=lambda cluster: print("ready", cluster.nodes[0].http_url, flush=True)))
"""


@contextlib.asynccontextmanager
async def program(base: int, data: Path, *faults: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a devserver of two nodes until the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(base), str(data), *faults, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def read_until(process: asyncio.subprocess.Process, word: bytes) -> bytes:
    """Return the line of output that has a word in it."""
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while word not in (line := await process.stdout.readline()):
            assert line, "the output has ended"
        return line


@pytest.mark.parametrize(("number", "is_saved"), [(signal.SIGINT, True), (signal.SIGTERM, False)])
async def test_sigint_saves_and_sigterm_does_not(tmp_path: Path, number: signal.Signals, is_saved: bool) -> None:
    """Both end the program cleanly; its log has been on standard output."""
    base = free_row(35)
    async with program(base, tmp_path) as process:
        assert f"http://127.0.0.1:{base + 3}" in (await read_until(process, b"ready")).decode()
        await post(base + 3, b"auth nun nun-pwd;create-db shop t;use-db shop t;set k v;snapshot")
        await read_until(process, b"Server processed message 'auth **** ****'")
        process.send_signal(number)
        if is_saved:
            assert await read_until(process, b"Received signal") == b"Received signal 2\n"
        assert await process.wait() == 0
    assert (tmp_path / "node0" / "shop-nun.data.keys").exists() == is_saved


async def test_faults_can_be_on_from_the_start_and_switched_later(tmp_path: Path) -> None:
    """The control port is one above the base."""
    base = free_row(35)
    async with program(base, tmp_path, "hung-replica") as process:
        await read_until(process, b"ready")
        reader, writer = await asyncio.open_connection("127.0.0.1", base + 1)
        writer.write(b"DELETE /faults/hung-replica HTTP/1.1\r\n\r\n")
        assert b"hung-replica is cured at node 1" in await reader.read()
        writer.close()
        process.terminate()
        assert await process.wait() == 0


async def test_a_signal_while_it_starts_ends_it(tmp_path: Path) -> None:
    """Without waiting for anybody."""
    base = free_row(35)
    async with program(base, tmp_path) as process:
        await read_until(process, b"nundb starting!")
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            assert await process.wait() == 0


async def test_an_unknown_fault_is_told_before_anything_starts() -> None:
    """As a setting that cannot be used."""
    with pytest.raises(UnknownError, match="plague"):
        await serve(ServeOptions(faults=("plague",)))


async def test_an_address_that_is_taken_ends_it(unused_tcp_port: int) -> None:
    """With the error, and nothing left behind."""
    async with asyncio.timeout(10):
        listener = await asyncio.start_server(lambda *_: None, "127.0.0.1", unused_tcp_port)
        async with listener:
            with pytest.raises(OSError, match="ddress already in use"):
                await serve(ServeOptions(port_base=unused_tcp_port - 4, has_log=False, has_control=False))
