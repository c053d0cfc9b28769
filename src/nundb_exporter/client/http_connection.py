"""One HTTP connection: one request at a time goes out, and its response comes in."""

import asyncio
import time
from typing import cast

from nundb_exporter.errors import ProtocolError
from nundb_exporter.protocol.http import Response, ResponseDecoder
from nundb_exporter.protocol.replies import MAX_REPLY_BYTES


class StaleError(Exception):
    """The connection was closed before the first byte of an answer: the request may not have been read."""


class TruncatedError(Exception):
    """The connection was closed before the answer was complete."""


class HttpConnection(asyncio.Protocol):
    """One connection; unusable after any error."""

    __slots__ = ("_decoder", "_is_lost", "_outcome", "_transport", "_waiter", "idle_since", "loss", "sent_at")

    def __init__(self) -> None:
        self.loss: Exception | None = None
        """Why it was lost; None after a close in order."""
        self.idle_since = 0.0
        """Since when it is unused, by the event loop's clock; set by whoever keeps it."""
        self.sent_at = 0.0
        """When the last request was sent, in seconds since the epoch."""
        self._decoder: ResponseDecoder | None = None
        self._outcome: Response | Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._is_lost = False

    @property
    def is_untouched(self) -> bool:
        """Whether not one byte of the answer has come."""
        return self._decoder is None or self._decoder.is_untouched

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket's transport."""
        self._transport = cast("asyncio.Transport", transport)  # create_connection makes no other

    def abort(self) -> None:
        """Close it at once."""
        self._transport.abort()

    def send(self, data: bytes) -> None:
        """Send a request.

        Raises:
            StaleError: the connection has been closed meanwhile.
        """
        if self._is_lost:
            raise StaleError
        self._decoder = ResponseDecoder(MAX_REPLY_BYTES)
        self._outcome = None
        self.sent_at = time.time()
        self._transport.write(data)

    async def response(self, until: float) -> Response:
        """Wait for the response; if this is cancelled, or in vain, it may be waited for again.

        `until` is by the event loop's clock. (asyncio.timeout_at would cost three times what the timer does.)

        Raises:
            TimeoutError: it has not come until then.
            StaleError: closed without an answer.
            TruncatedError: closed before the end.
            ProtocolError: not HTTP.
        """
        if self._outcome is None:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = loop.call_at(until, self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
        if isinstance(self._outcome, Response):
            return self._outcome
        raise self._outcome or TimeoutError

    def _settle(self, outcome: Response | Exception) -> None:
        self._outcome = outcome
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Read what has come."""
        if self._decoder is None or self._outcome is not None:
            # Unexpected bytes: the next request could take them for its answer.
            self._is_lost = True
            self._transport.abort()
            return
        try:
            response = self._decoder.receive_data(data)
        except ProtocolError as error:
            self._settle(error)
            return
        if response is not None:
            self._settle(response)

    def connection_lost(self, exc: Exception | None) -> None:
        """End what is waited for."""
        self._is_lost = True
        self.loss = exc
        if self._decoder is None or self._outcome is not None:
            return
        if self._decoder.is_untouched:
            self._settle(StaleError())
            return
        try:
            # A body that ends with the connection is complete only if the connection was closed in order.
            if exc is None:
                self._settle(self._decoder.receive_eof())
                return
        except ProtocolError:
            pass
        self._settle(TruncatedError())
