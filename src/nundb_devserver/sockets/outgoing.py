"""Text on its way out of a socket."""

import asyncio
from collections.abc import Callable


class OutgoingText:
    """Text for a socket, written once for each turn of the event loop."""

    __slots__ = ("_is_scheduled", "_parts", "_schedule", "_write")

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._schedule = asyncio.get_running_loop().call_soon
        self._write = write
        self._parts: list[str] = []
        self._is_scheduled = False

    def send(self, text: str) -> None:
        """Queue text."""
        self._parts.append(text)
        if not self._is_scheduled:
            self._is_scheduled = True
            self._schedule(self.flush)

    def gather(self) -> None:
        """Hold text back for a flush that is about to come anyhow."""
        self._is_scheduled = True

    def flush(self) -> None:
        """Write what is queued."""
        self._is_scheduled = False
        if self._parts:
            text = "".join(self._parts)
            self._parts.clear()
            self._write(text.encode())

    def drop(self) -> None:
        """Forget what is queued."""
        self._parts.clear()
