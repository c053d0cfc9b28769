"""The connections that a node makes to others, at their TCP listeners (replication_ops.rs: start_replication)."""

import asyncio
import errno
import os
import socket
from collections.abc import Coroutine
from typing import Final

from nundb_devserver.clockwork import Clockwork, Work
from nundb_devserver.commands.engine import Engine
from nundb_devserver.commands.session import Session, discard
from nundb_devserver.data.members import Purpose
from nundb_devserver.framing.lines import LineBuffer, LineTooLongError
from nundb_devserver.log import REPLICATION
from nundb_devserver.outcome import Later, Panic
from nundb_devserver.sockets.connection import Connection
from nundb_devserver.sockets.outgoing import OutgoingText
from nundb_devserver.sockets.sequencer import Sequencer
from nundb_devserver.sockets.sockets import Sockets
from nundb_devserver.state import State

MOST_UNREAD_BYTES: Final = 65_536
"""What the kernel keeps on either side of what a link does not read; by itself it would keep megabytes, for minutes."""
_CROWDED_SECONDS: Final = 0.05
"""How long each line of another node waits while very much is pending."""


class Link(Connection):
    """One connection to another node: commands go out; acknowledgements and answers come in, and are run as commands.

    Lines wait until the connection is up. After its end they are lost, but nothing tells the member list: `Connected`
    stays (protocol notes 6.6).
    """

    def __init__(
        self, state: State, clockwork: Clockwork, engine: Engine, sockets: Sockets, *, name: str, purpose: Purpose
    ) -> None:
        super().__init__(state, clockwork, engine, sockets)
        self._name = name
        self._purpose = purpose
        self._outgoing = OutgoingText(self._write)
        self._session = Session(discard, state.next_worker(), is_admin=True)
        self._lines = LineBuffer(state.options.max_line_bytes)
        self._sequencer = Sequencer(self._handle, clockwork.spawn)
        self._is_up = False
        self._is_lost = False
        self._is_released = False
        self._waiting: list[str] = []
        self._is_behind = False

    @property
    def is_link(self) -> bool:
        """Always."""
        return True

    async def dial(self) -> None:
        """Connect; a failure is logged, and makes a primary forget the secondary that it wanted to add."""
        self._log(f"replicating to tcp client in the addr: {self._name}")
        self._log("replication::start_replication::reader")
        try:
            await self._sockets.connect(self._name, lambda: self)
        except OSError as error:
            self._is_lost = True
            reason = os.strerror(error.errno or errno.ETIMEDOUT)
            self._log(f"Error global_fut {reason} (os error {error.errno})")
            self._end()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say who we are, then what has waited."""
        super().connection_made(transport)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MOST_UNREAD_BYTES)
        state = self._state
        greeting = [f"auth {state.options.user} {state.password}"]
        if self._purpose is Purpose.PRIMARY_TO_SECONDARY:
            greeting.append(f"set-primary {state.name}")
        else:
            greeting.append(f"set-secoundary {state.name}")  # sic
            greeting.append(f"replicate-since {state.name} {state.oplog.last_operation_id()}")
        self._log("replication::start_replication::writer")
        self._is_up = True
        waiting, self._waiting = self._waiting, []
        for line in greeting + waiting:
            self.send(line)

    def send(self, line: str) -> None:
        """Send a line, now or when the connection is up; after its end it is lost."""
        if self._is_lost:
            self._log("Error replicating message")
        elif self._is_up:
            self._outgoing.send(f"{line}\n")
        else:
            self._waiting.append(line)

    def release(self) -> None:
        """Nothing more to send: the connection stays until the other side ends it."""
        self._is_released = True
        if self._is_lost:
            self._end()

    def data_received(self, data: bytes) -> None:
        """Run what the other node says."""
        try:
            self._sequencer.put(self._lines.receive_data(data))
        except LineTooLongError:
            self.transport.abort()
        self.update_reading()

    @property
    def is_held(self) -> bool:
        """A link is also held while it is behind with what it has read."""
        return super().is_held or self._is_behind

    def connection_lost(self, exc: Exception | None) -> None:
        """Keep the member, lose its messages."""
        super().connection_lost(exc)
        self._is_lost = True
        if self.is_dead:
            return
        self._log("replication::next::Empty message")
        if self._is_released:
            self._end()

    def _end(self) -> None:
        if self._purpose is Purpose.PRIMARY_TO_SECONDARY:
            self._log(f"Removing member {self._name} from cluster add_secondary_to_primary died!")
            members = self._state.members
            member = members.get(self._name)
            if member is not None and member.outlet is self:
                members.remove(self._name)
        elif self._purpose is Purpose.SECONDARY_TO_SECONDARY:
            self._log(f"Removing member {self._name} from cluster add_secondary_to_secoundary!")  # sic

    def _handle(self, line: bytes) -> Work | None:
        text = line.decode(errors="replace").strip()
        if text == "ok":
            return None
        try:
            outcome = self._engine.execute(text, self._session)
        except (Panic, RecursionError):
            self.transport.abort()
            return None
        if isinstance(outcome, Coroutine):
            return self._wait(outcome)
        self._log("Processed")
        self._is_behind = len(self._state.pending) > self._state.options.crowded_operations
        return self._wait_behind() if self._is_behind else None

    async def _wait_behind(self) -> None:
        """Wait for those who register operations: a long list of them is what all threads of the original wait for.

        What the other node acknowledges then stays in the kernel, until that takes no more and the other node's thread
        panics (protocol notes 6.8).
        """
        await self._clockwork.sleep(_CROWDED_SECONDS)
        self._is_behind = False
        asyncio.get_running_loop().call_soon(self.update_reading)

    async def _wait(self, later: Later) -> None:
        await later
        self._log("Processed")

    def _log(self, message: str) -> None:
        self._state.log.write(REPLICATION, message)
