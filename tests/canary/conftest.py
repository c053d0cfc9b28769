"""A cluster of three, in an event loop whose time passes only while nothing happens."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from nundb_devserver import Cluster
from tests.wire.idle_time import IdleTimeLoop, node_options


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Let time pass as it does only for tests of programs."""
    if item.get_closest_marker("real_time") is not None:
        return {"real": asyncio.new_event_loop}
    return {"idle": IdleTimeLoop}


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    """Three nodes; node 0 is the primary."""
    async with Cluster(3, port_base=None, options=node_options()) as cluster:
        await cluster.ready()
        yield cluster
