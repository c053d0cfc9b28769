"""Keeps what is asked over a transport and what comes back, for `debug=true` of /probe."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from nundb_exporter.client.transport import Transport
from nundb_exporter.errors import NundbExporterError
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import Reply


@dataclass(frozen=True, slots=True)
class Session:
    """Commands that were asked together, and what came of them."""

    commands: Sequence[Command[object]]
    replies: Sequence[Reply]
    """One for each command; none where it failed."""
    failure: str | None
    begun: float
    """Seconds since the first session began."""
    seconds: float


@dataclass(slots=True)
class TracedTransport:
    """Asks over another transport, and keeps each session."""

    inner: Transport
    sessions: list[Session] = field(default_factory=list)
    """In the order in which they ended."""
    _begun: float | None = None

    @property
    def clock_offset(self) -> float | None:
        """As the other transport tells it."""
        return self.inner.clock_offset

    async def execute(self, commands: Sequence[Command[object]], deadline: float) -> list[Reply]:
        """Run the commands in one session."""
        begun = time.perf_counter()
        self._begun = begun if self._begun is None else self._begun
        replies: list[Reply] = []
        failure: str | None = "given up"
        try:
            replies = await self.inner.execute(commands, deadline)
            failure = None
        except NundbExporterError as error:
            failure = str(error)
            raise
        finally:
            seconds = time.perf_counter() - begun
            self.sessions.append(Session(tuple(commands), replies, failure, begun - self._begun, seconds))
        return replies

    async def close(self) -> None:
        """Close every connection."""
        await self.inner.close()
