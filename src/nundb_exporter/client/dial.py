"""Opens connections to one endpoint, and says in which phase one fails: lookup, connect or TLS.

Whatever fails here is reason connect: the node has not taken a connection, so it cannot have been slow to answer.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from nundb_exporter.client.lookup import Address, Lookup
from nundb_exporter.client.race import NO_ANSWER, connect
from nundb_exporter.client.route import DIRECT, Route
from nundb_exporter.client.tls import cause_of_tls, client_context
from nundb_exporter.config.settings import Endpoint, Tls
from nundb_exporter.errors import ConfigError, NotAllowedError, Reason, TargetError
from nundb_exporter.system_errors import cause_of

_LOGGER: Final = logging.getLogger(__name__)
P = TypeVar("P", bound=asyncio.Protocol)


@dataclass(slots=True)
class _Progress:
    """How far a connection has come."""

    phase: str = "connect"
    tried: dict[str, str] = field(default_factory=dict)


class Dialer:
    """Opens connections one after another: Nun-db may never answer some of those that come in a burst.

    Seen on a healthy node, over HTTP, for 3 of 228 connections.

    Raises:
        ConfigError: a file of the TLS settings is unusable.
    """

    def __init__(self, endpoint: Endpoint, tls: Tls, route: Route = DIRECT) -> None:
        self._endpoint = endpoint
        self._tls = tls
        self._context = client_context(endpoint, tls)
        self._server_name = tls.server_name or endpoint.server_name
        self._route = route
        self._lookup = Lookup(endpoint.host, endpoint.port, route.resolve)
        self._turn = asyncio.Lock()

    async def open(self, make: Callable[[], P], deadline: float) -> tuple[asyncio.Transport, P]:
        """Return a connection and its protocol.

        Raises:
            TargetError: reason connect, if there is none before the deadline, by the event loop's clock.
            NotAllowedError: the route admits none of the node's addresses; none was dialled.
        """
        progress = _Progress()
        try:
            async with asyncio.timeout_at(deadline), self._turn:
                return await self._open(make, progress)
        except OSError as error:  # TimeoutError and ssl.SSLError are OSErrors too
            raise self._failure(error, progress) from error

    async def open_stream(self, deadline: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection as a pair of streams.

        Raises:
            TargetError: as `open`.
        """
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        transport, protocol = await self.open(lambda: asyncio.StreamReaderProtocol(reader, loop=loop), deadline)
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _open(self, make: Callable[[], P], progress: _Progress) -> tuple[asyncio.Transport, P]:
        if self._lookup.is_needed:
            progress.phase = "lookup"
        found = await self._lookup.addresses()
        progress.phase = "connect"
        addresses = [address for address in found if self._route.admits(str(address))]
        if not addresses:
            raise self._not_allowed(found)
        connected, address = await connect(addresses, progress.tried)
        self._route.dialled(str(address))
        progress.phase = "TLS" if self._context else "connect"
        self._load_changed_certificates()
        return await asyncio.get_running_loop().create_connection(
            make,
            sock=connected,
            ssl=self._context,
            server_hostname=self._server_name if self._context else None,
        )

    def _load_changed_certificates(self) -> None:
        """Use certificates that were renewed meanwhile; unusable ones, as while they are written, leave the last ones.

        They are read again at each attempt, so the log says so once a minute at most (logs.py).
        """
        try:
            self._context = client_context(self._endpoint, self._tls)
        except ConfigError as error:
            _LOGGER.warning("%s. The last good certificates stay in use", error)

    def _not_allowed(self, found: Sequence[Address]) -> NotAllowedError:
        told = ", ".join(map(str, found))
        return NotAllowedError(f"{self._endpoint.authority}: lookup: {told}: not allowed, so not dialled")

    def _failure(self, error: OSError, progress: _Progress) -> TargetError:
        is_deadline = isinstance(error, TimeoutError) and error.errno is None
        match progress.phase:
            case "lookup":
                cause = f"lookup: {'the name servers did not answer in time' if is_deadline else cause_of(error)}"
            case "TLS" if is_deadline:
                cause = "TLS: the handshake did not end in time"
            case "TLS":
                cause = f"TLS: {_cause_in_handshake(error)}"
            case _ if progress.tried:
                cause = f"connect: {self._tried(progress.tried)}"
            case _:
                cause = f"connect: {'no time was left for it' if is_deadline else cause_of(error)}"
        return TargetError(Reason.CONNECT, f"{self._endpoint.authority}: {cause}")

    def _tried(self, tried: dict[str, str]) -> str:
        """Tell what became of each address; of the only one without naming it, where the endpoint has it already."""
        told = {
            address: f"{cause} to the attempt to connect" if cause == NO_ANSWER else cause
            for address, cause in tried.items()
        }
        if not self._lookup.is_needed:
            return next(iter(told.values()), "")
        return ", ".join(f"{cause} at {address}" for address, cause in told.items())


def _cause_in_handshake(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return cause_of_tls(error)
    if isinstance(error, ConnectionError):
        return "closed in the middle of the handshake"  # asyncio's own error says nothing
    return cause_of(error)
