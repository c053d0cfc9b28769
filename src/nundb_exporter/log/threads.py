"""What the threads of requests tell: which database a command used, and which commands are a monitoring client's.

Nun-db logs neither. An HTTP worker runs one request's commands after another and ends with `unwatch-all`; a TCP
connection has a thread of its own and ends so too; all WebSocket clients share one thread.
"""

from itertools import compress
from typing import Final

from nundb_exporter.log.records import Request, Requests

_USE: Final = b"use-db"
_END: Final = b"unwatch-all"
_SESSION_VERBS: Final = frozenset({_USE, _END})
_MAX_THREADS: Final = 10_000
"""Threads are numbered by address, which is used again; a node with more of them at once is not followed."""


class Databases:
    """The database of each thread, as far as it can be known."""

    def __init__(self) -> None:
        self._current: dict[bytes, bytes] = {}
        """By thread: the start of its last `use-db`."""
        self._shared: set[bytes] = set()
        """Threads that several clients share: two databases without an end between them."""

    def follow(self, requests: Requests, begin: int, end: int) -> None:
        """Take notice of the requests at these positions."""
        verbs = requests.verbs[begin:end]
        threads, starts = requests.threads[begin:end], requests.starts[begin:end]
        is_of_session = map(_SESSION_VERBS.__contains__, verbs)
        current = self._current
        for verb, thread, start in compress(zip(verbs, threads, starts, strict=True), is_of_session):
            if verb == _END:
                current.pop(thread, None)
            elif current.setdefault(thread, start) != start:
                self._shared.add(thread)
        if len(current) + len(self._shared) > _MAX_THREADS:
            self.forget()

    def of(self, thread: bytes) -> str | None:
        """Return the database that a thread uses now, or None if it is not known."""
        start = self._current.get(thread)
        if start is None or thread in self._shared:
            return None
        return start.partition(b" ")[2].decode(errors="replace") or None

    def forget(self) -> None:
        """Forget all threads: a process has ended, or there are too many."""
        self._current.clear()
        self._shared.clear()


_ALWAYS_OWN: Final = frozenset(
    {
        b"metrics-state",
        b"cluster-state",
        b"debug process-info",
        b"debug list-dbs",
        b"debug pending-ops",
        b"create-db $admin",
        b"get-safe $connections",
        b"keys $conflicts_*",
    }
)
"""What this exporter asks. Right after `auth` or `use-db`, nobody else is known to."""
_CONFLICT: Final = b"get $conflicts_"
_OWN_IN_SESSION: Final = frozenset({b"keys", _END})
_OPENING: Final = frozenset({b"auth", _USE})


class OwnCommands:
    """Tells a monitoring client's commands from all others: a session that begins with them, until another comes."""

    def __init__(self) -> None:
        self._opened: dict[bytes, list[Request]] = {}
        """By thread: `auth` and `use-db` that are followed by nothing yet."""
        self._own: set[bytes] = set()
        """Threads in a monitoring client's session."""

    def without(self, requests: Requests) -> Requests:
        """Return the others' requests, in order; an `auth` or `use-db` counts when the next command has told whose."""
        kept: list[Request] = []
        for request in requests.rows():
            thread, verb, start = request.thread, request.verb, request.start
            if verb in _OPENING:
                self._own.discard(thread)
                self._opened.setdefault(thread, []).append(request)
            elif (start in _ALWAYS_OWN or start.startswith(_CONFLICT)) and (
                thread in self._own or thread in self._opened
            ):
                self._opened.pop(thread, None)
                self._own.add(thread)
            elif thread in self._own and start in _OWN_IN_SESSION:
                if verb == _END:
                    self._own.discard(thread)
            else:
                self._own.discard(thread)
                kept += self._opened.pop(thread, ())
                kept.append(request)
        if len(self._opened) > _MAX_THREADS:
            for opened in self._opened.values():
                kept += opened
            self._opened.clear()
        return Requests.of(kept)
