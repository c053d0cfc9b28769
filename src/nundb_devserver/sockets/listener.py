"""A listening socket that can be closed at any moment, as a process that is killed closes its own.

asyncio's own server leaks a connection that it has accepted, but not yet announced, when it is closed.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from nundb_devserver.clockwork import Work

_BACKLOG: Final = 1024


class Listener:
    """Accepts connections on host and port, and makes a protocol for each.

    When one cannot be accepted, there may be no file descriptor left: none is for `pause_seconds`.

    Raises:
        OSError: the address is taken.
    """

    def __init__(
        self,
        host: str,
        port: int,
        factory: Callable[[], asyncio.Protocol],
        spawn: Callable[[Work], None],
        pause_seconds: float = 1.0,
    ) -> None:
        self._factory = factory
        self._spawn = spawn
        self._pause_seconds = pause_seconds
        self._loop = asyncio.get_running_loop()
        self._resumption: asyncio.TimerHandle | None = None
        self._socket = socket.create_server((host, port), backlog=_BACKLOG)
        self._socket.setblocking(False)
        self.resume()

    def pause(self) -> None:
        """Accept no connection: new ones wait in the kernel."""
        self._loop.remove_reader(self._socket)

    def resume(self) -> None:
        """Accept connections."""
        self._loop.add_reader(self._socket, self._accept)

    def close(self) -> None:
        """Close the socket."""
        if self._resumption is not None:
            self._resumption.cancel()
        self.pause()
        self._socket.close()

    def _accept(self) -> None:
        for _ in range(_BACKLOG):
            try:
                connection, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                self.pause()
                self._resumption = self._loop.call_later(self._pause_seconds, self.resume)
                return
            self._spawn(self._adopt(connection))

    async def _adopt(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        # asyncio does so where it knows the protocol, which accept() does not tell. Without it, the second frame of an
        # answer waits until the client's kernel acknowledges the first, up to 40 ms later.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await self._loop.connect_accepted_socket(self._factory, connection)
