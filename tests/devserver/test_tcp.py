"""The TCP listener, and what clients of several transports see of each other."""

import pytest

from nundb_devserver import Node
from tests.wire.clients import TcpClient, WebSocketClient
from tests.wire.idle_time import node_options

from .asking import ask, until


async def say(client: TcpClient, line: str, expected: str) -> None:
    """Send a line and check all that comes back."""
    client.send(f"{line}\n".encode())
    await hear(client, expected)


async def hear(client: TcpClient, expected: str) -> None:
    """Check all that comes."""
    while len(client.received) < len(expected.encode()) and await client.receive(5):
        pass
    received, client.received = client.received, b""
    assert received.decode() == expected


@pytest.fixture
async def client(node: Node) -> TcpClient:
    """A connection that has been greeted."""
    client = await TcpClient.connect(node.options.tcp_port)
    await hear(client, "ok \n")
    return client


async def test_messages_come_before_the_ok(client: TcpClient) -> None:
    """And an error that was also a message comes twice."""
    await say(client, "get city", "error no-db-selected\nerror error no-db-selected\n \n")
    await say(client, "use-db shop st", "ok \n")
    await say(client, "watch city", "ok \n")
    await say(client, "set city Tomar", "changed city Tomar\nchanged-version city 0 Tomar\nok \n")
    await client.close()


async def test_a_version_error_is_ok_on_tcp(node: Node, client: TcpClient) -> None:
    """The original maps only its other errors."""
    await ask(node, "create-db strict t none")
    await say(client, "use-db strict t", "ok \n")
    await say(client, "set-safe k 5 a", "ok \n")
    await say(client, "set-safe k 1 b", "ok \n")
    await say(client, "get-safe k", "value-version 6 a\nok \n")
    await client.close()


async def test_a_line_may_arrive_in_pieces(client: TcpClient) -> None:
    """Unlike in the original, which loses the first of them."""
    client.send(b"use-db ")
    await client.receive(0.02)
    client.send(b"shop st\nset a 1\nge")
    await hear(client, "ok \nok \n")
    await say(client, "t a", "value 1\nok \n")
    await client.close()


async def test_a_line_that_is_not_utf_8_is_dropped_without_a_word(client: TcpClient) -> None:
    """The next one is answered."""
    client.send(b"set bad \xff\xfe\n")
    await say(client, "bogus", "error unknown command: bogus \n")
    await client.close()


async def test_a_last_line_without_newline_is_run_and_not_answered(node: Node, client: TcpClient) -> None:
    """What it does is done."""
    client.send(b"use-db shop st\nset last word")
    client.half_close()
    while await client.receive(5):
        pass
    assert client.received == b"ok \n"
    assert await ask(node, "use-db shop st;get last") == "empty;value word\n"
    await client.close()


async def test_a_thread_that_dies_takes_the_rest_of_its_lines_along(node: Node, client: TcpClient) -> None:
    """Nothing is answered, nothing more is run, and $connections keeps counting the client."""
    client.send(b"use-db shop st\nelection candidate five\nset after death\n")
    while await client.receive(5):
        pass
    assert client.received == b""
    assert await ask(node, "use-db shop st;get after;get $connections") == "empty;value <Empty>\n;value 2\n"
    await client.close()


async def test_a_thread_that_dies_late_hangs_up_as_well(node: Node, client: TcpClient) -> None:
    """A key that is in conflict without any stored conflict ends the thread, also of a command that takes its time."""
    await ask(node, "create-db desk t arbiter;use-db desk t;set-safe k -3 x")
    await say(client, "use-db desk t", "ok \n")
    await say(client, "arbiter", "ok \n")
    node.conditions.slow_seconds = 0.01
    client.send(b"set k y\n")
    while await client.receive(5):
        pass
    assert client.is_closed
    assert client.received == b""
    await client.close()


@pytest.mark.parametrize("how", ["fin", "rst"])
async def test_a_client_that_leaves_is_counted_out_and_told_nothing_more(
    node: Node, client: TcpClient, how: str
) -> None:
    """However it leaves."""
    await say(client, "use-db shop st", "ok \n")
    await say(client, "watch a", "ok \n")
    await client.close(how)

    async def is_counted_out() -> bool:
        return await ask(node, "use-db shop st;get $connections") == "empty;value 1\n"

    await until(is_counted_out)
    await ask(node, "use-db shop st;set a 1")


async def test_watchers_of_every_transport_hear_each_other(node: Node, client: TcpClient) -> None:
    """TCP hears WebSocket, WebSocket hears HTTP."""
    await say(client, "use-db shop st", "ok \n")
    await say(client, "watch a", "ok \n")
    websocket = await WebSocketClient.connect(node.options.websocket_port)
    websocket.send(b"use-db shop st;watch a;set a 1")
    await hear(client, "changed a 1\nchanged-version a 0 1\n")
    await ask(node, "use-db shop st;remove a")
    await hear(client, "removed a\n")
    while "removed a\n" not in websocket.frames:
        assert await websocket.receive(5)
    await websocket.close()
    await client.close()


async def test_a_faithful_node_loses_a_line_that_comes_in_two_parts() -> None:
    """After the first one, as the original does."""
    async with Node(node_options(is_faithful=True)) as node:
        client = await TcpClient.connect(node.options.tcp_port)
        await hear(client, "ok \n")
        client.send(b"bog")
        await client.receive(0.05)
        await say(client, "us", "error unknown command: bogus \n")
        client.send(b"bog")
        await client.receive(0.05)
        await say(client, "us", "error unknown command: us \n")
        await client.close()


async def test_a_faithful_node_dies_of_what_kills_the_original() -> None:
    """HTTP of the fourth panic, WebSocket of bytes that are no text, the process of a database it cannot number."""
    async with Node(node_options(is_faithful=True, starting_up_seconds=0.01)) as node:

        async def is_primary() -> bool:
            return "success" in await ask(node, "create-db a|b t")

        await until(is_primary)
        for _ in range(4):
            await ask(node, "election candidate five", as_admin=False)
        with pytest.raises(OSError, match="Connect call failed"):
            await ask(node, "keys")
        websocket = await WebSocketClient.connect(node.options.websocket_port)
        websocket.send(b"\xff", opcode=2)
        while await websocket.receive(5):
            pass
        with pytest.raises(OSError, match="Connect call failed"):
            await WebSocketClient.connect(node.options.websocket_port)
        await websocket.close()
        client = await TcpClient.connect(node.options.tcp_port)
        client.send(b"auth nun nun-pwd\nuse-db a|b t\nsnapshot\n")
        while await client.receive(5):
            pass
        await client.close()
        assert not node.is_running
