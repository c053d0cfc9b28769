"""Faults of processes: they hang, end, restart, lose a listener, are slow, or have a wrong clock or password."""

import os
import resource
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from typing import Final

from nundb_devserver.cluster.faults.fault import (
    DATABASE,
    administrator,
    fault,
    primary_of,
    process_of,
    repeated,
    state_of,
)
from nundb_devserver.cluster.nodes import Nodes
from nundb_devserver.errors import NotReadyError
from nundb_devserver.node import Node
from nundb_devserver.options import Transport

_LOST_WRITES: Final = 3
_SLOW_COMMAND_SECONDS: Final = 0.25
_CLOCK_ERROR_NANOSECONDS: Final = 3_600 * 1_000_000_000
_RESTART_SECONDS: Final = 2.0
_REJOINING_SECONDS: Final = 2.0
_OPEN_FILES: Final = 1000
_OPEN_SHARE: Final = 0.87
_OTHER_PASSWORD: Final = "changed"  # noqa: S105 - that it is another one is the point


@fault("hung-node", "The whole process stops, its sockets stay open.")
async def hung_node(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Do what SIGSTOP and SIGCONT do."""
    nodes.nodes[index].hang()
    yield
    nodes.nodes[index].resume()


@fault("hung-replica", "A replica stops acknowledging and still serves clients.", needs_replica=True)
async def hung_replica(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Read nothing from other nodes."""
    _mute(nodes.nodes[index], is_mute=True)
    yield
    _mute(nodes.nodes[index], is_mute=False)


@fault(
    "dead-replica",
    "A replica dies with operations unacknowledged, which stay pending until the primary's process ends.",
    needs_replica=True,
)
async def dead_replica(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Let a replica miss some writes, and kill it."""
    node = nodes.nodes[index]
    _mute(node, is_mute=True)
    primary = primary_of(nodes)
    async with administrator(primary, DATABASE) as client:
        await client.run(*(f"set lost{number} two words" for number in range(_LOST_WRITES)))
    await nodes.until(lambda: len(state_of(primary).pending) >= _LOST_WRITES)
    await nodes.kill(index)
    node.conditions.is_mute = False
    yield
    await nodes.start(index)


@fault("dead-node", "A process is killed and does not come back.")
async def dead_node(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Do what SIGKILL does."""
    await nodes.kill(index)
    yield
    await nodes.start(index)


@fault("restart", "A process ends and starts again, once.", is_momentary=True)
async def restart(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """End it as SIGINT does."""
    await nodes.restart(index)
    yield


@fault("restart-loop", "A process starts again every two seconds.")
async def restart_loop(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """End it as SIGINT does, again and again."""
    async with repeated(lambda: nodes.restart(index), _RESTART_SECONDS):
        yield
    # Some node may have missed the last of them, as it may miss one that comes and goes (protocol notes 6.3).
    try:
        await nodes.ready(_REJOINING_SECONDS)
    except NotReadyError:
        await nodes.restart(index)


@fault("slow-command", "Every command on data takes a quarter of a second.")
async def slow_command(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Make commands wait."""
    nodes.nodes[index].conditions.slow_seconds = _SLOW_COMMAND_SECONDS
    yield
    nodes.nodes[index].conditions.slow_seconds = 0.0


@fault("wrong-clock", "The clock is an hour ahead, as from the next start, which follows at once.")
async def wrong_clock(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Restart it with another clock."""
    nodes.nodes[index].conditions.clock_offset_nanoseconds = _CLOCK_ERROR_NANOSECONDS
    await nodes.restart(index)
    yield
    nodes.nodes[index].conditions.clock_offset_nanoseconds = 0
    await nodes.restart(index)


@fault("wrong-password", "The administrator's password is another one.")
async def wrong_password(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Change it."""
    nodes.nodes[index].conditions.password = _OTHER_PASSWORD
    yield
    nodes.nodes[index].conditions.password = None


def _dead_listener(transport: Transport) -> Callable[[Nodes, int], AsyncIterator[None]]:
    async def run(nodes: Nodes, index: int) -> AsyncIterator[None]:
        node = nodes.nodes[index]
        sockets = process_of(node).sockets
        node.conditions.dead_listeners.add(transport)
        sockets.stop_listening(transport)
        yield
        node.conditions.dead_listeners.discard(transport)
        if node.process is not None:
            node.process.sockets.listen(transport)

    return run


@fault("http-stall", "One of four connections over HTTP is accepted and never read, though the node is healthy.")
async def http_stall(nodes: Nodes, index: int) -> AsyncIterator[None]:
    """Let them wait until it is cured."""
    node = nodes.nodes[index]
    node.conditions.stalls_connections = True
    yield
    node.conditions.stalls_connections = False
    if node.process is not None:
        node.process.sockets.update_reading()


http_dead = fault("http-dead", "The HTTP listener is gone, TCP and WebSocket live on.")(_dead_listener(Transport.HTTP))
websocket_dead = fault("websocket-dead", "The WebSocket listener is gone, HTTP and TCP live on.")(
    _dead_listener(Transport.WEBSOCKET)
)
tcp_dead = fault("tcp-dead", "The TCP listener is gone, HTTP and WebSocket live on.")(_dead_listener(Transport.TCP))


@fault("few-descriptors", "Most of the files that the process may open are open; all nodes share one process.")
async def few_descriptors(nodes: Nodes, index: int) -> AsyncIterator[None]:  # noqa: ARG001 - every node has it
    """Open many, and lower the soft limit to just above: enough are left for all nodes to go on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as cure:
        cure.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(min(_OPEN_FILES, soft // 2)):
            last = os.open(os.devnull, os.O_RDONLY)
            cure.callback(os.close, last)
        # The kernel gives out the lowest free number: the last one tells how many are open.
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, int(last / _OPEN_SHARE)), hard))
        yield


def _mute(node: Node, *, is_mute: bool) -> None:
    node.conditions.is_mute = is_mute
    if node.process is not None:
        node.process.sockets.update_reading()
