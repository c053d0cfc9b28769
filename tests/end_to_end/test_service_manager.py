"""What the exporter tells the service manager that starts it, over a real socket, as systemd opens one."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.behaviours import answering
from tests.wire.exporter import Exporter
from tests.wire.scripted import ScriptedNode
from tests.wire.waiting import PATIENCE_SECONDS, until


class Manager:
    """Listens as a service manager does."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._socket.setblocking(False)

    async def told(self) -> dict[str, str]:
        """Return the next assignments that arrive."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            data = await asyncio.get_running_loop().sock_recv(self._socket, 4096)
        return dict(line.split("=", 1) for line in data.decode().splitlines())

    async def told_of(self, name: str) -> dict[str, str]:
        """Return the next assignments that have this name among them."""
        while name not in (told := await self.told()):
            pass
        return told

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    """Return a manager that listens at a path, or at a name without one."""
    listening = Manager(
        str(tmp_path / "notify") if request.param == "path" else f"@nundb-{tmp_path.name}-{id(request)}"
    )
    yield listening
    listening.close()


async def test_the_manager_is_told_of_start_reload_and_end(manager: Manager) -> None:
    """In the words of sd_notify(3): with Type=notify a unit is started when scrapes are answered."""
    async with ScriptedNode(answering()) as node, Exporter(node.url, NOTIFY_SOCKET=manager.address) as exporter:
        assert await manager.told() == {"READY": "1", "STATUS": f"Serving {node.url}"}
        exporter.send(signal.SIGHUP)
        reloading = await manager.told()
        assert reloading["RELOADING"] == "1"
        assert int(reloading["MONOTONIC_USEC"]) > 0
        assert (await manager.told())["READY"] == "1"
        exporter.send(signal.SIGTERM)
        assert await manager.told() == {"STOPPING": "1"}
        assert await exporter.ended() == 0


async def test_the_manager_is_told_again_and_again_that_the_exporter_lives(tmp_path: Path) -> None:
    """Where it asks for that; an exporter that is stopped tells nothing, so the manager starts another."""
    listening = Manager(str(tmp_path / "notify"))
    variables = {"NOTIFY_SOCKET": listening.address, "WATCHDOG_USEC": "300000"}
    async with ScriptedNode(answering()) as node, Exporter(node.url, **variables) as exporter:
        for _ in range(3):
            await listening.told_of("WATCHDOG")
        exporter.send(signal.SIGTERM)
        await listening.told_of("STOPPING")
    listening.close()


async def test_no_sign_of_life_is_given_that_another_process_is_to_give(tmp_path: Path) -> None:
    """The variables are inherited: WATCHDOG_PID says whose they are."""
    listening = Manager(str(tmp_path / "notify"))
    variables = {"NOTIFY_SOCKET": listening.address, "WATCHDOG_USEC": "3000", "WATCHDOG_PID": "1"}
    async with ScriptedNode(answering()) as node, Exporter(node.url, **variables) as exporter:
        assert "READY" in await listening.told()
        exporter.send(signal.SIGTERM)
        assert await listening.told() == {"STOPPING": "1"}
    listening.close()


async def test_a_manager_that_has_gone_is_no_reason_to_end(tmp_path: Path) -> None:
    """The log says that it cannot be told."""
    async with (
        ScriptedNode(answering()) as node,
        Exporter(node.url, NOTIFY_SOCKET=str(tmp_path / "nobody")) as exporter,
    ):
        assert (await exporter.metrics()).is_up
        await until(lambda: "cannot tell the service manager (no such file or directory)" in exporter.output)
