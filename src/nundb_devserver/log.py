"""Log lines as env_logger writes them: `[2026-11-22T14:57:41.898948997Z nundb::bo] message` (protocol notes 7)."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, TextIO

REQUESTS: Final = "nundb::process_request"
ELECTIONS: Final = "nundb::election_ops"
REPLICATION: Final = "nundb::replication_ops"
CONSENSUS: Final = "nundb::consensus_ops"
DISK: Final = "nundb::disk_ops"
STORAGE: Final = "nundb::storage::disk"
MEMBERS: Final = "nundb::bo"
TCP: Final = "nundb::network::tcp_ops"
NODE: Final = "nun_db"
WEBSOCKET: Final = "ws"

Sink = Callable[[str], None]
"""Takes one log entry, newline included."""


class Log:
    """Stamps messages and hands them to a sink. Where it is not `enabled`, a caller need not make a costly message."""

    __slots__ = ("_clock", "_second", "_second_text", "_sink", "enabled")

    def __init__(self, sink: Sink | None, clock: Callable[[], int]) -> None:
        self.enabled = sink is not None
        self._sink = sink
        self._clock = clock
        self._second = -1
        self._second_text = ""

    def write(self, target: str, message: str) -> None:
        """Write one entry; further lines of the message are indented by four spaces."""
        if self._sink is None:
            return
        second, nanoseconds = divmod(self._clock(), 1_000_000_000)
        if second != self._second:
            self._second = second
            self._second_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        body = message.replace("\n", "\n    ")
        self._sink(f"[{self._second_text}.{nanoseconds:09d}Z {target}] {body}\n")


class StreamSink:
    """A sink over a text stream that writes once for each turn of the event loop, however many entries there are."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._entries: list[str] = []

    def __call__(self, entry: str) -> None:
        """Take one entry."""
        if not self._entries:
            asyncio.get_running_loop().call_soon(self.flush)
        self._entries.append(entry)

    def flush(self) -> None:
        """Write what has been taken; a reader that has gone away or a full disk costs the log, not the server."""
        entries, self._entries = self._entries, []
        try:
            self._stream.write("".join(entries))
            self._stream.flush()
        except (OSError, ValueError):
            return
