"""A node, and a cluster of three."""

from collections.abc import AsyncIterator

import pytest

from nundb_devserver import Cluster, Node, NodeOptions

from .asking import ask, until


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    """One node that acts as the primary, with a database `shop`, whose token is `st`."""
    async with Node(NodeOptions()) as node:

        async def is_primary() -> bool:
            return "success" in await ask(node, "create-db shop st newer")

        await until(is_primary)
        yield node


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    """Three nodes with a database `shop`, whose token is `st`; node 0 is the primary."""
    async with Cluster(3, port_base=None) as cluster:
        await ask(cluster.nodes[0], "create-db shop st newer")

        async def is_everywhere() -> bool:
            return all(["shop" in await ask(node, "debug list-dbs") for node in cluster.nodes])

        await until(is_everywhere)
        yield cluster
