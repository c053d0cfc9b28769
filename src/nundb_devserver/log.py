"""Log lines as env_logger writes them: `[2026-11-22T14:57:41.898948997Z nundb::bo] message` (protocol notes 7)."""

import asyncio
import time
from collections.abc import Callable
from typing import TextIO

REQUESTS = "nundb::process_request"
ELECTIONS = "nundb::election_ops"
REPLICATION = "nundb::replication_ops"
CONSENSUS = "nundb::consensus_ops"
DISK = "nundb::disk_ops"
STORAGE = "nundb::storage::disk"
MEMBERS = "nundb::bo"
NODE = "nun_db"
WEBSOCKET = "ws"

Sink = Callable[[str], None]
"""Takes one log entry, newline included."""


class Log:
    """Stamps messages and hands them to a sink. `enabled` lets a caller spare itself a message nobody reads."""

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
        """Write what has been taken; a reader that has gone away ends the log, not the server."""
        entries, self._entries = self._entries, []
        try:
            self._stream.write("".join(entries))
            self._stream.flush()
        except (BrokenPipeError, ValueError):
            return


def duration_text(nanoseconds: int) -> str:
    """Write a duration as Rust's `{:?}` does: the largest of ns, µs, ms, s that is at least 1, no trailing zeros."""
    for size, digits, unit in ((1_000_000_000, 9, "s"), (1_000_000, 6, "ms"), (1_000, 3, "µs")):
        if nanoseconds >= size:
            whole, rest = divmod(nanoseconds, size)
            fraction = f"{rest:0{digits}d}".rstrip("0")
            return f"{whole}.{fraction}{unit}" if fraction else f"{whole}{unit}"
    return f"{nanoseconds}ns"
