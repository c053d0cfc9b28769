"""The log of a running exporter, where nobody reads it and where there is much to say."""

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import AsyncIterator

import aiohttp

from nundb_devserver import free_port
from tests.wire.behaviours import answering
from tests.wire.pages import Page, fetch
from tests.wire.program import PROGRAM, environment
from tests.wire.scripted import ScriptedNode
from tests.wire.waiting import PATIENCE_SECONDS, eventually

_SMALL_PIPE = 4096
_DROPPED = ("nundb_exporter_log_lines_dropped_total",)


@contextlib.asynccontextmanager
async def _exporting(url: str, *arguments: str, stderr: int | None, before: str = "") -> AsyncIterator[str]:
    """Run an exporter whose log nobody reads, and yield its URL; it must end in order."""
    port = free_port()
    command = f'{before} exec "$@"'
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        command,
        "bash",
        PROGRAM,
        "--web.listen-address",
        f"127.0.0.1:{port}",
        *arguments,
        env=environment(url),
        stderr=stderr,
    )
    try:
        await eventually(lambda: _listens(port), bool)
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def test_a_standard_error_that_nobody_reads_stops_neither_scrapes_nor_the_end() -> None:
    """A supervisor that hangs, a terminal that is stopped: the pipe is full after a few lines."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _SMALL_PIPE)
    async with (
        ScriptedNode(answering()) as node,
        _exporting(node.url, "--log.level", "debug", stderr=writing) as url,
    ):
        for _ in range(60):
            page = await fetch(f"{url}/metrics")
            assert page.is_up
        assert page.samples[_DROPPED] == 0  # they still wait
    os.close(reading)
    os.close(writing)


async def test_a_standard_error_whose_reader_has_gone_costs_only_its_lines() -> None:
    """They are counted."""
    reading, writing = os.pipe()
    os.close(reading)
    async with ScriptedNode(answering()) as node, _exporting(node.url, stderr=writing) as url:
        page = await fetch(f"{url}/metrics")
        assert page.is_up
        assert page.samples[_DROPPED] >= 1
    os.close(writing)


async def test_a_full_disk_costs_only_the_lines() -> None:
    """Scrapes go on, and tell how many are missing."""
    full = os.open("/dev/full", os.O_WRONLY)
    async with ScriptedNode(answering()) as node, _exporting(node.url, stderr=full) as url:
        page: Page = await fetch(f"{url}/metrics")
        assert page.is_up
        assert page.samples[_DROPPED] >= 1
    os.close(full)


async def test_a_standard_error_that_is_closed_is_no_connection() -> None:
    """The number of the closed descriptor may become that of a socket: no line of the log may go there."""
    async with (
        ScriptedNode(answering()) as node,
        _exporting(node.url, "--log.level", "debug", stderr=None, before="exec 0>&- 1>&- 2>&-;") as url,
        aiohttp.ClientSession() as session,
    ):
        for _ in range(5):
            async with session.get(f"{url}/metrics") as response:
                assert "\nnundb_up 1\n" in await response.text()
