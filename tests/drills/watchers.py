"""The ways in which drills break what watches a cluster: its exporters, and how Prometheus finds them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from .breaks import of_devserver
from .field import Field


@asynccontextmanager
async def stopped_exporter(field: Field) -> AsyncIterator[None]:
    """The exporter of the primary ends: the others must not look like a cluster without one."""
    stopped = field.exporter_of(field.primary)
    await stopped.stop()
    yield
    await stopped.start()


@asynccontextmanager
async def vanished_targets(field: Field) -> AsyncIterator[None]:
    """Service discovery finds nothing any more."""
    field.show()
    yield
    field.show(*field.exporters)


@asynccontextmanager
async def vanished_member(field: Field) -> AsyncIterator[None]:
    """A node dies, and service discovery forgets its exporter with it, as with a pod that was evicted."""
    index = field.replica
    await field.cluster.kill(index)
    field.show(*(shown for number, shown in enumerate(field.exporters) if number != index))
    yield
    await field.cluster.start(index)
    await field.unite()
    field.show(*field.exporters)


@asynccontextmanager
async def flood_of_requests(field: Field) -> AsyncIterator[None]:
    """More clients than an exporter admits ask it about a node that hangs."""
    index = field.replica
    url = field.metrics_url(index)
    async with of_devserver("hung-node", at_primary=False)(field), aiohttp.ClientSession() as session:

        async def ask() -> None:
            async with session.get(url) as response:
                await response.read()

        await asyncio.gather(*(ask() for _ in range(90)))
    yield
