"""Where it can be scraped, and by how many: UNIX sockets, systemd's sockets, and more clients than descriptors."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from nundb_devserver import free_port
from tests.wire.behaviours import answering
from tests.wire.exporter import Exporter
from tests.wire.pages import Page
from tests.wire.program import run
from tests.wire.scripted import ScriptedNode
from tests.wire.waiting import PATIENCE_SECONDS, until

SYSTEMD = """
import os, socket, sys
opened = socket.create_server(("127.0.0.1", 0))
os.dup2(opened.fileno(), 3)
os.set_inheritable(3, True)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[1], sys.argv[1:])
"""
"""What systemd does for a socket unit, by sd_listen_fds(3)."""
LOW_SOFT_LIMIT = ("sh", "-c", 'ulimit -Sn 64; ulimit -Hn 256; exec "$0" "$@"')
FEW_DESCRIPTORS = ("sh", "-c", 'ulimit -n 64; exec "$0" "$@"')


async def test_the_soft_limit_of_descriptors_is_raised_to_the_hard_one() -> None:
    """A thousand nodes need more than the 1,024 that a shell or a container often starts a program with."""
    async with ScriptedNode(answering()) as node, Exporter(node.url, starter=LOW_SOFT_LIMIT) as exporter:
        page = await exporter.metrics()
        assert page.samples["process_max_fds",] == 256


async def test_a_unix_socket_is_listened_on_beside_an_address(tmp_path: Path) -> None:
    """Its file goes with the process."""
    path = tmp_path / "exporter.sock"
    async with ScriptedNode(answering()) as node:
        async with Exporter(node.url, "--web.listen-address", f"unix:{path}") as exporter:
            await until(lambda: f"on unix:{path}" in exporter.output)
            async with (
                aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session,
                session.get("http://exporter/metrics") as response,
            ):
                assert "nundb_up 1\n" in await response.text()
            assert (await exporter.metrics()).is_up
            exporter.send(signal.SIGTERM)
            assert await exporter.ended() == 0
        assert not path.exists()


async def test_an_address_that_is_given_twice_is_listened_on_once() -> None:
    """By whom else it would be in use, nobody could find out."""
    async with ScriptedNode(answering()) as node:
        address = f"127.0.0.1:{free_port()}"
        async with Exporter(node.url, "--web.listen-address", address, listen=address) as exporter:
            assert (await exporter.metrics()).is_up
            assert exporter.output.count(f"on http://{address}/metrics") == 1


async def test_a_socket_that_systemd_has_opened_is_served() -> None:
    """No address is listened on then: this one could not be."""
    async with (
        ScriptedNode(answering()) as node,
        Exporter(
            node.url, "--web.systemd-socket", listen="192.0.2.1:1", starter=(sys.executable, "-c", SYSTEMD)
        ) as exporter,
    ):
        assert (await exporter.metrics()).is_up


async def test_where_systemd_has_opened_nothing_it_ends_with_2_and_one_line() -> None:
    """The service was started without its socket unit."""
    ended = await run("--web.systemd-socket", url="http://127.0.0.1:1")
    assert ended.code == 2
    (line,) = ended.stderr.splitlines()
    assert "--web.systemd-socket" in line
    assert "start the socket unit" in line


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("192.0.2.1:9898", "no such address"),
        ("no-such-host.invalid:9898", "no such name"),
        ("unix:/no/such/directory/socket", "no such directory"),
    ],
)
async def test_an_address_that_cannot_be_listened_on_is_told_with_its_cause(address: str, cause: str) -> None:
    """Exit code 2, and one line with the setting, the address and what to do."""
    ended = await run("--web.listen-address", address, url="http://127.0.0.1:1")
    assert ended.code == 2
    (line,) = ended.stderr.splitlines()
    assert f"--web.listen-address {address}: " in line
    assert cause in line
    assert "; " in line


@contextlib.asynccontextmanager
async def silent_clients(exporter: Exporter, count: int, said: bytes = b"") -> AsyncIterator[None]:
    """Let so many clients connect and say this and no more."""
    host, _, port = exporter.url.removeprefix("http://").rpartition(":")
    async with asyncio.timeout(PATIENCE_SECONDS):
        opened = [await asyncio.open_connection(host, int(port)) for _ in range(count)]
    for _, writer in opened:
        writer.write(said)
    try:
        yield
    finally:
        for _, writer in opened:
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@pytest.mark.parametrize("said", [b"", b"GET /metrics HTTP/1.1\r\nHost"])
async def test_more_silent_clients_than_descriptors_keep_no_scrape_waiting_and_fill_no_log(said: bytes) -> None:
    """A hundred, where the process may open 64 files; each scrape on a connection of its own."""
    async with ScriptedNode(answering()) as node, Exporter(node.url, starter=FEW_DESCRIPTORS) as exporter:
        assert (await exporter.metrics()).samples["process_max_fds",] == 64
        before = len(exporter.output.splitlines())
        async with silent_clients(exporter, 100, said):
            for _ in range(10):
                page = await _page(exporter)
                assert page.is_up
                assert page.samples["process_open_fds",] < 64
        (line,) = exporter.output.splitlines()[before:]
        assert "level=warning" in line
        assert "connections are open" in line


async def _page(exporter: Exporter) -> Page:
    """Scrape; within the half second that the silent ones are given to speak, the answer may be 503."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (page := await exporter.metrics()).status == 503:
            assert b"too many connections" in page.body
    return page
