"""The devserver as a program: where it listens, how it ends, what it keeps."""

import asyncio
import re
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from nundb_devserver import free_row
from tests.wire.clients import ask
from tests.wire.ports import taken
from tests.wire.waiting import eventually

from .program import Program, running

ADMIN = "auth nun nun-pwd"
READY = "(primary)"


async def started(devserver: Program, base: int) -> int:
    """Wait until the nodes are up, and return the HTTP port of node 0."""
    await devserver.printed(READY)
    return base + 3


async def test_a_node_has_three_ports(tmp_path: Path) -> None:
    """WebSocket at + 2, HTTP at + 3, TCP at + 4, as printed; each lets the default administrator in, or greets."""
    base = free_row(35)
    async with running(tmp_path, "devserver", "--port-base", str(base), "--quiet") as devserver:
        port = await started(devserver, base)
        assert devserver.lines == [
            f"node0: http://127.0.0.1:{base + 3} ws://127.0.0.1:{base + 2} tcp://127.0.0.1:{base + 4} (primary)"
        ]
        assert (await ask(port, ADMIN, "metrics-state")).startswith("valid auth\n;metrics-state pending_ops: 0, ")
        async with aiohttp.ClientSession() as session, session.ws_connect(f"ws://127.0.0.1:{base + 2}") as client:
            await client.send_str(ADMIN)
            assert await client.receive_str() == "valid auth\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", base + 4)
        assert await reader.readline() == b"ok \n"
        writer.close()
        await writer.wait_closed()


async def test_several_nodes_are_one_cluster(tmp_path: Path) -> None:
    """Node i is ten ports further, and all know each other once the addresses are printed."""
    base = free_row(35)
    async with running(tmp_path, "devserver", "--nodes", "3", "--port-base", str(base), "--quiet") as devserver:
        port = await started(devserver, base)
        answer = await ask(port, ADMIN, "cluster-state")
        assert set(re.findall(r"127\.0\.0\.1:(\d+)", answer)) == {str(base + 4), str(base + 14), str(base + 24)}
        assert len(devserver.lines) == 3


async def test_its_log_is_nundbs(tmp_path: Path) -> None:
    """A line for each request on standard output, secrets masked, unless it is told to be quiet."""
    base = free_row(35)
    async with running(tmp_path, "devserver", "--port-base", str(base)) as devserver:
        port = await started(devserver, base)
        await ask(port, ADMIN)
        line = await devserver.printed("Server processed message 'auth")
        assert re.fullmatch(
            r"\[\S+Z nundb::process_request\] \[\d+\] Server processed message 'auth \*\*\*\* \*\*\*\*' in \S+s", line
        )


async def test_the_environment_names_the_administrator(tmp_path: Path) -> None:
    """NUN_USER and NUN_PWD hold, without the line end of `echo`; the defaults are then refused."""
    base = free_row(35)
    arguments = ("devserver", "--port-base", str(base), "--quiet")
    async with running(tmp_path, *arguments, environment={"NUN_USER": "ann\n", "NUN_PWD": "a b\n"}) as devserver:
        port = await started(devserver, base)
        assert await ask(port, "auth ann a b") == "valid auth\n"
        assert await ask(port, ADMIN) == "invalid auth\n"


async def test_it_speaks_as_an_older_server_did(tmp_path: Path) -> None:
    """--release chooses the formats of a time."""
    base = free_row(35)
    arguments = ("devserver", "--port-base", str(base), "--quiet", "--release", "2021-10")
    async with running(tmp_path, *arguments) as devserver:
        port = await started(devserver, base)
        assert (await ask(port, ADMIN, "oplog-state")).endswith("oplog-state pending_opps: 0\n")


async def test_faults_are_switched_from_outside_and_from_the_start(tmp_path: Path) -> None:
    """--fault begins with one, and the control port tells of it and ends it."""
    base = free_row(35)
    arguments = ("devserver", "--port-base", str(base), "--quiet", "--control", "--fault", "wrong-password")
    async with running(tmp_path, *arguments) as devserver:
        port = await started(devserver, base)
        assert await ask(port, ADMIN) == "invalid auth\n"
        control = (await devserver.printed("control: ")).removeprefix("control: ")
        async with (
            aiohttp.ClientSession() as session,
            session.delete(f"{control}/faults/wrong-password") as response,
        ):
            assert response.status == 200
        assert await ask(port, ADMIN) == "valid auth\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_whatever_ends_it_no_file_is_left(tmp_path: Path, number: signal.Signals) -> None:
    """SIGHUP comes when its terminal is closed."""
    base = free_row(35)
    async with running(tmp_path, "devserver", "--port-base", str(base), "--quiet") as devserver:
        await started(devserver, base)
        assert await devserver.end(number) == 0
        assert devserver.leftovers == []


@pytest.mark.parametrize(("number", "is_kept"), [(signal.SIGINT, True), (signal.SIGTERM, False)])
async def test_sigint_saves_what_is_queued_and_sigterm_does_not(
    tmp_path: Path, number: signal.Signals, *, is_kept: bool
) -> None:
    """Both end it with exit 0; after SIGINT alone a database that was to be snapshotted is there again."""
    base = free_row(35)
    arguments = ("devserver", "--port-base", str(base), "--quiet", "--data", str(tmp_path / "data"))
    async with running(tmp_path, *arguments) as devserver:
        port = await started(devserver, base)
        await ask(port, ADMIN, "create-db shop token", "use-db shop token", "set a 1", "snapshot false")
        assert await devserver.end(number) == 0
        assert devserver.leftovers == []
    (tmp_path / "temporary").rmdir()
    async with running(tmp_path, *arguments) as devserver:
        port = await started(devserver, base)
        assert ("value 1\n" in await ask(port, "use-db shop token", "get a")) is is_kept


async def test_its_files_follow_nundbs_own_settings(tmp_path: Path) -> None:
    """Snapshots are written while it runs, and the operation log rotates, as NUN_* variables or flags want it."""
    base = free_row(35)
    data = tmp_path / "data"
    arguments = ("devserver", "--port-base", str(base), "--quiet", "--data", str(data), "--max-op-log-size", "500")
    async with running(tmp_path, *arguments, environment={"NUN_DECLUTTER_INTERVAL": "1"}) as devserver:
        port = await started(devserver, base)
        await ask(port, ADMIN, "create-db shop token", "use-db shop token", "set a 1", "set b 2", "snapshot")

        async def files() -> set[str]:
            return {path.name for path in data.glob("node0/*")}

        await eventually(files, lambda names: {"shop-nun.data.keys", "oplog"} <= names)
        assert await devserver.end(signal.SIGTERM) == 0


async def test_a_taken_port_is_named_with_the_flag_that_chooses_another(tmp_path: Path) -> None:
    """One line on standard error, exit 2."""
    base = free_row(35)
    with taken(base + 13):
        async with running(tmp_path, "devserver", "--nodes", "2", "--port-base", str(base)) as devserver:
            assert await devserver.end() == 2
            problem = f"nundb-exporter: --port-base: port {base + 13} is taken"
            cure = "choose others with --port-base, or stop the program that has it"
            await devserver.printed(problem)
            assert devserver.lines == [f"{problem}; {cure}"]


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (("--data", "/proc/nowhere"), {}, "--data: cannot use /proc/nowhere"),
        (("--nodes", "4", "--port-base", "65520"), {}, "--port-base: 4 nodes need ports beyond 65535"),
        ((), {"NUN_USER": "a b"}, "NUN_USER: contains a space"),
        ((), {"NUN_PWD": "a;b"}, "NUN_PWD: contains a semicolon"),
    ],
)
async def test_a_wrong_setting_ends_it_with_one_line(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], expected: str
) -> None:
    """Exit 2, the setting and what is wrong with it."""
    first = () if "--port-base" in arguments else ("--port-base", str(free_row(35)))
    async with running(tmp_path, "devserver", *first, *arguments, "--quiet", environment=environment) as devserver:
        assert await devserver.end() == 2
        await devserver.printed(expected)
        assert len(devserver.lines) == 1


async def test_a_fault_that_cannot_be_is_a_failure(tmp_path: Path) -> None:
    """A single node has no replica that could hang: exit 1, and it is said."""
    base = free_row(35)
    async with running(
        tmp_path, "devserver", "--port-base", str(base), "--quiet", "--fault", "hung-replica"
    ) as devserver:
        assert await devserver.end() == 1
        await devserver.printed("hung-replica needs at least two nodes")


def test_it_loads_nothing_of_the_exporter_that_it_does_not_need() -> None:
    """Neither the demo nor collectors: it starts fast, and cannot share their misreadings."""
    program = "import nundb_exporter.cli.devserver, sys; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[1] for name in ended.stdout.split() if name.startswith("nundb_exporter.")}
    assert loaded == {"cli", "credentials", "errors"}
