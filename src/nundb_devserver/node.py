"""One node: an address and a directory that stay, while processes come and go."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from nundb_devserver.conditions import Conditions
from nundb_devserver.data.members import Role
from nundb_devserver.errors import UnknownError
from nundb_devserver.options import NodeOptions
from nundb_devserver.ports import free_port
from nundb_devserver.process import Process
from nundb_devserver.releases import RELEASES


class Node:
    """A Nun-db that can be started, stopped, killed and started again; use it as an asynchronous context manager.

    Raises:
        UnknownError: the release is not known.
    """

    def __init__(self, options: NodeOptions) -> None:
        if options.release not in RELEASES:
            raise UnknownError(f"release: {options.release} is not known; use one of {', '.join(RELEASES)}")
        self.options = _with_ports(options)
        self.conditions = Conditions()
        self.process: Process | None = None
        self._directory: Path | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        self.close()

    @property
    def name(self) -> str:
        """The address by which its cluster knows the node."""
        return self.options.name

    @property
    def tcp_address(self) -> tuple[str, int]:
        """Host and port of the TCP listener."""
        return self.options.host, self.options.tcp_port

    @property
    def http_url(self) -> str:
        """Where commands are posted."""
        return f"http://{self.options.host}:{self.options.http_port}"

    @property
    def ws_url(self) -> str:
        """Where WebSocket clients connect."""
        return f"ws://{self.options.host}:{self.options.websocket_port}"

    @property
    def data(self) -> Path:
        """The directory of the node's files; a temporary one is made when it is first needed."""
        if self._directory is None:
            self._directory = self.options.data or Path(tempfile.mkdtemp(prefix="nundb-devserver-"))
            self._directory.mkdir(parents=True, exist_ok=True)
        return self._directory

    @property
    def password(self) -> str:
        """The administrator's password, as it is now."""
        return self.options.password if self.conditions.password is None else self.conditions.password

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self.process is not None

    @property
    def role(self) -> Role | None:
        """What the node acts as; None if it does not run."""
        return None if self.process is None else self.process.state.role

    async def start(self, peers: tuple[str, ...] = ()) -> None:
        """Start a process that asks the peers to let it join, unless one is running.

        Raises:
            OSError: an address is taken.
        """
        if self.process is None:
            process = Process(self.options, self.data, self.conditions, self.kill)
            process.start(peers)
            self.process = process

    def stop(self) -> None:
        """End the process as SIGINT does: it saves the keys and the queued snapshots."""
        if self.process is not None:
            self.process.stop()
            self._forget_process()

    def kill(self) -> None:
        """End the process as SIGKILL does: it saves nothing."""
        if self.process is not None:
            self.process.abort()
            self._forget_process()

    def hang(self) -> None:
        """Stop the process as SIGSTOP does: nothing closes, nothing happens, no other node is told."""
        self.conditions.is_hung = True
        self.heed_conditions()

    def resume(self) -> None:
        """Let the process continue as SIGCONT does."""
        self.conditions.is_hung = False
        self.heed_conditions()

    def heed_conditions(self) -> None:
        """Let the process stop or continue, as its conditions want it."""
        if self.process is not None:
            self.process.heed_conditions()

    def wipe(self) -> None:
        """Delete the files of a node that is not running."""
        for path in self.data.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _forget_process(self) -> None:
        self.process = None
        self.conditions.is_hung = False
        self.conditions.is_log_blocked = False

    def close(self) -> None:
        """End the process, if there is one, and remove a temporary directory."""
        self.kill()
        if self._directory is not None and self.options.data is None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None


def _with_ports(options: NodeOptions) -> NodeOptions:
    """Choose free ports where none are given."""
    return replace(
        options,
        websocket_port=options.websocket_port or free_port(options.host),
        http_port=options.http_port or free_port(options.host),
        tcp_port=options.tcp_port or free_port(options.host),
    )
