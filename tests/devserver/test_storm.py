"""A resolve that goes round: its pace is a matter of how many nodes send it back (protocol notes 6.8)."""

from nundb_devserver import Cluster
from tests.wire.idle_time import node_options, pass_time

from .asking import ask, metric, pending, until

MANY = 2000
PANIC = "panicked at src/lib/network/tcp_ops.rs:125:63:\ncalled `Result::unwrap()` on an `Err` value: Os { code: 11"


async def test_between_two_nodes_one_operation_goes_round() -> None:
    """It is on its way all the time, and nothing piles up."""
    async with Cluster(2, port_base=None, options=node_options()) as cluster:
        await cluster.fault("resolve-storm")
        counts = []
        for _ in range(10):
            await pass_time(0.1)
            counts.append((await metric(cluster.nodes[0], "op_log_count"), await pending(cluster.nodes[0])))
        records, waiting = zip(*counts, strict=True)
        assert list(records) == sorted(set(records))
        assert max(waiting) < 10
        await cluster.cure("resolve-storm")


async def test_between_three_nodes_it_multiplies(cluster: Cluster) -> None:
    """Each secondary sends back all that it is sent: what is pending grows without end, until they forget it."""
    await cluster.fault("resolve-storm")

    async def is_beyond_any_list() -> bool:
        return await pending(cluster.nodes[0]) > MANY

    await until(is_beyond_any_list)
    assert await metric(cluster.nodes[0], "op_log_count") > MANY / 2
    await cluster.cure("resolve-storm")
    before = await metric(cluster.nodes[0], "op_log_count")
    await pass_time(1)
    assert await metric(cluster.nodes[0], "op_log_count") == before


async def test_it_ends_when_the_threads_of_the_links_have_died() -> None:
    """Nobody reads acknowledgements as fast as they come: each secondary's thread panics; what is pending stays."""
    entries: list[str] = []
    options = node_options(log=entries.append, crowded_operations=MANY)
    async with Cluster(3, port_base=None, options=options) as cluster:
        await cluster.fault("resolve-storm")

        async def have_died() -> bool:
            await pass_time(0.1)
            return sum(PANIC in entry for entry in entries) == 2

        await until(have_died)
        records, primary = [], cluster.nodes[0]
        for _ in range(2):
            await pass_time(1)
            records.append(await metric(primary, "op_log_count"))
        assert records[0] == records[1]
        assert await pending(primary) > MANY
        await ask(primary, "use-db disputes disputes;set later x")
        await pass_time(1)
        answers = [await ask(node, "use-db disputes disputes;get later") for node in cluster.nodes]
        assert ["value x" in answer for answer in answers] == [True, False, False]
        await cluster.cure("resolve-storm")
