"""The log of a running exporter, where nobody reads it and where there is much to say."""

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from nundb_devserver import free_port
from tests.wire.behaviours import answering
from tests.wire.exporter import Exporter
from tests.wire.pages import Page, fetch
from tests.wire.program import PROGRAM, environment
from tests.wire.scripted import ScriptedNode
from tests.wire.waiting import PATIENCE_SECONDS, eventually, until

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


async def test_each_change_of_a_node_is_one_line_of_its_own(tmp_path: Path) -> None:
    """Of several nodes: one that goes and comes back is told twice, however often it is asked, and the other never."""
    async with ScriptedNode(answering()) as steady, ScriptedNode(answering()) as leaving:
        file = write(tmp_path / "nundb.yml", f"targets: {{nodes: ['{steady.url}', '{leaving.url}']}}\n")
        async with Exporter("", "--config.file", file, starter=("env", "-u", "NUN_URL")) as exporter:

            async def ask_both() -> None:
                for node in (steady, leaving) * 3:
                    await fetch(f"{exporter.url}/probe?target={node.url}")

            await ask_both()
            await leaving.stop()
            await ask_both()
            await leaving.start()
            await ask_both()
            exporter.send(signal.SIGTERM)
            assert await exporter.ended() == 0
    told = [line for line in exporter.output.splitlines() if "logger=nundb_exporter.scrape" in line]
    assert len(told) == 2
    assert f"{leaving.url}: node failed: connect" in told[0]
    assert f"{leaving.url}: node recovered" in told[1]


def write(path: Path, text: str) -> str:
    """Write a file, and return its name."""
    path.write_text(text)
    return str(path)


async def test_a_misspelt_variable_is_told_at_the_start() -> None:
    """It has no effect, and nothing else would say so."""
    async with Exporter("http://127.0.0.1:9", NUNDB_EXPORTER_WEB_MAX_REQEUSTS="3") as exporter:
        await until(lambda: "did you mean NUNDB_EXPORTER_WEB_MAX_REQUESTS?" in exporter.output)
