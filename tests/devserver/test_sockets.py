"""What can happen to sockets: readers that do not read, listeners that cannot accept, peers that say strange things."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator

import pytest

from nundb_devserver import Node, free_port
from nundb_devserver.sockets.listener import Listener
from tests.wire.clients import TcpClient
from tests.wire.idle_time import node_options

from .asking import ask, pending, until


async def test_a_client_that_does_not_read_is_not_read_from(node: Node) -> None:
    """Until it reads: then it gets all of what it has asked for, in order."""
    await ask(node, "use-db shop st;set big " + "x" * 100_000)
    client = await TcpClient.connect(node.options.tcp_port)
    client.send(b"use-db shop st\n" + b"get big\n" * 200 + b"bogus\n")
    while not client.received.endswith(b"error unknown command: bogus \n"):
        assert await client.receive(5)
    assert client.received.count(b"value xxx") == 200
    await client.close()


class Exhausted:
    """A socket of a process that has no file descriptor left, once."""

    def __init__(self, real: socket.socket) -> None:
        self._real = real
        self.is_exhausted = True

    def accept(self) -> tuple[socket.socket, object]:
        """Fail the first time."""
        if self.is_exhausted:
            self.is_exhausted = False
            raise OSError(errno.EMFILE, "Too many open files")
        return self._real.accept()

    def fileno(self) -> int:
        """Return the real one's."""
        return self._real.fileno()

    def close(self) -> None:
        """Close the real one."""
        self._real.close()


@pytest.mark.parametrize("waits", [True, False])
async def test_a_listener_that_cannot_accept_tries_again(
    waits: bool,
) -> None:
    """A little later, unless it is closed before."""
    tasks: list[asyncio.Task[None]] = []
    port = free_port()
    listener = Listener("127.0.0.1", port, Echo, lambda work: tasks.append(asyncio.create_task(work)))
    listener.pause()
    exhausted = Exhausted(listener._socket)
    listener._socket = exhausted  # type: ignore[assignment]
    listener.resume()
    client = await TcpClient.connect(port)
    if waits:
        client.send(b"hello")
        while client.received != b"hello":
            assert await client.receive(5)
    assert not exhausted.is_exhausted or not waits
    listener.close()
    await client.close()


class Echo(asyncio.Protocol):
    """Sends back what it gets."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Send it back."""
        self.transport.write(data)


class Peer:
    """A node that the test plays: it listens, and says what it likes on the link that comes."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[str] = asyncio.Queue()
        self.writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server

    async def listen(self, port: int) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def heard(self, word: str) -> None:
        """Wait for a line with a word in it."""
        async with asyncio.timeout(5):
            while word not in await self.lines.get():
                pass

    def say(self, line: str) -> None:
        """Say something on the latest link."""
        self.writers[-1].write(f"{line}\n".encode())

    async def close(self) -> None:
        """Hang up."""
        self._server.close()
        for writer in self.writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        while line := await reader.readline():
            self.lines.put_nowait(line.decode())
        self.lines.put_nowait("(the link has ended)")


@pytest.fixture
async def peer(node: Node) -> AsyncIterator[Peer]:
    """A peer that has joined the node."""
    peer, port = Peer(), free_port()
    await peer.listen(port)
    joining = asyncio.create_task(ask(node, f"join 127.0.0.1:{port}"))
    await peer.heard("set-primary")
    await joining
    yield peer
    await peer.close()


async def test_a_peer_is_told_who_it_talks_to_and_what_happens(node: Node, peer: Peer) -> None:
    """And what it acknowledges is no longer pending."""
    await peer.heard("rp ")
    await ask(node, "use-db shop st;set k one two")
    async with asyncio.timeout(5):
        while "replicate shop k -1 one two" not in (line := await peer.lines.get()):
            pass
    before = await pending(node)
    peer.say("ok ")
    peer.say(f"ack {line.split()[1]} {node.process.state.members.all()[-1].name} ")  # type: ignore[union-attr]

    async def is_acknowledged() -> bool:
        return await pending(node) == before - 1

    await until(is_acknowledged)


async def test_an_older_peer_makes_the_node_step_back_and_a_younger_one_does_not(node: Node, peer: Peer) -> None:
    """Elections take place on links, too, and hold up what comes after them."""
    peer.say("election candidate 99999999999999999 younger")
    peer.say("election candidate 1 older")

    async def has_stepped_back() -> bool:
        return "only allow from primary" in await ask(node, "create-db $admin x")

    await until(has_stepped_back)


@pytest.mark.parametrize("line", ["election candidate five", "rp 1 " * 5000 + "get a", "\udcff"])
async def test_a_peer_that_says_what_kills_a_thread_loses_its_link(node: Node, peer: Peer, line: str) -> None:
    """But stays listed, and what is sent to it is lost: Connected means little (protocol notes 6.6)."""
    if line == "\udcff":
        peer.writers[-1].write(b"\xff is no text\n")
        peer.say("election candidate five")
    else:
        peer.say(line)
    await peer.heard("(the link has ended)")
    assert "Connected):Secoundary" in await ask(node, "cluster-state")
    before = await pending(node)
    await ask(node, "use-db shop st;set k v")

    async def has_one_more() -> bool:
        return await pending(node) == before + 1

    await until(has_one_more)
    await ask(node, f"replicate-leave {node.process.state.members.all()[-1].name}")  # type: ignore[union-attr]

    async def is_gone() -> bool:
        return "Connected" not in await ask(node, "cluster-state")

    await until(is_gone)


async def test_a_line_without_end_is_hung_up_on() -> None:
    """A server that wants to stay up has a limit."""
    async with Node(node_options(max_line_bytes=1000)) as node:
        client = await TcpClient.connect(node.options.tcp_port)
        await client.receive(5)
        client.send(b"x" * 2000)
        while await client.receive(5):
            pass
        assert client.is_closed
        await client.close()


async def test_a_peer_that_says_a_line_without_end_loses_its_link() -> None:
    """The same limit holds on links."""
    peer, port = Peer(), free_port()
    await peer.listen(port)
    async with Node(node_options(max_line_bytes=1000)) as node:
        await ask(node, f"replicate-join 127.0.0.1:{port}")
        await peer.heard("replicate-since")
        peer.say("x" * 2000)
        await peer.heard("(the link has ended)")
    await peer.close()
