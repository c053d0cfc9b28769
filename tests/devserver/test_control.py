"""The control port: faults and nodes over HTTP."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from nundb_devserver import FAULTS, Cluster, free_port
from nundb_devserver.cluster.control import HELP, Control
from tests.wire.clients import TcpClient


@pytest.fixture
async def control(cluster: Cluster) -> AsyncIterator[int]:
    """The port of a control port."""
    control, port = Control(cluster), free_port()
    await control.listen("127.0.0.1", port)
    yield port
    control.close()


async def request(port: int, line: str, headers: str = "") -> tuple[int, str]:
    """Return the status and the text of an answer."""
    client = await TcpClient.connect(port)
    client.send(f"{line} HTTP/1.1\r\n".encode())
    await asyncio.sleep(0)
    client.send(f"Host: x\r\n{headers}\r\n".encode())
    while await client.receive(10):
        pass
    await client.close()
    head, _, body = client.received.decode().partition("\r\n\r\n")
    return int(head.split(" ")[1]), body


async def test_faults_are_listed_with_where_they_are_on(control: int) -> None:
    """And with what they are."""
    status, text = await request(control, "GET /faults")
    assert status == 200
    assert [line.split()[0] for line in text.splitlines()] == list(FAULTS)
    assert await request(control, "POST /faults/hung-replica?node=1") == (200, "hung-replica is on at node 1\n")
    assert await request(control, "POST /faults/hung-replica") == (200, "hung-replica is on at node 2\n")
    _, text = await request(control, "GET /faults")
    assert next(line.split()[1] for line in text.splitlines() if line.startswith("hung-replica")) == "1,2"
    assert await request(control, "DELETE /faults/hung-replica") == (200, "hung-replica is cured at node 1, 2\n")
    assert await request(control, "DELETE /faults/hung-replica") == (200, "hung-replica was not on\n")


async def test_nodes_are_listed(control: int, cluster: Cluster) -> None:
    """With what they say of themselves, and their addresses."""
    status, text = await request(control, "GET /nodes")
    assert status == 200
    assert text.splitlines()[0].endswith("  Primary")
    assert cluster.nodes[2].http_url in text


async def test_nodes_are_dealt_with(control: int, cluster: Cluster) -> None:
    """Killed, started, stopped, restarted."""
    for verb, is_running in (("kill", False), ("start", True), ("stop", False), ("restart", True)):
        status, text = await request(control, f"POST /nodes/2/{verb}")
        assert status == 200
        assert cluster.nodes[2].is_running == is_running
        assert text.endswith("not running\n") != is_running


@pytest.mark.parametrize(
    ("line", "status", "text"),
    [
        ("GET /", 404, HELP),
        ("GET /help", 200, HELP),
        ("POST /faults/plague", 404, "fault: plague is not known"),
        ("POST /faults/hung-node?node=9", 404, "node: there is no node 9"),
        ("POST /faults/hung-node?node=x", 400, "x is not the number of a node"),
        ("POST /nodes/9/kill", 404, "node: there is no node 9"),
        ("PUT /faults/hung-node", 405, "GET, POST or DELETE"),
        ("POST /nodes/0/paint", 405, "GET, POST or DELETE"),
    ],
)
async def test_what_cannot_be_done_is_told_so(control: int, line: str, status: int, text: str) -> None:
    """With the cure."""
    answer = await request(control, line)
    assert answer[0] == status
    assert answer[1].startswith(text)


async def test_a_fault_that_is_on_already_is_a_conflict(control: int) -> None:
    """It stays on."""
    await request(control, "POST /faults/slow-command?node=0")
    status, text = await request(control, "POST /faults/slow-command?node=0")
    assert (status, text) == (409, "FaultError: slow-command is already on at node 0\n")


async def test_a_page_in_a_browser_cannot_switch_anything(control: int, cluster: Cluster) -> None:
    """Whatever page somebody has open."""
    status, _ = await request(control, "POST /nodes/0/kill", "Origin: http://elsewhere\r\n")
    assert status == 403
    assert cluster.nodes[0].is_running


async def test_what_is_not_http_is_refused(control: int) -> None:
    """And who says nothing gets nothing."""
    client = await TcpClient.connect(control)
    client.send(b"nonsense\r\n\r\n")
    while await client.receive(5):
        pass
    assert client.received.startswith(b"HTTP/1.1 400 ")
    await client.close()
    client = await TcpClient.connect(control)
    client.half_close()
    assert not await client.receive(5)
    await client.close()
