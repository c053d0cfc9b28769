"""Several nodes in one process, talking to each other over real TCP connections."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from nundb_devserver.data.members import Role
from nundb_devserver.errors import NotReadyError, UnknownError
from nundb_devserver.log import FileSink
from nundb_devserver.node import Node
from nundb_devserver.options import NodeOptions, Transport
from nundb_devserver.ports import free_row
from nundb_devserver.process import Process

DEFAULT_PORT_BASE: Final = 3010
PORTS_PER_NODE: Final = 10
WEBSOCKET_PORT: Final = 2
HTTP_PORT: Final = 3
TCP_PORT: Final = 4
"""Offsets within a node's ten ports: with the default base, one node has Nun-db's own 3012, 3013 and 3014."""

_READY_SECONDS: Final = 15.0
_FORGETTING_SECONDS: Final = 1.5
_POLL_SECONDS: Final = 0.005


class Nodes:
    """So many nodes, started one after another, so that the first is the oldest and the primary.

    Node i has the ports base + 10 i + 2 (WebSocket), + 3 (HTTP) and + 4 (TCP); the base is a free one where
    `port_base` is None. `data` gets a directory for each node; None means a temporary one that is removed at the end.
    `options` are for every node; its ports and its directory are not looked at. `peers` are TCP addresses of nodes of
    the same cluster in other processes. `logs` is a directory for a log of each node; without it, the sink of the
    options takes those of all nodes.
    """

    def __init__(
        self,
        nodes: int = 1,
        *,
        port_base: int | None = DEFAULT_PORT_BASE,
        data: Path | None = None,
        logs: Path | None = None,
        options: NodeOptions | None = None,
        peers: tuple[str, ...] = (),
    ) -> None:
        self._temporary = Path(tempfile.mkdtemp(prefix="nundb-devserver-")) if data is None else None
        root = data or self._temporary or Path()
        self._peers = peers
        options = options or NodeOptions()
        base = free_row(PORTS_PER_NODE * nodes, options.host) if port_base is None else port_base
        self.logs = () if logs is None else tuple(logs / f"node{index}.log" for index in range(nodes))
        """The files of the logs, of each node one."""
        self._sinks = tuple(map(FileSink, self.logs))
        self.nodes = tuple(
            Node(
                replace(
                    options,
                    log=self._sinks[index] if self._sinks else options.log,
                    data=root / f"node{index}",
                    websocket_port=websocket,
                    http_port=http,
                    tcp_port=tcp,
                )
            )
            for index, (websocket, http, tcp) in enumerate(ports_from(base, nodes))
        )

    async def start_all(self) -> None:
        """Start every node that is not running, each once the one before it has found its place.

        Raises:
            OSError: an address is taken.
            NotReadyError: a node has not found its place in time.
        """
        for index in range(len(self.nodes)):
            await self.start(index)
            await self.ready()
            await self.until(self._is_quiet)

    def stop_all(self) -> None:
        """End every node as SIGINT does."""
        for node in self.nodes:
            node.stop()

    def close(self) -> None:
        """End every node at once, and remove the temporary directory."""
        for node in self.nodes:
            node.close()
        for sink in self._sinks:
            sink.close()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    async def start(self, index: int) -> None:
        """Start a node, which asks all others to let it join.

        Raises:
            OSError: an address is taken.
        """
        names = [node.name for node in self.nodes]
        await self.nodes[index].start((*(names if len(names) > 1 else ()), *self._peers))

    async def stop(self, index: int) -> None:
        """End a node as SIGINT does: it saves the keys and the queued snapshots."""
        self.nodes[index].stop()
        await self._others_notice()

    async def kill(self, index: int) -> None:
        """End a node as SIGKILL does."""
        self.nodes[index].kill()
        await self._others_notice()

    async def restart(self, index: int) -> None:
        """End a node as SIGINT does, and start it again once the others have removed it from their lists.

        Raises:
            OSError: its address has been taken meanwhile.
        """
        was_running = self.nodes[index].is_running
        await self.stop(index)
        if was_running:
            await self.forgotten(index)
        await self.start(index)

    async def forgotten(self, index: int) -> None:
        """Wait until the others have removed a node that has ended from their lists, or long enough.

        One that rejoins before, or in the middle of their election, may never be listed by some of them, as with the
        real server (protocol notes 6.3).
        """
        with contextlib.suppress(NotReadyError):
            await self.until(lambda: self._have_forgotten(self.nodes[index].name), _FORGETTING_SECONDS)

    @property
    def primary(self) -> int | None:
        """The index of the first node that acts as a primary; None if none does."""
        return next((index for index, node in enumerate(self.nodes) if node.role is Role.PRIMARY), None)

    @property
    def ports(self) -> tuple[int, ...]:
        """Every port that the nodes listen on."""
        return tuple(node.options.port(transport) for node in self.nodes for transport in Transport)

    async def ready(self, timeout_seconds: float = _READY_SECONDS) -> None:
        """Wait until the running nodes are one cluster: one primary, and each lists all of them with that primary.

        With peers in other processes, it is enough that every node has found its place.

        Raises:
            NotReadyError: they are not, in time.
        """
        await self.until(self._is_ready, timeout_seconds)

    def checked(self, index: int) -> int:
        """Return the index of a node.

        Raises:
            UnknownError: there is no such node.
        """
        if not 0 <= index < len(self.nodes):
            raise UnknownError(f"node: there is no node {index}; use 0 to {len(self.nodes) - 1}")
        return index

    async def _others_notice(self) -> None:
        """Give the other nodes a turn to see that a connection has ended: a node that rejoins must not be listed."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def until(self, holds: Callable[[], bool], timeout_seconds: float = _READY_SECONDS) -> None:
        """Wait until something holds.

        Raises:
            NotReadyError: it does not, in time.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        while not holds():
            if loop.time() > deadline:
                raise NotReadyError("; ".join(_view(node) for node in self.nodes if node.is_running))
            await asyncio.sleep(_POLL_SECONDS)

    def _have_forgotten(self, name: str) -> bool:
        """Whether no node that can do anything lists a name, and none is in the middle of an election."""
        return not any(
            name in process.state.members or process.state.role is Role.STARTING_UP
            for process in self._processes()
            if not process.state.conditions.is_stopped
        )

    def _is_quiet(self) -> bool:
        """Whether the messages of the election that a node's start has caused are all acknowledged."""
        return not any(len(process.state.pending) for process in self._processes())

    def _is_ready(self) -> bool:
        states = [process.state for process in self._processes()]
        if any(state.role is Role.STARTING_UP for state in states):
            return False
        if self._peers:
            return all(state.members.with_role(Role.PRIMARY) for state in states)
        primaries = [state.name for state in states if state.is_primary]
        names = {state.name for state in states}
        return len(primaries) == 1 and all(
            {member.name for member in state.members.all()} == names
            and [member.name for member in state.members.with_role(Role.PRIMARY)] == primaries
            for state in states
        )

    def _processes(self) -> list[Process]:
        return [node.process for node in self.nodes if node.process is not None]


def ports_from(base: int, nodes: int) -> list[tuple[int, int, int]]:
    """Return each node's ports: WebSocket, HTTP, TCP."""
    firsts = [base + PORTS_PER_NODE * index for index in range(nodes)]
    return [(first + WEBSOCKET_PORT, first + HTTP_PORT, first + TCP_PORT) for first in firsts]


def _view(node: Node) -> str:
    if node.process is None:
        return f"{node.name} is not running"
    state = node.process.state
    return f"{node.name} is {state.role.value} and sees{state.members.text((node.name,))}"
