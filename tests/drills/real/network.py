"""What the network does to real nodes; and the runbook's cures.

Entering breaks a cluster; leaving cures it as the runbook says.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nundb_exporter.monitoring.rule import FORGET_COMMAND
from tests.drills.program import printed

from .cluster import RealCluster
from .drill import Break
from .exporters import ADMINISTRATOR
from .faults import leak
from .nodes import NODES

LATE_SECONDS = 3.0
LOOKS = 3


@asynccontextmanager
async def slow_link(cluster: RealCluster) -> AsyncIterator[None]:
    """What a replica is told arrives late, and so does what it answers; then the link that `pending` shows is mended.

    Raises:
        ValueError: `pending` shows another one.
    """
    index = await cluster.replica()
    cluster.links[index].delay_seconds = LATE_SECONDS
    yield
    lists = [await _listed_as_pending(cluster) for _ in range(LOOKS)]
    if set.intersection(*lists) != {cluster.names[index]}:
        raise ValueError(f"`pending` shows {lists}")
    cluster.links[index].delay_seconds = 0.0
    await cluster.settled()


def dead_link(*, has_leak: bool = False) -> Break:
    """A firewall forgets the connections to a replica; then that starts with the primary's files, as a new member."""

    @asynccontextmanager
    async def run(cluster: RealCluster) -> AsyncIterator[None]:
        index = await cluster.replica()
        if has_leak:
            await leak(cluster)
            await cluster.forgotten(index)
            await cluster.start(index)
            await cluster.unite()
        cluster.links[index].lose()
        yield
        await cluster.send(index, "SIGINT")
        for other in range(NODES):
            if other != index:
                await cluster.type(FORGET_COMMAND, other, {"MEMBER": cluster.names[index]})
        await cluster.copy_from_primary(index)

    return run


async def _listed_as_pending(cluster: RealCluster) -> set[str]:
    """Return the members of whose acknowledgements the primary waits."""
    url = cluster.url(await cluster.primary())
    report = await printed(ADMINISTRATOR, "pending", "--json", "--nundb.url", url)
    return {group["member"] for group in report["groups"]}
