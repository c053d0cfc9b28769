"""A fleet of nodes in one process: `fleet_nodes.py PORT HUNG_PORT`.

At PORT of every address of the loopback interface is a healthy node, which takes as little time as it can: what is
measured is the exporter. At HUNG_PORT is one that takes connections and never answers.
"""

import asyncio
import resource
import socket
import sys

_STARTED = 1_795_359_481_984_351_826
"""Nanoseconds since the epoch."""
_REPLIES = {
    b"metrics-state": b"metrics-state pending_ops: 0, op_log_file_size: 350, op_log_count: 14, "
    b"replication_time_moving_avg: 39.5, get_query_time_moving_avg: 0.25\n",
    b"cluster-state": b"cluster-state  10.0.0.1:3014(self):Primary, 10.0.0.2:3014(Connected):Secoundary,\n",  # sic
    b"debug process-info": b"process-info \nprocess_id: %d\n" % (_STARTED // 1_000_000),
    b"debug list-dbs": b"dbs-list \n$admin : newer\nshop : none\n",
    b"debug pending-ops": b"pending-ops \n",
}


class _Healthy(asyncio.Protocol):
    """Answers each request at once."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of asyncio's own types
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._transport is not None and (end := self._received.find(b"\r\n\r\n") + 4) > 3:  # noqa: PLR2004 - found
            length = int(self._received[:end].lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(self._received) < end + length:
                return
            body = b";".join(self._reply(each) for each in self._received[end : end + length].split(b";"))
            self._received = self._received[end + length :]
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    @staticmethod
    def _reply(command: bytes) -> bytes:
        return _REPLIES.get(command.strip(), b"valid auth\n")


def _listener(port: int) -> socket.socket:
    """Listen at every address of the loopback interface, and of no other."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    listener.bind(("", port))
    listener.listen(4096)
    return listener


async def _serve(port: int, hung_port: int) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_server(asyncio.Protocol, sock=_listener(hung_port), backlog=4096)
    server = await loop.create_server(_Healthy, sock=_listener(port), backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
