"""What the page's exporter needs around it: nodes, databases and writes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from aiohttp import web
from yarl import URL

from nundb_devserver import Cluster, Node, NodeOptions
from tests.wire.clients import ask
from tests.wire.exporter import serving, target
from tests.wire.replies import PASSWORD, USER

_FORWARDED: Final = ("Content-Type", "Content-Encoding", "Content-Security-Policy", "Location")
"""Headers of an answer that the proxy hands on."""


@asynccontextmanager
async def single_node(options: NodeOptions | None = None) -> AsyncIterator[Node]:
    """Run one node, and yield it once it has made itself the primary."""
    async with Cluster(1, port_base=None, options=options) as cluster:
        yield cluster.nodes[0]


@asynccontextmanager
async def exporter(url: str, *databases: str, port: int = 0) -> AsyncIterator[str]:
    """Serve a node's metrics as `nundb-exporter` does, and yield where."""
    async with serving(target(url, *databases), port) as at:
        yield f"{at}/"


@asynccontextmanager
async def prefixed(url: str) -> AsyncIterator[str]:
    """Serve an exporter under /monitoring/nundb/ through a proxy that strips this prefix, and yield where.

    What is asked without the slash is answered too, not redirected: some proxies do so.
    """

    async def forward(request: web.Request) -> web.Response:
        asked = URL(f"{url}{request.match_info.get('path', '')}?{request.rel_url.raw_query_string}", encoded=True)
        async with session.get(asked, headers=request.headers, allow_redirects=False) as answer:
            kept = {name: answer.headers[name] for name in _FORWARDED if name in answer.headers}
            return web.Response(body=await answer.read(), status=answer.status, headers=kept)

    proxy = web.Application()
    proxy.router.add_get("/monitoring/nundb/{path:.*}", forward)
    proxy.router.add_get("/monitoring/nundb", forward)
    runner = web.AppRunner(proxy)
    await runner.setup()
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/monitoring/nundb/"
        finally:
            await runner.cleanup()


async def create_database(node: Node, name: str, strategy: str = "") -> None:
    """Create a database on a node."""
    create = f"create-db {name} {name}-token {strategy}".rstrip()
    assert "create-db success" in await ask(node.options.http_port, f"auth {USER} {PASSWORD}", create)


async def write(node: Node, database: str, count: int) -> None:
    """Write values, one request each."""
    for number in range(count):
        await ask(node.options.http_port, f"use-db {database} {database}-token", f"set key-{number} value")
