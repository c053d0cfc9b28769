"""Asking embedded nodes over HTTP, and waiting for what they will come to say."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

from nundb_devserver import Cluster, Node
from tests.wire.clients import post

DEADLINE_SECONDS = 10.0


async def ask(node: Node, body: str, *, as_admin: bool = True) -> str:
    """Return the answer to a body of commands, without the slot of the auth that precedes them for an admin."""
    if not as_admin:
        return (await post(node.options.http_port, body.encode())).body.decode()
    answer = await post(node.options.http_port, f"auth {node.options.user} {node.options.password};{body}".encode())
    return answer.body.decode().partition(";")[2]


async def metric(node: Node, name: str) -> float:
    """Return one of the five numbers of metrics-state."""
    found = re.search(rf"\b{name}: ([0-9.e-]+)", await ask(node, "metrics-state"))
    assert found is not None
    return float(found[1])


async def pending(node: Node) -> int:
    """Return the number of pending operations."""
    return int(await metric(node, "pending_ops"))


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds; fail if it does not in time. A node that hangs up meanwhile is asked again."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            with suppress(OSError, EOFError):
                if await holds():
                    return
            await asyncio.sleep(0.01)


async def until_quiet(cluster: Cluster) -> None:
    """Wait until no operation is pending anywhere."""

    async def is_quiet() -> bool:
        return not any([await pending(node) for node in cluster.nodes if node.is_running])

    await until(is_quiet)
