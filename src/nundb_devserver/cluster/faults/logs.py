"""Faults that the log alone tells of, and faults of the log itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from nundb_devserver.client import connected
from nundb_devserver.cluster.faults.fault import DATABASE, administrator, fault, primary_of, repeated, state_of
from nundb_devserver.cluster.nodes import Nodes
from nundb_devserver.data.store import ADMIN_DATABASE
from nundb_devserver.node import Node

_DIVERGING: Final = "diverging"
"""A database without a strategy, in which a replica refuses what set-safe writes."""
_KEY: Final = "watched"
_WATCHERS: Final = 3
_WRITE_SECONDS: Final = 0.1
_FATAL: Final = "election candidate x"
"""What a worker does not survive; it takes no login (protocol notes 1.2)."""


@fault("blocked-log", "Nobody reads the pipe that the log goes to: every command on every transport waits.")
async def blocked_log(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Let the pipe be full."""
    node = nodes.nodes[index]
    node.conditions.is_log_blocked = True
    node.heed_conditions()
    yield
    node.conditions.is_log_blocked = False
    node.heed_conditions()


@fault("lost-log", "The log's disk is full: the node serves on, and what it logs is lost.")
async def lost_log(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Lose each entry."""
    nodes.nodes[index].conditions.is_log_lost = True
    yield
    nodes.nodes[index].conditions.is_log_lost = False


@fault("lost-worker", "A request that needs no login ends one of the four HTTP workers.")
async def lost_worker(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Send it; only a restart brings the worker back."""
    await _post(nodes.nodes[index], _FATAL)
    yield
    await nodes.restart(index)


@fault("metrics-panic", "Each metrics-state ends the thread that runs it, and so one HTTP worker.")
async def metrics_panic(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Let the operation log be unreadable; only a restart brings the workers back."""
    node = nodes.nodes[index]
    node.conditions.is_oplog_unreadable = True
    yield
    node.conditions.is_oplog_unreadable = False
    await nodes.restart(index)


@fault("dead-watchers", "Clients watch a key, select another database and leave: each write warns of them for ever.")
async def dead_watchers(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Let some do so, and write; only a restart ends it."""
    primary, node = primary_of(nodes), nodes.nodes[index]
    async with administrator(primary, DATABASE):
        await nodes.until(lambda: DATABASE in state_of(node).databases)
    for _ in range(_WATCHERS):
        async with connected(node.tcp_address, f"use-db {DATABASE} {DATABASE}") as client:
            await client.run(f"watch {_KEY}", f"use-db {ADMIN_DATABASE} {node.password}")

    async def write() -> None:
        async with administrator(primary, DATABASE) as client:
            await client.run(f"set {_KEY} x")

    async with repeated(write, _WRITE_SECONDS):
        yield
    await nodes.restart(index)


@fault(
    "refused-writes",
    "A replica was written to, and refuses what set-safe writes on the primary: they hold different values.",
    needs_replica=True,
)
async def refused_writes(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Let the replica's version of a key be ahead (protocol notes 6.5); a plain set on the primary heals it."""
    primary, replica = primary_of(nodes), nodes.nodes[index]
    select = f"use-db {_DIVERGING} {_DIVERGING}"
    async with administrator(primary) as client:
        await client.run(f"create-db {_DIVERGING} {_DIVERGING} none", select)
        await nodes.until(lambda: _DIVERGING in state_of(replica).databases)
        async with connected(replica.tcp_address, select) as other:
            await other.run("set k old", "set k old")
        await nodes.until(lambda: _version(replica) > _version(primary) > 0 and not state_of(primary).pending)
        await client.run(f"set-safe k {_version(primary)} new")
    yield
    with suppress(OSError):
        async with administrator(primary_of(nodes)) as client:
            await client.run(select, "set k new")


def _version(node: Node) -> int:
    value = state_of(node).databases[_DIVERGING].values.get("k")
    return -1 if value is None else value.version


async def _post(node: Node, body: str) -> None:
    """Send a request over HTTP, and wait for the end of the answer."""
    reader, writer = await asyncio.open_connection(node.options.host, node.options.http_port)
    head = f"POST / HTTP/1.1\r\nHost: {node.options.host}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(f"{head}{body}".encode())
    await reader.read()
    writer.close()
    await writer.wait_closed()
