"""The network between real nodes: a relay before each node, at the address by which the other nodes know it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from nundb_devserver import HOST

MOST_BYTES = 65_536


@dataclass
class Connection:
    """What is passed on between two sockets."""

    is_lost: bool = False
    """Whether nothing is passed on any more, not even its end: as behind a firewall that has forgotten it."""


class Link:
    """Passes on what other nodes and a node say to each other, late or not at all if it is told so."""

    def __init__(self, port: int, node_port: int) -> None:
        self.name = f"{HOST}:{port}"
        """The address of the relay: the node's external one."""
        self.delay_seconds = 0.0
        """How much later everything arrives, in either direction."""
        self._port = port
        self._node_port = node_port
        self._connections: dict[asyncio.Task[None], Connection] = {}

    def lose(self) -> None:
        """Lose every connection of now, which nobody notices; later ones are passed on."""
        for connection in self._connections.values():
            connection.is_lost = True

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen, and cut every connection at the end."""
        server = await asyncio.start_server(self._accept, HOST, self._port)
        try:
            yield
        finally:
            server.close()
            for task in self._connections:
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection()
        task = asyncio.create_task(self._relay(connection, reader, writer))
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)

    async def _relay(self, connection: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        try:
            with suppress(OSError):  # the node does not listen, or has ended
                node_reader, node_writer = await asyncio.open_connection(HOST, self._node_port)
                writers.append(node_writer)
                await asyncio.gather(
                    self._pass_on(connection, reader, node_writer), self._pass_on(connection, node_reader, writer)
                )
                for each in writers:
                    each.close()
                    await each.wait_closed()
        finally:
            for each in writers:
                each.transport.abort()

    async def _pass_on(
        self, connection: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Pass on what is read, and then the end of it, each when it is due."""
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def take() -> None:
            data = b"something"
            while data:
                data = b""
                with suppress(OSError):  # an end as well
                    data = await reader.read(MOST_BYTES)
                under_way.put_nowait((loop.time() + self.delay_seconds, data))

        async def deliver() -> None:
            data = b"something"
            while data:
                due, data = await under_way.get()
                await asyncio.sleep(due - loop.time())
                if not connection.is_lost:
                    writer.write(data)
                    await writer.drain()
            if not connection.is_lost:
                writer.write_eof()

        await asyncio.gather(take(), deliver())
