"""A node, and a cluster of three, in an event loop whose time passes only while nothing happens."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from nundb_devserver import Cluster, Node
from tests.wire.idle_time import IdleTimeLoop, node_options

from .asking import ask, until


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Let time pass as it does only for tests of programs."""
    if item.get_closest_marker("real_time") is not None:
        return {"real": asyncio.new_event_loop}
    return {"idle": IdleTimeLoop}


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    """One node that acts as the primary, with a database `shop`, whose token is `st`."""
    async with Node(node_options()) as node:

        async def is_primary() -> bool:
            return "success" in await ask(node, "create-db shop st newer")

        await until(is_primary)
        yield node


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    """Three nodes with a database `shop`, whose token is `st`; node 0 is the primary. Each has a log."""
    async with Cluster(3, port_base=None, logs=tmp_path, options=node_options()) as cluster:
        await ask(cluster.nodes[0], "create-db shop st newer")

        async def is_everywhere() -> bool:
            return all(["shop" in await ask(node, "debug list-dbs") for node in cluster.nodes])

        await until(is_everywhere)
        yield cluster
