"""HTTP: one POST per session, over keep-alive connections.

A client of our own, because a scrape is to cost less than 0.35 ms and a general client alone costs three times as much
(docs/benchmark.md). The parser is protocol/http.py; a connection is in client/http_connection.py.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from nundb_exporter.client.dial import Dialer
from nundb_exporter.client.http_connection import HttpConnection, StaleError, TruncatedError
from nundb_exporter.client.route import DIRECT, Route
from nundb_exporter.client.status import refusal
from nundb_exporter.client.transport import broken_connections, closed, too_late
from nundb_exporter.config.settings import Endpoint, Tls
from nundb_exporter.errors import NundbExporterError, ProtocolError
from nundb_exporter.protocol.clock import clock_offset
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.http import Response, request
from nundb_exporter.protocol.replies import Reply, split_body

_MAX_IDLE: Final = 4
"""Nun-db answers HTTP with four workers, and each kept connection pins one of its threads (protocol notes 1.2)."""
MAX_IDLE_SECONDS: Final = 90.0
"""How long an unused connection is trusted: longer than the usual intervals between scrapes, shorter than the usual
memory of routers and balancers between (240 s and 350 s at two large clouds)."""
_OK: Final = 200


class HttpTransport:
    """Ask over http or https.

    Where half of the time has brought not one byte, the request is sent once more on a fresh connection, and whichever
    answers first is taken. The connection may be one that a router has forgotten in silence, or one that a healthy
    Nun-db never answers, as it happens after a burst. It is safe: all commands of the exporter only read. A node that
    has answered neither is asked once at a time until it answers again.

    `max_idle` is for how many seconds an unused connection is trusted.
    """

    def __init__(self, endpoint: Endpoint, tls: Tls, max_idle: float = MAX_IDLE_SECONDS, route: Route = DIRECT) -> None:
        self._endpoint = endpoint
        self._host = endpoint.host_header
        self._max_idle = max_idle
        self._dialer = Dialer(endpoint, tls, route)
        self._idle: list[HttpConnection] = []
        self._clock_offset: float | None = None
        self._is_silent = False
        """Whether the node has let two connections wait in vain, and nothing has come since."""

    @property
    def clock_offset(self) -> float | None:
        """Of the node, or of a proxy before it: each answer carries its time."""
        return self._clock_offset

    async def execute(self, commands: Sequence[Command[object]], deadline: float) -> list[Reply]:
        """Send the commands as one body."""
        body = ";".join([command.text for command in commands]).encode()
        data = request(self._host, self._endpoint.path, body)
        try:
            response = await self._exchange(data, deadline)
        except TruncatedError:
            raise closed(self._endpoint, is_begun=True) from None
        if response.status != _OK:
            raise refusal(self._endpoint, response.status, response.location)
        try:
            text = response.body.decode()
        except UnicodeDecodeError:
            raise ProtocolError("the body is not UTF-8: it is compressed, or not from Nun-db") from None
        return split_body(text, commands)

    async def _exchange(self, data: bytes, deadline: float) -> Response:
        now = asyncio.get_running_loop().time()
        half = now + (deadline - now) / 2
        while self._idle:
            connection = self._idle.pop()
            if now - connection.idle_since > self._max_idle:
                connection.abort()
                continue
            try:
                return await self._ask(connection, data, half, deadline)
            except StaleError:
                # The node was restarted, or closed an idle connection. It never read the request, so it is safe to send
                # it again; the other kept connections are probably closed too.
                await self.close()
        connection = await self._dial(deadline)
        try:
            return await self._ask(connection, data, half, deadline)
        except StaleError:
            raise self._closed(connection) from None

    async def _dial(self, deadline: float) -> HttpConnection:
        _, connection = await self._dialer.open(HttpConnection, deadline)
        return connection

    async def _ask(self, connection: HttpConnection, data: bytes, half: float, deadline: float) -> Response:
        """Ask; from `half` on, ask a second time where nothing has come."""
        connection.send(data)
        try:
            response = await connection.response(half)
        except TimeoutError:
            if self._is_silent or not connection.is_untouched:
                return await self._finish(connection, deadline)
            await self.close()  # the others are no better than this one
            return await self._race(connection, data, deadline)
        except BaseException:
            connection.abort()
            raise
        self._keep(connection, response)
        return response

    async def _finish(self, connection: HttpConnection, deadline: float) -> Response:
        """Wait for the answer to what was sent, until the deadline."""
        try:
            response = await connection.response(deadline)
        except TimeoutError:
            connection.abort()
            raise too_late(self._endpoint, is_begun=not connection.is_untouched) from None
        except BaseException:
            connection.abort()
            raise
        self._keep(connection, response)
        return response

    async def _ask_fresh(self, data: bytes, deadline: float) -> Response:
        connection = await self._dial(deadline)
        try:
            connection.send(data)
        except StaleError:
            raise self._closed(connection) from None
        return await self._finish(connection, deadline)

    async def _race(self, first: HttpConnection, data: bytes, deadline: float) -> Response:
        """Wait for the first connection, and ask on a fresh one; return the answer that comes first."""
        waiting = asyncio.create_task(self._finish(first, deadline))
        fresh = asyncio.create_task(self._ask_fresh(data, deadline))
        running = {waiting, fresh}
        try:
            while running:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if task.exception() is None:
                        return task.result()
            self._is_silent = True
            return fresh.result()  # both have failed: what a fresh connection meets says more
        finally:
            for task in (waiting, fresh):
                task.cancel()
            await asyncio.gather(waiting, fresh, return_exceptions=True)

    def _closed(self, connection: HttpConnection) -> NundbExporterError:
        """Return the failure of a connection that was closed before it answered."""
        if connection.loss is not None:
            try:
                with broken_connections(self._endpoint):
                    raise connection.loss
            except NundbExporterError as error:
                return error
        return closed(self._endpoint, is_begun=False)

    def _keep(self, connection: HttpConnection, response: Response) -> None:
        self._is_silent = False
        self._clock_offset = clock_offset(response.date, connection.sent_at, time.time())
        if response.is_reusable and len(self._idle) < _MAX_IDLE:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.abort()

    async def close(self) -> None:
        """Close the kept connections."""
        while self._idle:
            self._idle.pop().abort()
