"""Log lines as env_logger writes them: `[2026-11-22T14:57:41.898948997Z nundb::bo] message` (protocol notes 7)."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
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
WEBSOCKET_OPERATIONS: Final = "nundb::network::ws_ops"
WEBSOCKET: Final = "ws"

UNWRAPPED_ERROR: Final = "called `Result::unwrap()` on an `Err` value: {}"
UNWRAPPED_NONE: Final = "called `Option::unwrap()` on a `None` value"
"""How most of the original's panics begin."""

_PANIC_NOTE: Final = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n"
"""With the first panic of a process."""
_THREADS: Final = 100_000
"""A panic shows the kernel's number of the thread, of some digits, and not that of the other lines."""

Sink = Callable[[str], None]
"""Takes one log entry, newline included."""


class Log:
    """Stamps messages and hands them to a sink. Where it is not `enabled`, a caller need not make a costly message."""

    __slots__ = ("_clock", "_has_panicked", "_second", "_second_text", "_sink", "enabled")

    def __init__(self, sink: Sink | None, clock: Callable[[], int]) -> None:
        self.enabled = sink is not None
        self._sink = sink
        self._clock = clock
        self._has_panicked = False
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

    def panic(self, worker: int, place: str, words: str, thread: str = "<unnamed>") -> None:
        """Write that a thread has died: as on standard error, without a time, which logs mostly have in between."""
        if self._sink is None:
            return
        note = "" if self._has_panicked else _PANIC_NOTE
        self._has_panicked = True
        self._sink(f"\nthread '{thread}' ({worker % _THREADS}) panicked at src/lib/{place}:\n{words}\n{note}")


_MAX_CHARACTERS: Final = 8 * 1024 * 1024
"""Of a log in a file."""


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


class FileSink(StreamSink):
    """A sink over a file that is made anew, and renamed to `NAME.1`, over the one before, when it has grown large.

    Nun-db never does that: this stands for what keeps its output, as Docker or svlogd do. It appends, so that the file
    may be truncated.
    """

    def __init__(self, path: Path, max_characters: int = _MAX_CHARACTERS) -> None:
        path.unlink(missing_ok=True)
        super().__init__(path.open("a", encoding="utf-8"))
        self._path = path
        self._max_characters = max_characters
        self._characters = 0

    def flush(self) -> None:
        """Write what has been taken, and begin a new file where this one has grown large."""
        self._characters += sum(map(len, self._entries))
        super().flush()
        if self._characters > self._max_characters and not self._stream.closed:
            self._characters = 0
            self.close()
            with contextlib.suppress(OSError):
                self._path.rename(f"{self._path}.1")
                self._stream = self._path.open("a", encoding="utf-8")

    def close(self) -> None:
        """Write what has been taken, and nothing that follows."""
        super().flush()
        with contextlib.suppress(OSError):
            self._stream.close()
