"""A node that owes its replica 100,000 operations, and answers at once: `pending_node.py PORT`."""

import asyncio
import contextlib
import sys

_COUNT = 100_000
_STARTED = 1_795_359_481_984_351_826
"""Nanoseconds since the epoch."""
_ENTRIES = "\n".join(
    f'message: "replicate shop key{number} -1 value", opp_id: {_STARTED + number}, ack_count: 0, replicate_count: 1, '
    "replications: , 127.0.0.1:46024:false"
    for number in range(_COUNT)
)
_REPLIES = {
    "metrics-state": f"metrics-state pending_ops: {_COUNT}, op_log_file_size: 0, op_log_count: 0, "
    "replication_time_moving_avg: 0.0, get_query_time_moving_avg: 0.0",
    "cluster-state": "cluster-state  127.0.0.1:46014(self):Primary, 127.0.0.1:46024(Connected):Secoundary,",  # sic
    "debug process-info": f"process-info \nprocess_id: {_STARTED // 1_000_000}",
    "debug list-dbs": "dbs-list \n$admin : newer",
    "debug pending-ops": f"pending-ops {_ENTRIES}",
}


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            commands = (await reader.readexactly(length)).decode().split(";")
            body = ";".join(f"{_REPLIES.get(command, 'valid auth')}\n" for command in commands).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
    writer.close()


async def _serve(port: int) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
