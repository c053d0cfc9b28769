"""Several nodes in one process, talking to each other over real TCP connections, and what goes wrong with them."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from nundb_devserver.errors import FaultError, NotReadyError, UnknownError
from nundb_devserver.faults import fault_named
from nundb_devserver.members import Role
from nundb_devserver.node import Node, free_ports
from nundb_devserver.options import (
    DEFAULT_PORT_BASE,
    HTTP_PORT,
    PORTS_PER_NODE,
    TCP_PORT,
    WEBSOCKET_PORT,
    NodeOptions,
)

READY_SECONDS = 15.0
PARTING_SECONDS = 1.5
POLL_SECONDS = 0.005


class _Ended(Exception):  # noqa: N818 - a signal to faults, not an error
    """The cluster ends: a fault lets go of what it holds, and cures nothing."""


class Cluster:
    """`nodes` nodes, started one after another, so that the first is the oldest and the primary.

    Use it as an asynchronous context manager. Node i has the ports base + 10 i + 2 (WebSocket), + 3 (HTTP) and + 4
    (TCP), or free ones where `port_base` is None. `data` gets a directory for each node; None means a temporary one
    that is removed at the end. `options` are for every node; its ports and its directory are not looked at. `peers`
    are TCP addresses of nodes of the same cluster in other processes.

    Raises:
        OSError: on entering, an address is taken.
        NotReadyError: on entering, the nodes have not become one cluster.
    """

    def __init__(
        self,
        nodes: int = 1,
        *,
        port_base: int | None = DEFAULT_PORT_BASE,
        data: Path | None = None,
        options: NodeOptions | None = None,
        peers: tuple[str, ...] = (),
    ) -> None:
        self._temporary = Path(tempfile.mkdtemp(prefix="nundb-devserver-")) if data is None else None
        root = data or self._temporary or Path()
        self._peers = peers
        self._faults: dict[tuple[str, int], AsyncExitStack] = {}
        self._lock = asyncio.Lock()
        options = options or NodeOptions()
        self.nodes = tuple(
            Node(replace(options, data=root / f"node{index}", websocket_port=websocket, http_port=http, tcp_port=tcp))
            for index, (websocket, http, tcp) in enumerate(_ports(options.host, port_base, nodes))
        )

    async def __aenter__(self) -> Self:
        try:
            await self.start_all()
        except BaseException:
            self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop_all()
        await self.end()

    # Its nodes.

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
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    async def end(self) -> None:
        """End every node and every fault at once, without curing any; remove the temporary directory."""
        for stack in self._faults.values():
            ended = _Ended()
            with contextlib.suppress(_Ended):
                await stack.__aexit__(_Ended, ended, None)
        self._faults.clear()
        self.close()

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
        """End a node as SIGINT does, and start it again once the others have come to terms with it.

        Raises:
            OSError: somebody has taken its address meanwhile.
        """
        was_running = self.nodes[index].is_running
        await self.stop(index)
        if was_running:
            await self.parted(index)
        await self.start(index)

    async def parted(self, index: int) -> None:
        """Wait until the others have come to terms with the end of a node, though not for ever.

        One that rejoins before, or in the middle of their election, may be missed by some of them for ever, as with the
        real server (protocol notes 6.3).
        """
        with contextlib.suppress(NotReadyError):
            await self.until(lambda: self._have_parted_from(self.nodes[index].name), PARTING_SECONDS)

    @property
    def primary(self) -> int | None:
        """The index of the first node that acts as a primary; None if none does."""
        return next((index for index, node in enumerate(self.nodes) if _role(node) is Role.PRIMARY), None)

    async def ready(self, timeout_seconds: float = READY_SECONDS) -> None:
        """Wait until the running nodes are one cluster: one primary, and everybody lists everybody with that primary.

        With peers in other processes, it is enough that every node has found its place.

        Raises:
            NotReadyError: they are not, in time.
        """
        await self.until(self._is_ready, timeout_seconds)

    # Its faults.

    @property
    def faults(self) -> tuple[tuple[str, int], ...]:
        """The faults that are on: name and node."""
        return tuple(self._faults)

    async def fault(self, name: str, node: int | None = None) -> int:
        """Switch a fault on, and return the node that has it: a replica, or the primary, where none is named.

        Raises:
            UnknownError: there is no such fault, or no such node.
            FaultError: it cannot be switched on now.
            OSError: a node does not listen to what has to be said to it.
        """
        fault = fault_named(name)
        index = self._place(fault.is_for_primary) if node is None else self.checked(node)
        async with self._lock:
            if (name, index) in self._faults:
                raise FaultError(f"{name} is already on at node {index}")
            if fault.needs_replica and len(self.nodes) + len(self._peers) == 1:
                raise FaultError(f"{name} needs at least two nodes")
            stack = AsyncExitStack()
            await stack.enter_async_context(fault.run(self, index))
            if fault.is_momentary:
                await stack.aclose()
            else:
                self._faults[name, index] = stack
        return index

    async def cure(self, name: str, node: int | None = None) -> tuple[int, ...]:
        """Switch a fault off, everywhere where no node is named, and return the nodes that had it.

        Raises:
            UnknownError: there is no such fault, or no such node.
            OSError: a node does not listen to what has to be said to it.
        """
        fault_named(name)
        wanted = None if node is None else self.checked(node)
        async with self._lock:
            found = [key for key in self._faults if key[0] == name and wanted in (None, key[1])]
            for key in found:
                await self._faults.pop(key).aclose()
        return tuple(index for _, index in found)

    async def cure_all(self) -> None:
        """Switch every fault off, the latest first."""
        for name, index in reversed(self.faults):
            await self.cure(name, index)

    def checked(self, index: int) -> int:
        """Return the index of a node.

        Raises:
            UnknownError: there is no such node.
        """
        if not 0 <= index < len(self.nodes):
            raise UnknownError(f"node: there is no node {index}; use 0 to {len(self.nodes) - 1}")
        return index

    def _place(self, is_for_primary: bool) -> int:
        primary = self.primary or 0
        if is_for_primary:
            return primary
        return next((index for index in reversed(range(len(self.nodes))) if index != primary), primary)

    async def _others_notice(self) -> None:
        """Give the other nodes a turn to see that a connection has ended: a node that rejoins must not be listed."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def until(self, holds: Callable[[], bool], timeout_seconds: float = READY_SECONDS) -> None:
        """Wait until something holds.

        Raises:
            NotReadyError: it does not, in time.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        while not holds():
            if loop.time() > deadline:
                raise NotReadyError("; ".join(_view(node) for node in self.nodes if node.is_running))
            await asyncio.sleep(POLL_SECONDS)

    def _have_parted_from(self, name: str) -> bool:
        """Whether no node that can do anything lists a name, and none is in the middle of an election."""
        return not any(
            name in node.process.members or node.process.role is Role.STARTING_UP
            for node in self.nodes
            if node.process is not None and not node.conditions.is_hung
        )

    def _is_quiet(self) -> bool:
        """Whether the messages of the election that a node's start has caused are all acknowledged."""
        return not any(len(node.process.pending) for node in self.nodes if node.process is not None)

    def _is_ready(self) -> bool:
        processes = [node.process for node in self.nodes if node.process is not None]
        if any(process.role is Role.STARTING_UP for process in processes):
            return False
        if self._peers:
            return all(process.members.with_role(Role.PRIMARY) for process in processes)
        primaries = [process.name for process in processes if process.role is Role.PRIMARY]
        names = {process.name for process in processes}
        return len(primaries) == 1 and all(
            {member.name for member in process.members.all()} == names
            and [member.name for member in process.members.with_role(Role.PRIMARY)] == primaries
            for process in processes
        )


def _ports(host: str, base: int | None, nodes: int) -> Iterable[tuple[int, int, int]]:
    """Return each node's ports: WebSocket, HTTP, TCP."""
    if base is None:
        free = iter(free_ports(host, 3 * nodes))
        return zip(free, free, free, strict=True)
    firsts = [base + PORTS_PER_NODE * index for index in range(nodes)]
    return [(first + WEBSOCKET_PORT, first + HTTP_PORT, first + TCP_PORT) for first in firsts]


def _role(node: Node) -> Role | None:
    return None if node.process is None else node.process.role


def _view(node: Node) -> str:
    if node.process is None:
        return f"{node.name} is not running"
    return f"{node.name} is {node.process.role.value} and sees{node.process.members.text((node.name,))}"
