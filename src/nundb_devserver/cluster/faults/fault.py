"""What a fault is, and what faults have in common."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from nundb_devserver.client import Client, connected
from nundb_devserver.cluster.nodes import Nodes
from nundb_devserver.errors import FaultError
from nundb_devserver.node import Node
from nundb_devserver.process import Process
from nundb_devserver.state import State

DATABASE: Final = "faults"
"""What faults write into, created when it is first needed; its token is its name."""
DISPUTED: Final = "disputes"
"""Likewise, with strategy arbiter."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Entering `run` for a node switches it on, leaving it cures it."""

    name: str
    description: str
    run: Callable[[Nodes, int], AbstractAsyncContextManager[None]]
    is_for_primary: bool = False
    """Whether it goes to the primary, or else to a replica, where no node is named."""
    is_momentary: bool = False
    """Whether it is over as soon as it has been switched on."""
    needs_replica: bool = False
    """Whether there must be at least two nodes."""


def fault(
    name: str,
    description: str,
    *,
    is_for_primary: bool = False,
    is_momentary: bool = False,
    needs_replica: bool = False,
) -> Callable[[Callable[[Nodes, int], AsyncIterator[None]]], Fault]:
    """Make a fault of a function that switches it on, yields, and cures it."""
    return lambda run: Fault(name, description, asynccontextmanager(run), is_for_primary, is_momentary, needs_replica)


def primary_of(nodes: Nodes) -> Node:
    """Return the primary.

    Raises:
        FaultError: there is none.
    """
    if nodes.primary is None:
        raise FaultError("there is no primary")
    return nodes.nodes[nodes.primary]


def process_of(node: Node) -> Process:
    """Return a node's process.

    Raises:
        FaultError: it does not run.
    """
    if node.process is None:
        raise FaultError(f"{node.name} is not running")
    return node.process


def state_of(node: Node) -> State:
    """Return what a node's process knows.

    Raises:
        FaultError: it does not run.
    """
    return process_of(node).state


@asynccontextmanager
async def administrator(node: Node, database: str | None = None) -> AsyncIterator[Client]:
    """Connect to a node as its administrator, with a database of the faults selected where one is named.

    Raises:
        OSError: it cannot be reached, hangs up, or does not answer in time.
    """
    async with connected(node.tcp_address, f"auth {node.options.user} {node.password}") as client:
        if database is not None:
            strategy = "arbiter" if database == DISPUTED else "newer"
            # One that is there already answers create-db with an error, which is fine.
            await client.run(f"create-db {database} {database} {strategy}", f"use-db {database} {database}")
        yield client


@asynccontextmanager
async def repeated(action: Callable[[], Awaitable[None]], seconds: float) -> AsyncIterator[None]:
    """Do something at once, and again so long after each time, until the block ends."""

    async def repeat() -> None:
        while True:
            # Other faults may be on: a node that is not there now may be there the next time.
            with suppress(OSError):
                await action()
            await asyncio.sleep(seconds)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
