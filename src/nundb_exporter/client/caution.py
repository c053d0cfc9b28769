"""Spares a node that breaks at what it is asked.

Where Nun-db cannot read its data directory, or has used up its file descriptors, each `metrics-state` over HTTP ends
one of its four HTTP workers for good, with status 500; after the fourth, HTTP is dead. Over TCP each connection has a
thread of its own, so only that one ends. So after a status 500 the node is asked once over TCP, to tell what is wrong,
and then left alone for a while, longer each time. Meanwhile only the greeting of TCP is waited for, which costs
nothing: where TCP refuses all at once, that process has ended, and the next one is whole.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from nundb_exporter.client.status import InternalServerError
from nundb_exporter.client.transport import Transport
from nundb_exporter.config.settings import Endpoint
from nundb_exporter.errors import NundbExporterError, Reason, TargetError
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import Reply

FIRST_PAUSE_SECONDS: Final = 60.0
_LONGEST_PAUSE_SECONDS: Final = 300.0
"""Where TCP can tell whether the node is well again: asking there ends no HTTP worker."""
_LONGEST_BLIND_PAUSE_SECONDS: Final = 3600.0
"""Where the TCP port cannot be reached: each attempt may end a worker."""

_GREETING_SECONDS: Final = 1.0
"""For a greeting while the node is left alone; it is not worth the rest of the scrape."""


class _OverTcp(Enum):
    """What the same commands give over TCP."""

    WELL = "over TCP it answers"
    BROKEN = "over TCP it fails too: its data directory cannot be read, or its file descriptors are used up"
    UNKNOWN = "its TCP port cannot be reached to tell why"


@dataclass(slots=True)
class Caution:
    """What is known of a node that broke at what it was asked; all who ask it share this, as they share its workers."""

    pause: float = 0.0
    """Seconds for which it is left alone; 0 where it is well."""
    paused_until: float = 0.0
    """By the event loop's clock."""
    failure: str = ""
    found: _OverTcp = _OverTcp.UNKNOWN


class CautiousTransport:
    """Ask over HTTP, and with growing pauses after a status 500.

    `caution` is what is known of the node by others that ask it. `first_pause` is the first pause, in seconds.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        http: Transport,
        tcp: Transport,
        caution: Caution | None = None,
        first_pause: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._endpoint = endpoint
        self._http = http
        self._tcp = tcp
        self._first_pause = first_pause
        self._caution = caution or Caution()

    @property
    def clock_offset(self) -> float | None:
        """As HTTP tells it: what is read over TCP is not shown."""
        return self._http.clock_offset

    async def execute(self, commands: Sequence[Command[object]], deadline: float) -> list[Reply]:
        """Send the commands over HTTP, unless the node is left alone at the moment."""
        if self._caution.pause:
            if await self._has_ended(deadline):
                self._caution.pause = 0.0  # HTTP says the same, or belongs to a new process
            elif asyncio.get_running_loop().time() < self._caution.paused_until:
                raise self._left_alone()
            elif await self._over_tcp(commands, deadline) is _OverTcp.BROKEN:
                self._leave_alone(_OverTcp.BROKEN)
                raise self._left_alone()
        try:
            replies = await self._http.execute(commands, deadline)
        except InternalServerError:
            self._leave_alone(await self._over_tcp(commands, deadline))
            raise self._left_alone() from None
        self._caution.pause = 0.0
        return replies

    async def _has_ended(self, deadline: float) -> bool:
        """Whether nothing listens any more at the TCP port at which the node did."""
        if self._caution.found is _OverTcp.UNKNOWN:
            return False
        patience = min(deadline, asyncio.get_running_loop().time() + _GREETING_SECONDS)
        try:
            await self._tcp.execute((), patience)
        except TargetError as error:
            return error.reason is Reason.CONNECT
        except NundbExporterError:
            pass
        return False

    async def _over_tcp(self, commands: Sequence[Command[object]], deadline: float) -> _OverTcp:
        try:
            await self._tcp.execute((), deadline)
        except NundbExporterError:
            return _OverTcp.UNKNOWN
        try:
            await self._tcp.execute(commands, deadline)
        except NundbExporterError:
            return _OverTcp.BROKEN
        return _OverTcp.WELL

    def _leave_alone(self, found: _OverTcp) -> None:
        """Begin a pause, twice as long as the one before."""
        self._caution.found = found
        longest = _LONGEST_BLIND_PAUSE_SECONDS if found is _OverTcp.UNKNOWN else _LONGEST_PAUSE_SECONDS
        self._caution.pause = min(2 * self._caution.pause or self._first_pause, longest)
        self._caution.paused_until = asyncio.get_running_loop().time() + self._caution.pause
        # The time and not what is left of it: a text that stays the same is logged once.
        until = time.strftime("%H:%M:%S", time.gmtime(time.time() + self._caution.pause))
        self._caution.failure = (
            f"{self._endpoint.authority}: answer: HTTP status 500, and {found.value}. Each such request may end one of "
            f"Nun-db's four HTTP workers, so the node is not asked again before {until} UTC"
        )

    def _left_alone(self) -> TargetError:
        return TargetError(Reason.PROTOCOL, self._caution.failure)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.close()
        await self._tcp.close()
