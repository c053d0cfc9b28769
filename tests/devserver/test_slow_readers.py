"""A TCP client that does not read: its connection ends, and what it had is not given back (protocol notes 1.1)."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nundb_devserver import Node
from tests.log import observed
from tests.wire.clients import TcpClient
from tests.wire.idle_time import node_options, pass_time

from .asking import ask, until

MORE_THAN_A_KERNEL_TAKES = 20_000_000
VALUE = "y" * 100_000
PANIC = re.compile(r"^thread '<unnamed>' \(\d+\) (panicked at .*\n.*)$", re.MULTILINE)
UNREAD = "process_message Error: Resource temporarily unavailable"


async def watching(node: Node) -> TcpClient:
    """Return a client that watches the key `big`."""
    client = await TcpClient.connect(node.options.tcp_port)
    client.send(b"use-db shop st\nwatch big\n")
    while client.received.count(b"ok \n") < 3:
        await client.receive(5)
    return client


async def write(node: Node, size: int) -> None:
    """Change the key until so many bytes have been told to whoever watches it."""
    for _ in range(size // (2 * len(VALUE))):
        await ask(node, f"use-db shop st;set big {VALUE}")


async def connections(node: Node) -> str:
    """Return how many connections the database counts, but for the one that asks."""
    return (await ask(node, "use-db shop st;get $connections")).partition(";")[2].strip()


async def test_a_client_that_reads_nothing_is_cut_off_and_counted_for_ever(node: Node) -> None:
    """The thread of its connection panics, which takes nothing back."""
    before = await connections(node)
    client = await watching(node)
    await write(node, MORE_THAN_A_KERNEL_TAKES)
    await pass_time(5)
    while await client.receive(5):
        pass
    assert client.is_closed
    assert len(client.received) < MORE_THAN_A_KERNEL_TAKES
    await client.close()
    assert await connections(node) != before


@asynccontextmanager
async def logging() -> AsyncIterator[tuple[Node, list[str]]]:
    """A node with a database, and what it logs."""
    entries: list[str] = []
    async with Node(node_options(log=entries.append)) as node:

        async def is_primary() -> bool:
            return "success" in await ask(node, "create-db shop st newer")

        await until(is_primary)
        yield node, entries


async def test_each_later_change_is_told_to_nobody_with_two_warnings() -> None:
    """What the dead client watched stays watched; its thread has died by the panic that was recorded."""
    recorded = observed.log("recordings/watcher-leak.node0.log").decode()
    async with logging() as (node, entries):
        client = await watching(node)
        await write(node, MORE_THAN_A_KERNEL_TAKES)
        await pass_time(5)
        await client.close()
        assert sum(UNREAD in entry for entry in entries) == 1
        assert PANIC.findall("".join(entries)) == PANIC.findall(recorded)
        entries.clear()
        await write(node, 2 * len(VALUE))
        gone = "nundb::bo] Request::Set sender.send Error: send failed because receiver is gone"
        assert sum(gone in entry for entry in entries) == 2


async def test_a_client_that_leaves_with_something_unread_is_gone_in_order() -> None:
    """Nothing panics after it: its thread has ended with it."""
    async with logging() as (node, entries):
        client = await watching(node)
        await write(node, MORE_THAN_A_KERNEL_TAKES)
        await client.close("rst")
        await pass_time(5)
        assert not any(UNREAD in entry for entry in entries)


async def test_a_client_that_reads_late_but_reads_is_told_all(node: Node) -> None:
    """It never leaves eight kilobytes unread for a second."""
    client = await watching(node)
    told = 0
    for _ in range(5):
        await write(node, 1_000_000)
        told += 1_000_000
        while len(client.received) < told:
            assert await client.receive(5)
    assert not client.is_closed
    await client.close()
