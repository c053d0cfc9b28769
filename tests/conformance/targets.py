"""What a recording is replayed against: embedded nodes, processes of a real binary, or nodes that run already."""

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from nundb_devserver import Node
from tests.wire.ending import WITH_US
from tests.wire.idle_time import node_options

USER = "adm"
PASSWORD = "sekret"

NODES = 4
"""As many as a recording has, at most."""
WEBSOCKET, HTTP, TCP = 2, 3, 4

LISTENING_SECONDS = 10.0
_STARTING_SECONDS = 0.01


class Target(Protocol):
    """Nodes on 127.0.0.1 whose processes can be dealt with. Node i has the ports base + 10 i + 2, + 3 and + 4."""

    base: int
    pace: float
    """How much of a recorded pause is needed."""
    quiet_seconds: float
    """How long to listen before believing that nothing more comes."""

    async def start(self, index: int, name: str, peers: list[str], environment: dict[str, str]) -> None:
        """Start a node, for the first time or again, and return when it listens."""

    async def signal(self, index: int, name: str) -> None:
        """Send a signal to a node; SIGINT, SIGTERM and SIGKILL end it."""

    async def ended(self, index: int) -> bool:
        """Tell whether a node has ended by itself, which it may take a moment to do."""

    async def close(self) -> None:
        """End everything."""


def port(base: int, index: int, offset: int) -> int:
    """Return a port of a node."""
    return base + 10 * index + offset


class EmbeddedTarget:
    """Embedded nodes in this process, faithful to the last."""

    pace = 1.0
    quiet_seconds = 0.03

    def __init__(self, base: int, data: Path) -> None:
        self.base = base
        self._data = data
        self._nodes: dict[int, Node] = {}

    async def start(self, index: int, name: str, peers: list[str], environment: dict[str, str]) -> None:
        """Start a node."""
        if index not in self._nodes:
            options = node_options(
                user=USER,
                password=PASSWORD,
                websocket_port=port(self.base, index, WEBSOCKET),
                http_port=port(self.base, index, HTTP),
                tcp_port=port(self.base, index, TCP),
                external_address=name,
                data=self._data / f"node{index}",
                is_faithful=True,
                starting_up_seconds=1.0 * self.pace,
                election_timeout_seconds=1.0 * self.pace,
                declutter_seconds=float(environment.get("NUN_DECLUTTER_INTERVAL", 300)) * self.pace,
            )
            if "NUN_MAX_OP_LOG_SIZE" in environment:
                options = replace(options, max_oplog_bytes=int(environment["NUN_MAX_OP_LOG_SIZE"]))
            self._nodes[index] = Node(options)
        await self._nodes[index].start(tuple(peers))
        # No two processes begin in the same millisecond, which is their id.
        await asyncio.sleep(_STARTING_SECONDS)

    async def signal(self, index: int, name: str) -> None:
        """Do to a node what the signal would."""
        node = self._nodes[index]
        match name:
            case "SIGSTOP":
                node.hang()
            case "SIGCONT":
                node.resume()
            case "SIGINT":
                node.stop()
            case _:
                node.kill()

    async def ended(self, index: int) -> bool:
        """Tell whether a node has ended by itself."""
        for _ in range(100):
            if not self._nodes[index].is_running:
                return True
            await asyncio.sleep(0.01)
        return False

    async def close(self) -> None:
        """End every node."""
        for node in self._nodes.values():
            node.close()


class BinaryTarget:
    """Processes of a nun-db binary, started with the options that every version of it has."""

    pace = 1.0
    quiet_seconds = 0.25

    def __init__(self, base: int, data: Path, binary: Path) -> None:
        self.base = base
        self._data = data
        self._binary = binary
        self._processes: dict[int, asyncio.subprocess.Process] = {}

    def log(self, index: int) -> Path:
        """Return where a process writes its log, over all its lives."""
        return self._data / f"node{index}.log"

    def process(self, index: int) -> int:
        """Return the number of a process."""
        return self._processes[index].pid

    async def start(self, index: int, name: str, peers: list[str], environment: dict[str, str]) -> None:
        """Start a process and wait until it listens."""
        directory = self._data / f"node{index}"
        directory.mkdir(parents=True, exist_ok=True)
        address = {kind: f"127.0.0.1:{port(self.base, index, kind)}" for kind in (WEBSOCKET, HTTP, TCP)}
        arguments = ["-u", USER, "-p", PASSWORD, "start"]
        arguments += [
            "--tcp-address",
            address[TCP],
            "--ws-address",
            address[WEBSOCKET],
            "--http-address",
            address[HTTP],
        ]
        arguments += ["--external-address", name]
        if peers:
            arguments += ["--replicate-address", ",".join(peers)]
        with self.log(index).open("ab") as log:
            self._processes[index] = await asyncio.create_subprocess_exec(
                *WITH_US,
                self._binary,
                *arguments,
                env=os.environ | environment | {"NUN_DBS_DIR": str(directory)},
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(LISTENING_SECONDS):
            for kind in (TCP, HTTP, WEBSOCKET):
                await _listens(port(self.base, index, kind))

    async def signal(self, index: int, name: str) -> None:
        """Send a signal."""
        process = self._processes[index]
        process.send_signal(signal.Signals[name])
        if name in ("SIGINT", "SIGTERM", "SIGKILL"):
            await process.wait()

    async def ended(self, index: int) -> bool:
        """Wait a while for a process to end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LISTENING_SECONDS):
                await self._processes[index].wait()
        return self._processes[index].returncode is not None

    async def close(self) -> None:
        """End every process."""
        for process in self._processes.values():
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                await process.wait()


class RunningTarget:
    """Nodes that somebody else has started, fresh; their processes are out of our hands."""

    pace = 1.0
    quiet_seconds = 0.25

    def __init__(self, base: int) -> None:
        self.base = base

    async def start(self, index: int, name: str, peers: list[str], environment: dict[str, str]) -> None:  # noqa: ARG002 - a target's signature
        """Wait until a node listens."""
        async with asyncio.timeout(LISTENING_SECONDS):
            await _listens(port(self.base, index, TCP))

    async def signal(self, index: int, name: str) -> None:
        """Refuse.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(f"{name} cannot be sent to a node that is running already")

    async def ended(self, index: int) -> bool:
        """Refuse.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("nobody knows whether that node has ended")

    async def close(self) -> None:
        """Leave the nodes alone."""


async def _listens(number: int) -> None:
    while True:
        with suppress(OSError):
            # From another address: a port that is not open yet could otherwise be connected to itself.
            _, writer = await asyncio.open_connection("127.0.0.1", number, local_addr=("127.0.0.2", 0))
            writer.close()
            return
        await asyncio.sleep(0.01)
