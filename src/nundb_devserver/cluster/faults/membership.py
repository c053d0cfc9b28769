"""Faults of the cluster: who belongs to it, who leads it, and how fast its nodes hear of each other."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Final

from nundb_devserver.cluster.faults.fault import administrator, fault, process_of, repeated, state_of
from nundb_devserver.cluster.nodes import Nodes
from nundb_devserver.errors import NotReadyError

_NOWHERE: Final = "127.0.0.1:1"
"""The address of a primary that does not exist."""
_ELECTION_SECONDS: Final = 1.5
_JOIN_SECONDS: Final = 5.0
_SLOW_LINK_SECONDS: Final = 0.2


@fault("two-primaries", "A replica is cut off from the others and elects itself.", needs_replica=True)
async def two_primaries(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Close its links, and let it make no others."""
    node = nodes.nodes[index]
    node.conditions.is_cut_off = True
    process_of(node).sockets.close_links()
    await nodes.until(lambda: state_of(node).is_primary)
    yield
    node.conditions.is_cut_off = False
    await nodes.restart(index)


@fault("isolated-member", "A node starts, joins nobody, and is a cluster of its own.", needs_replica=True)
async def isolated_member(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Restart it as if it had not been told of the others."""
    node = nodes.nodes[index]
    node.conditions.joins_nobody = True
    await nodes.restart(index)
    await nodes.until(lambda: state_of(node).is_primary)
    yield
    node.conditions.joins_nobody = False
    await nodes.restart(index)


@fault("no-primary", "Every node follows a primary that does not exist.", is_for_primary=True)
async def no_primary(nodes: Nodes, index: int) -> AsyncIterator[None]:  # noqa: ARG001 - every node has it
    """Tell each node so."""
    # An older candidate makes every node step back, and a primary that cannot be dialled keeps its place for as long as
    # the connections stay that have spoken for it (protocol notes 6.4, 6.6).
    async with AsyncExitStack() as clients:
        for node in nodes.nodes:
            if node.is_running:
                client = await clients.enter_async_context(administrator(node))
                await client.run(f"election candidate 1 {_NOWHERE}", f"set-primary {_NOWHERE}")
        yield
        # A node whose connection ends stands for primary, and where a younger one does, one between it and the oldest
        # comes to list itself, for good (protocol notes 6.4): so the oldest stands alone, and the others join it.
        running = [each for each, node in enumerate(nodes.nodes) if node.is_running]
        younger = sorted(running, key=lambda each: state_of(nodes.nodes[each]).process_id)[1:]
        for replica in younger:
            await nodes.stop(replica)
    for replica in younger:
        await nodes.start(replica)
        with suppress(NotReadyError):
            await nodes.ready(_JOIN_SECONDS)


@fault("flapping-elections", "The primary is made to hold an election again and again.", is_for_primary=True)
async def flapping_elections(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Force them."""

    async def elect() -> None:
        async with administrator(nodes.nodes[index]) as client:
            await client.run("debug force-election")

    async with repeated(elect, _ELECTION_SECONDS):
        yield


@fault("slow-link", "What other nodes send takes a fifth of a second longer to arrive.", needs_replica=True)
async def slow_link(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Make what arrives wait."""
    conditions = nodes.nodes[index].conditions
    conditions.link_delay_seconds += _SLOW_LINK_SECONDS
    yield
    conditions.link_delay_seconds -= _SLOW_LINK_SECONDS
