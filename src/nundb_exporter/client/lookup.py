"""Looks up the addresses of a name, in a thread that nothing waits for.

asyncio's own lookup uses threads that the end of the event loop and of Python waits for: with a silent name server, an
interrupted command would go on for ten seconds.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Address(NamedTuple):
    """Where a socket can connect to."""

    family: socket.AddressFamily
    sockaddr: tuple[Any, ...]
    """As the socket's family wants it."""

    def __str__(self) -> str:
        return str(self.sockaddr[0])


class Lookup:
    """The addresses of one name, asked for anew each time; at most one thread at a time asks.

    `resolve` is called as socket.getaddrinfo is.
    """

    def __init__(self, host: str, port: int, resolve: Callable[..., Sequence[Any]] = socket.getaddrinfo) -> None:
        self._host = host
        self._port = port
        self._resolve = resolve
        self._answer: asyncio.Future[Sequence[Address] | OSError] | None = None
        self._numeric = self._is_numeric()

    @property
    def is_needed(self) -> bool:
        """Whether the host is a name, and not an address."""
        return self._numeric is None

    async def addresses(self) -> Sequence[Address]:
        """Return the addresses in the system's order.

        Raises:
            OSError: the name is unknown, or nobody can be asked.
        """
        if self._numeric is not None:
            return self._numeric
        if self._answer is None or self._answer.done():
            loop = asyncio.get_running_loop()
            self._answer = loop.create_future()
            threading.Thread(target=self._ask, args=(loop, self._answer), daemon=True, name="lookup").start()
        # Whoever waits may be cancelled; the thread goes on, and another scrape may still use its answer.
        found = await asyncio.shield(self._answer)
        if isinstance(found, OSError):
            raise found
        return found

    def _is_numeric(self) -> Sequence[Address] | None:
        try:
            return self._system_lookup(socket.AI_NUMERICHOST)
        except OSError:
            return None

    def _ask(self, loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[Sequence[Address] | OSError]") -> None:
        found: Sequence[Address] | OSError
        try:
            found = self._system_lookup()
        except socket.gaierror as error:
            found = _own_lack() or error
        except OSError as error:
            found = error
        except UnicodeError:
            found = OSError("not a name that can be looked up")
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(answer.set_result, found)

    def _system_lookup(self, flags: int = 0) -> Sequence[Address]:
        # As bytes: of a str, Python would import the codec idna, which no name in ASCII needs, and 0.5 MiB with it.
        found = self._resolve(self._host.encode("ascii"), self._port, type=socket.SOCK_STREAM, flags=flags)
        return [Address(family, sockaddr) for family, _, _, _, sockaddr in found]


def _own_lack() -> OSError | None:
    """Return why this process could ask nobody: without a free descriptor, a resolver says that it found nothing."""
    try:
        socket.socket().close()
    except OSError as error:
        return error
    return None
