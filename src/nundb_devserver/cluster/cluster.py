"""A cluster that can be broken: its nodes, and the faults that are on."""

import asyncio
import contextlib
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from nundb_devserver.cluster.faults import fault_named
from nundb_devserver.cluster.nodes import DEFAULT_PORT_BASE, Nodes
from nundb_devserver.errors import FaultError
from nundb_devserver.options import NodeOptions


class _Ended(Exception):  # noqa: N818 - a signal to faults, not an error
    """The cluster ends: a fault lets go of what it holds, and cures nothing."""


class Cluster(Nodes):
    """Nodes whose faults can be switched; use it as an asynchronous context manager.

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
        logs: Path | None = None,
        options: NodeOptions | None = None,
        peers: tuple[str, ...] = (),
    ) -> None:
        super().__init__(nodes, port_base=port_base, data=data, logs=logs, options=options, peers=peers)
        self._faults: dict[tuple[str, int], AsyncExitStack] = {}
        self._lock = asyncio.Lock()

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

    async def end(self) -> None:
        """End every node and every fault at once, without curing any; remove the temporary directory."""
        for stack in self._faults.values():
            ended = _Ended()
            with contextlib.suppress(_Ended):
                await stack.__aexit__(_Ended, ended, None)
        self._faults.clear()
        self.close()

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

    def _place(self, is_for_primary: bool) -> int:
        primary = self.primary or 0
        if is_for_primary:
            return primary
        return next((index for index in reversed(range(len(self.nodes))) if index != primary), primary)
