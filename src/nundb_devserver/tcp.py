"""The TCP listener: one command a line; its messages, then `ok` or `error` (tcp_ops.rs; protocol notes 1.1)."""

import asyncio
from typing import TYPE_CHECKING

from nundb_devserver.connection import LINE_LIMIT, Conversation, OutgoingText
from nundb_devserver.lane import Lane, Work
from nundb_devserver.lines import LineBuffer, LineTooLongError
from nundb_devserver.members import Role
from nundb_devserver.session import Failure, Outcome, Session, discard

if TYPE_CHECKING:
    from nundb_devserver.process import Process

OK = "ok \n"

CLOCK_STEP_SECONDS = 1e-6
"""Keeps lines in order where a slow link delays them: the event loop does not keep the order of equal times."""


class TcpConnection(Conversation):
    """One accepted connection: a client's, or the link by which another node sends to this one."""

    def __init__(self, process: "Process") -> None:
        super().__init__(process)
        self._outgoing = OutgoingText(self._write)
        self.session = Session(self._outgoing.send, process.next_worker())
        self._lines = LineBuffer(LINE_LIMIT)
        self._lane = Lane(self._handle, process.spawn)
        self._due = 0.0
        self._under_way = 0
        self._has_read = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        super().connection_made(transport)
        self.process.when_running(lambda: self._write(OK.encode()))

    def data_received(self, data: bytes) -> None:
        """Run the lines that have arrived."""
        try:
            lines = [line + b"\n" for line in self._lines.receive_data(data)]
        except LineTooLongError:
            self.transport.abort()
            return
        if self.process.options.is_faithful and (lines or self._has_read):
            # After the first line, the original loses a line that comes in two parts (protocol notes 1.1).
            self._has_read = True
            self._lines = LineBuffer(LINE_LIMIT)
        self._arrive(lines)

    def eof_received(self) -> bool:
        """Run a last line that has no newline; its reply is lost, as in the original."""
        self._outgoing.flush()
        self._outgoing.gather()
        self._lane.put(line for line in self._lines.receive_data(b"\n") if line)
        self._outgoing.drop()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session; if the connection belonged to a member, that member has left."""
        super().connection_lost(exc)
        if not self.is_dead:
            self._lane.put((None,))

    @property
    def is_held(self) -> bool:
        """A link is also held while the node is made to stop acknowledging."""
        conditions = self.process.conditions
        return conditions.is_hung or (conditions.is_mute and self.is_link)

    @property
    def is_link(self) -> bool:
        """Whether another node sends to this one here."""
        return self.session.mark is not None

    def _arrive(self, lines: list[bytes]) -> None:
        """Handle lines now, or when they are through a slow link; in order even while it becomes a quick one."""
        delay = self.process.conditions.link_delay_seconds if self.is_link else 0.0
        if not (delay or self._under_way):
            self._handle_all(lines)
            return
        loop = asyncio.get_running_loop()
        self._due = max(loop.time() + delay, self._due + CLOCK_STEP_SECONDS)
        self._under_way += 1
        loop.call_at(self._due, self.process.when_running, lambda: self._handle_late(lines))

    def _handle_late(self, lines: list[bytes]) -> None:
        self._under_way -= 1
        self._handle_all(lines)

    def _handle_all(self, lines: list[bytes]) -> None:
        if self.is_dead or self.process.is_over:
            return
        self._outgoing.gather()
        self._lane.put(lines)
        self._outgoing.flush()

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

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
            self._outgoing.send(OK)
        else:
            self._outgoing.send(f"error {outcome.message} \n")

    def panic(self) -> None:
        """Close at once, nothing more said or done; $connections keeps counting the client (protocol notes 1.1)."""
        self._lane.clear()
        self._outgoing.drop()
        self.process.forget(self.session)
        self.die()

    async def _leave(self) -> None:
        process, mark = self.process, self.session.mark
        process.execute("unwatch-all", self.session)
        if mark is not None:
            # Only the loss of the primary makes an election (tcp_ops.rs: handle_client).
            verb = "leave" if mark.role is Role.PRIMARY else "replicate-leave"
            outcome = process.execute(f"{verb} {mark.name}", Session(discard, self.session.worker, is_admin=True))
            if outcome is not None and not isinstance(outcome, Failure):
                await outcome
        process.left(self.session)
