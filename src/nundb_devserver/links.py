"""The connections that a node makes to others, at their TCP listeners (replication_ops.rs: start_replication)."""

import asyncio
import errno
import os
from enum import Enum, auto
from typing import TYPE_CHECKING

from nundb_devserver.connection import LINE_LIMIT, Connection, OutgoingText
from nundb_devserver.lane import Lane, Work
from nundb_devserver.lines import LineBuffer, LineTooLongError
from nundb_devserver.log import REPLICATION
from nundb_devserver.parse import Panic
from nundb_devserver.session import Failure, Later, Session, discard

if TYPE_CHECKING:
    from nundb_devserver.process import Process


class Purpose(Enum):
    """Who dials whom."""

    PRIMARY_TO_SECONDARY = auto()
    SECONDARY_TO_PRIMARY = auto()
    SECONDARY_TO_SECONDARY = auto()


class Link(Connection):
    """One connection to another node: commands go out; acknowledgements and answers come in, and are run as commands.

    Lines wait until the connection is up. After its end they are lost, but nothing tells the member list: `Connected`
    stays (protocol notes 6.6).
    """

    def __init__(self, process: "Process", name: str, purpose: Purpose) -> None:
        super().__init__(process)
        self.name = name
        self._purpose = purpose
        self._outgoing = OutgoingText(self._write)
        self._session = Session(discard, process.next_worker(), is_admin=True)
        self._lines = LineBuffer(LINE_LIMIT)
        self._lane = Lane(self._handle, process.spawn)
        self._is_up = False
        self._is_lost = False
        self._is_released = False
        self._waiting: list[str] = []

    async def dial(self) -> None:
        """Connect; a failure is logged, and makes a primary forget the secondary that it wanted to add."""
        log = self.process.log
        log.write(REPLICATION, f"replicating to tcp client in the addr: {self.name}")
        log.write(REPLICATION, "replication::start_replication::reader")
        try:
            await self.process.connect(self.name, lambda: self)
        except OSError as error:
            self._is_lost = True
            reason = os.strerror(error.errno or errno.ETIMEDOUT)
            log.write(REPLICATION, f"Error global_fut {reason} (os error {error.errno})")
            self._end()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say who we are, then what has waited."""
        super().connection_made(transport)
        process = self.process
        greeting = [f"auth {process.user} {process.password}"]
        if self._purpose is Purpose.PRIMARY_TO_SECONDARY:
            greeting.append(f"set-primary {process.name}")
        else:
            greeting.append(f"set-secoundary {process.name}")  # sic
            greeting.append(f"replicate-since {process.name} {process.oplog.last_operation_id()}")
        process.log.write(REPLICATION, "replication::start_replication::writer")
        self._is_up = True
        waiting, self._waiting = self._waiting, []
        for line in greeting + waiting:
            self.send(line)

    def send(self, line: str) -> None:
        """Send a line, now or when the connection is up; after its end it is lost."""
        if self._is_lost:
            self.process.log.write(REPLICATION, "Error replicating message")
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
            self._lane.put(self._lines.receive_data(data))
        except LineTooLongError:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Keep the member, lose its messages."""
        super().connection_lost(exc)
        self._is_lost = True
        if self.is_dead:
            return
        self.process.log.write(REPLICATION, "replication::next::Empty message")
        if self._is_released:
            self._end()

    def _end(self) -> None:
        if self._purpose is Purpose.PRIMARY_TO_SECONDARY:
            self.process.log.write(
                REPLICATION, f"Removing member {self.name} from cluster add_secondary_to_primary died!"
            )
            member = self.process.members.get(self.name)
            if member is not None and member.outlet is self:
                self.process.members.remove(self.name)
        elif self._purpose is Purpose.SECONDARY_TO_SECONDARY:
            self.process.log.write(
                REPLICATION,
                f"Removing member {self.name} from cluster add_secondary_to_secoundary!",  # sic
            )

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def _handle(self, line: bytes) -> Work | None:
        text = line.decode(errors="replace").strip()
        if text == "ok":
            return None
        try:
            outcome = self.process.execute(text, self._session)
        except (Panic, RecursionError):
            self.transport.abort()
            return None
        if outcome is None or isinstance(outcome, Failure):
            self.process.log.write(REPLICATION, "Processed")
            return None
        return self._wait(outcome)

    async def _wait(self, later: Later) -> None:
        await later
        self.process.log.write(REPLICATION, "Processed")
