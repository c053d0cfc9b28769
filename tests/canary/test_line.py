"""One connection to a member that misbehaves."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from nundb_exporter.canary.beat import Canary
from nundb_exporter.canary.failed import FailedError
from nundb_exporter.canary.line import Line, LineError
from nundb_exporter.canary.tally import Tally
from nundb_exporter.config.settings import CanarySettings, Endpoint, Module, Target, Tls, parse_endpoint
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.protocol.commands import CLUSTER_STATE
from tests.wire.waiting import PATIENCE_SECONDS, until

pytestmark = pytest.mark.real_time


async def test_a_member_that_speaks_unasked_is_hung_up_on() -> None:
    """What it says would be taken for the next reply; nothing is left open on either side."""
    ended = asyncio.Event()

    async def babble(connection: ServerConnection) -> None:
        await connection.send("cluster-state \n")
        await connection.wait_closed()
        ended.set()

    async with serve(babble, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        line = Line(Endpoint("ws", "127.0.0.1", port), Tls(), "beat", PATIENCE_SECONDS)
        await line.open()
        await until(lambda: not line.is_open)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await ended.wait()
        with pytest.raises(LineError, match="the connection has broken"):
            await line.ask(CLUSTER_STATE)


async def test_an_unusable_certificate_fails_the_round_by_a_known_reason(tmp_path: Path) -> None:
    """It may be replaced while the exporter runs: that is no defect of the canary."""
    credentials = Credentials("admin", Secret("password"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1] + 1}"
        target = Target(
            parse_endpoint("", url), Module(credentials, (), tls=Tls(ca_file=str(tmp_path / "missing.pem")))
        )
        tally = Tally()
        canary = Canary(target, CanarySettings(DatabaseAccess("canary", Secret("token"))), tally)
        with pytest.raises(FailedError, match=r"cannot read .*missing\.pem"):
            await canary.round()
    assert [sample.labels for sample in tally.samples() if sample.value == 1] == [("unreachable",)]


async def test_all_addresses_of_a_name_are_tried() -> None:
    """`localhost` often means ::1 first, where a node that listens on 0.0.0.0 is not."""

    def resolve(_: bytes, port: int, *, flags: int = 0, **__: object) -> list[Any]:
        if flags:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("127.0.0.2", "127.0.0.1")]

    async with serve(ServerConnection.wait_closed, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        line = Line(Endpoint("ws", "nun-db", port), Tls(), "beat", PATIENCE_SECONDS, resolve)
        await line.open()
        assert line.is_open
        line.close()
