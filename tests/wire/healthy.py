"""A healthy node as a program, for networks of their own: `python -m tests.wire.healthy SCHEME PORT [HOST]`."""

import asyncio
import sys

from .behaviours import answering
from .framing import http
from .scripted import Peer, ScriptedNode


async def _serve(scheme: str, port: int, host: str) -> None:
    """Serve a healthy node; with a host, refuse every request that names another."""

    async def behave(peer: Peer) -> None:
        if host:
            data = await peer.reader.read(65536)  # the whole request, or its head: both are sent at once
            if f"\r\nHost: {host}\r\n".encode() not in data:
                await peer.send(http(b"", "404 Not Found"))
                return
            peer.reader.feed_data(data)
        await answering()(peer)

    async with ScriptedNode(behave, scheme, host="127.0.0.1", port=port):
        print("serving", flush=True)  # noqa: T201 - who starts it waits for this line
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), "".join(sys.argv[3:])))
