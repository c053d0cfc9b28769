"""The applications of the demo: what they leave in order, and how they take failures."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from nundb_devserver import Cluster, RefusedError
from nundb_exporter.credentials import Credentials, Secret
from nundb_exporter.demo.clients import connected, use_db
from nundb_exporter.demo.workload import CHAT, SESSIONS, SHOP, Workload
from tests.wire.waiting import eventually

ADMINISTRATOR = Credentials("nun", Secret("nun-pwd"))
ADMIN = "auth nun nun-pwd"


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    """Three nodes."""
    async with Cluster(3, port_base=None) as nodes:
        yield nodes


@pytest.fixture
async def workload(cluster: Cluster) -> Workload:
    """Applications that have their databases, and do not work yet."""
    applications = Workload(cluster, ADMINISTRATOR)
    await applications.prepare()
    return applications


async def pending_snapshots(cluster: Cluster) -> int:
    """Return how many pending operations of the primary have the id that all snapshots share."""
    async with connected(cluster.nodes[0], ADMIN) as admin:
        return sum(", opp_id: 0," in entry for entry in await admin.ask("debug pending-ops"))


async def test_a_snapshot_is_not_begun_while_another_is_under_way(cluster: Cluster, workload: Workload) -> None:
    """Two that overlap would never be acknowledged, and no healthy demo may look ill."""
    await cluster.fault("hung-replica", 2)
    await workload._take_snapshot(SHOP)
    await workload._take_snapshot(CHAT)
    assert await pending_snapshots(cluster) == 1
    await cluster.cure("hung-replica")

    async def pending() -> int:
        return await pending_snapshots(cluster)

    await eventually(pending, lambda count: count == 0)
    await workload._take_snapshot(SESSIONS)
    await eventually(pending, lambda count: count == 0)


@pytest.mark.parametrize("stock", ["", "0", "two words"])
async def test_an_empty_or_damaged_shelf_is_filled(cluster: Cluster, workload: Workload, stock: str) -> None:
    """A purchase finds something to take, also at a replica that rejoined with damaged values."""
    async with connected(cluster.nodes[0], use_db(SHOP)) as shop:
        await shop.ask(f"set stock:tea {stock}")
        await workload._buy(shop, "tea")
        assert await shop.ask("get stock:tea") == ["value 399"]


async def test_work_goes_on_when_the_primary_dies(cluster: Cluster, workload: Workload) -> None:
    """Clients lose their connections, wait for the election, and write at the new primary."""
    work = asyncio.create_task(workload.run())

    async def records() -> int:
        """Return the size of the acting primary's operation log; -1 while there is none."""
        process = None if cluster.primary is None else cluster.nodes[cluster.primary].process
        return -1 if process is None else process.state.oplog.size()

    await eventually(records, lambda size: size > 1000)
    await cluster.fault("dead-node", 0)
    before = await eventually(records, lambda size: size >= 0)
    assert cluster.primary != 0
    await eventually(records, lambda size: size > before + 500)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def test_a_refusal_is_told(cluster: Cluster, workload: Workload) -> None:
    """A wrong token ends the connection with what the node said."""
    with pytest.raises(RefusedError, match="Invalid token"):
        async with connected(cluster.nodes[0], "use-db shop wrong"):
            pass
