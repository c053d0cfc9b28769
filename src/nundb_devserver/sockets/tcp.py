"""The TCP listener: one command a line; its messages, then `ok` or `error` (tcp_ops.rs; protocol notes 1.1)."""

import asyncio
import errno
import socket
from collections.abc import Coroutine
from typing import ClassVar, Final

from nundb_devserver.clockwork import Clockwork, Work
from nundb_devserver.commands.engine import Engine
from nundb_devserver.commands.session import Session, discard
from nundb_devserver.data.members import Role
from nundb_devserver.framing.lines import LineBuffer, LineTooLongError
from nundb_devserver.log import TCP, UNWRAPPED_ERROR
from nundb_devserver.options import Transport
from nundb_devserver.outcome import Outcome, Panic
from nundb_devserver.sockets.connection import Conversation
from nundb_devserver.sockets.links import MOST_UNREAD_BYTES
from nundb_devserver.sockets.outgoing import OutgoingText
from nundb_devserver.sockets.sequencer import Sequencer
from nundb_devserver.sockets.sockets import Sockets
from nundb_devserver.state import State

_OK: Final = "ok \n"
_WOULD_BLOCK: Final = "Resource temporarily unavailable"

_MOST_UNSENT_BYTES: Final = 8192
"""What the original keeps for a client beyond what the kernel takes (protocol notes 1.1)."""
_UNREAD_SECONDS: Final = 1.0
"""How long a client may leave more than that unread. The original gives it no time; but here a client may share its
event loop with the node, and cannot read while that writes."""
_CLOCK_STEP_SECONDS: Final = 1e-6
"""Keeps lines in order where a slow link delays them: the event loop does not keep the order of equal times."""


class TcpConnection(Conversation):
    """One accepted connection: a client's, or the link by which another node sends to this one."""

    accepted_by: ClassVar = Transport.TCP

    def __init__(self, state: State, clockwork: Clockwork, engine: Engine, sockets: Sockets) -> None:
        super().__init__(state, clockwork, engine, sockets)
        self._outgoing = OutgoingText(self._write)
        self.session = Session(self._outgoing.send, state.next_worker())
        self._lines = LineBuffer(state.options.max_line_bytes)
        self._sequencer = Sequencer(self._handle, clockwork.spawn)
        self._due = 0.0
        self._delayed = 0
        self._has_read = False
        self._is_narrow = False
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, for which nothing is logged."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=_MOST_UNSENT_BYTES)
        if self._state.conditions.is_log_blocked:
            self._write(_OK.encode())
        else:
            self._clockwork.when_running(lambda: self._write(_OK.encode()))

    def pause_writing(self) -> None:
        """Read no further commands; a client that goes on reading nothing costs the connection's thread its life."""
        super().pause_writing()
        self._unread = asyncio.get_running_loop().call_later(_UNREAD_SECONDS, self._give_up)

    def resume_writing(self) -> None:
        """Read on."""
        self._forget_unread()
        super().resume_writing()

    def _forget_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()

    def _give_up(self) -> None:
        if self.is_dead or self._clockwork.is_over:
            return
        self._state.log.write(TCP, f"process_message Error: {_WOULD_BLOCK} (os error {errno.EAGAIN})")
        error = f'Os {{ code: {errno.EAGAIN}, kind: WouldBlock, message: "{_WOULD_BLOCK}" }}'
        self._die_of(Panic(UNWRAPPED_ERROR.format(error), "network/tcp_ops.rs:125:63"))

    def data_received(self, data: bytes) -> None:
        """Run the lines that have arrived."""
        options = self._state.options
        try:
            lines = [line + b"\n" for line in self._lines.receive_data(data)]
        except LineTooLongError:
            self.transport.abort()
            return
        if options.is_faithful and (lines or self._has_read):
            # After the first line, the original loses a line that comes in two parts (protocol notes 1.1).
            self._has_read = True
            self._lines = LineBuffer(options.max_line_bytes)
        self._arrive(lines)

    def eof_received(self) -> bool:
        """Run a last line that has no newline; its reply is lost, as in the original."""
        self._outgoing.flush()
        self._outgoing.gather()
        self._sequencer.put(line for line in self._lines.receive_data(b"\n") if line)
        self._outgoing.drop()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session; if the connection belonged to a member, that member has left."""
        super().connection_lost(exc)
        self._forget_unread()
        if not self.is_dead:
            self._sequencer.put((None,))

    @property
    def is_held(self) -> bool:
        """A link is also held while the node is made to stop acknowledging."""
        conditions = self._state.conditions
        return conditions.is_stopped or (conditions.is_mute and self.is_link)

    @property
    def is_link(self) -> bool:
        """Whether another node sends to this one here."""
        return self.session.mark is not None

    def _arrive(self, lines: list[bytes]) -> None:
        """Handle lines now, or when they are through a slow link; in order even while it becomes a quick one."""
        if self.is_link and not self._is_narrow:
            self._is_narrow = True
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_UNREAD_BYTES)
        delay = self._state.conditions.link_delay_seconds if self.is_link else 0.0
        if not (delay or self._delayed):
            self._handle_all(lines)
            return
        loop = asyncio.get_running_loop()
        self._due = max(loop.time() + delay, self._due + _CLOCK_STEP_SECONDS)
        self._delayed += 1
        loop.call_at(self._due, self._clockwork.when_running, lambda: self._handle_late(lines))

    def _handle_late(self, lines: list[bytes]) -> None:
        self._delayed -= 1
        self._handle_all(lines)

    def _handle_all(self, lines: list[bytes]) -> None:
        if self.is_dead or self._clockwork.is_over:
            return
        self._outgoing.gather()
        self._sequencer.put(lines)
        self._outgoing.flush()

    def _handle(self, line: bytes | None) -> Work | None:
        if line is None:
            return self._leave()
        try:
            text = line.decode()
        except UnicodeDecodeError:
            # The original's reader drops such a line without a word (protocol notes 1.1).
            return None
        return self.run(text)

    def reply(self, outcome: Outcome) -> None:
        """Queue the line that ends the answer to a command."""
        if outcome is None or outcome.is_version_error:
            self._outgoing.send(_OK)
        else:
            self._outgoing.send(f"error {outcome.message} \n")

    def panic(self) -> None:
        """Close at once, nothing more said or done; $connections keeps counting the client (protocol notes 1.1)."""
        self._sequencer.clear()
        self._outgoing.drop()
        self._engine.abandon(self.session)
        self.die()

    async def _leave(self) -> None:
        engine, mark = self._engine, self.session.mark
        engine.execute("unwatch-all", self.session)
        if mark is not None:
            # Only the loss of the primary makes an election (tcp_ops.rs: handle_client).
            verb = "leave" if mark.role is Role.PRIMARY else "replicate-leave"
            outcome = engine.execute(f"{verb} {mark.name}", Session(discard, self.session.worker, is_admin=True))
            if isinstance(outcome, Coroutine):
                await outcome
        engine.leave(self.session)
