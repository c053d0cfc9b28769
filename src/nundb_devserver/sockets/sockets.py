"""The sockets of one process: what it listens on, and what is connected to it."""

import asyncio
import errno
import itertools
import os
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from nundb_devserver.clockwork import Clockwork
from nundb_devserver.log import UNWRAPPED_ERROR, WEBSOCKET
from nundb_devserver.options import Transport
from nundb_devserver.sockets.listener import Listener
from nundb_devserver.state import State


class Socket(Protocol):
    """An open connection, as the process deals with it."""

    transport: asyncio.Transport

    @property
    def accepted_by(self) -> Transport | None:
        """Whose listener has accepted it; None where this node has dialled."""

    @property
    def is_link(self) -> bool:
        """Whether another node is at the other end."""

    def update_reading(self) -> None:
        """Start or stop reading, as the state of the node wants it."""

    def die(self) -> None:
        """Close at once and do nothing more."""


class Sockets:
    """The listeners and the open connections of a process."""

    def __init__(self, state: State, clockwork: Clockwork) -> None:
        self._state = state
        self._clockwork = clockwork
        self._factories: Mapping[Transport, Callable[[], asyncio.Protocol]] = {}
        self._listeners: dict[Transport, Listener] = {}
        self._connections: set[Socket] = set()
        self._panics: Counter[Transport] = Counter()
        self._numbers = itertools.count(1)

    def accept_with(self, factories: Mapping[Transport, Callable[[], asyncio.Protocol]]) -> None:
        """Name what makes the connections that listeners accept."""
        self._factories = factories

    def next_number(self) -> int:
        """Return the number of a new connection over HTTP."""
        return next(self._numbers)

    def add(self, connection: Socket) -> None:
        """Note a connection that is open."""
        self._connections.add(connection)

    def discard(self, connection: Socket) -> None:
        """Note that a connection has ended."""
        self._connections.discard(connection)

    def listen(self, transport: Transport) -> None:
        """Open a listener.

        Raises:
            OSError: its address is taken.
        """
        options = self._state.options
        port = options.port(transport)
        self._listeners[transport] = Listener(options.host, port, self._factories[transport], self._clockwork.spawn)
        self._panics[transport] = 0
        if transport is Transport.WEBSOCKET:
            self._state.log.write(WEBSOCKET, f"Listening for new connections on {options.host}:{port}.")

    def stop_listening(self, transport: Transport) -> None:
        """Close a listener and what it has accepted, as when its last thread has died.

        TCP keeps its connections: each has a thread of its own, and they are what holds a cluster together.
        """
        if transport in self._listeners:
            self._listeners.pop(transport).close()
        if transport is Transport.TCP:
            return
        for connection in tuple(self._connections):
            if connection.accepted_by is transport:
                connection.die()

    def note_panic(self, transport: Transport, threads: int) -> None:
        """Note that one of so many threads of a listener has died; a faithful node loses it with the last of them."""
        self._panics[transport] += 1
        if transport is Transport.HTTP and self._panics[transport] == 1:
            # Whoever waits for the first of them panics, too, and nothing else comes of it (protocol notes 7).
            words = UNWRAPPED_ERROR.format("Any { .. }")
            self._state.log.panic(self._state.next_worker(), "network/http_ops.rs:110:18", words)
        if self._state.options.is_faithful and self._panics[transport] == threads:
            self.stop_listening(transport)

    async def connect(self, name: str, factory: Callable[[], asyncio.Protocol]) -> None:
        """Dial another node.

        Raises:
            OSError: nothing listens there, or the name is no address.
        """
        host, _, port = name.rpartition(":")
        if self._state.conditions.is_cut_off or not port.isdigit():
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        await asyncio.get_running_loop().create_connection(factory, host, int(port))

    def close_links(self) -> None:
        """Lose every connection to and from other nodes."""
        for connection in tuple(self._connections):
            if connection.is_link:
                connection.transport.abort()

    def update_reading(self) -> None:
        """Let every connection look whether it may read."""
        for connection in tuple(self._connections):
            connection.update_reading()

    def accept(self, *, is_accepting: bool) -> None:
        """Accept connections, or leave new ones to the kernel; and let all that are open look whether they may read."""
        for listener in self._listeners.values():
            if is_accepting:
                listener.resume()
            else:
                listener.pause()
        self.update_reading()

    def close(self) -> None:
        """Close every socket at once."""
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()
        for connection in tuple(self._connections):
            connection.die()
