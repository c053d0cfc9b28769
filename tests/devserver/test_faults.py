"""Every fault shows in what the nodes say, and is gone when it is cured."""

import os
import re
import resource

import pytest

from nundb_devserver import FAULTS, Cluster, FaultError, UnknownError
from tests.wire.idle_time import node_options, pass_time

from .asking import ask, metric, until, until_quiet
from .signs import PRIMARY, REPLICA, SIGNS, _refuses, answers, members, process_id

LASTING = {"snapshot-leak", "slow-command", "slow-link", "connection-leak", "oplog-near-limit", "disk-full"}
"""What goes with the process alone, or decays: leaked entries and counts, averages, the size of the log, what it
says was asked for."""
WITHOUT_SIGN = {"restart", "restart-loop", "flapping-elections", "few-descriptors"}
"""Tested below: they show over time, or to the system alone."""


def test_every_fault_is_tested() -> None:
    """And every fault has a sentence that says what it is."""
    assert set(SIGNS) | WITHOUT_SIGN == set(FAULTS)
    for name, fault in FAULTS.items():
        assert name == fault.name
        assert re.fullmatch(r"[A-Z].*\.", fault.description)


@pytest.mark.parametrize("name", SIGNS)
async def test_a_fault_shows_and_its_cure_takes_it_away(cluster: Cluster, name: str) -> None:
    """A healthy cluster has none of the signs; a cured one keeps only what ends with a process."""
    sign = SIGNS[name]
    if name not in ("sync-damage", "oplog-near-limit"):
        assert not await sign(cluster)
    index = await cluster.fault(name)
    assert cluster.faults == ((name, index),)
    await until(lambda: sign(cluster))
    assert await cluster.cure(name) == (index,)
    assert not cluster.faults
    if name not in LASTING:

        async def is_gone() -> bool:
            return not await sign(cluster)

        await until(is_gone)
    await cluster.ready()


@pytest.mark.parametrize("name", FAULTS)
async def test_a_cured_cluster_stays_whole(cluster: Cluster, name: str) -> None:
    """No election that the cure has caused goes wrong later, though messages take their time."""
    for node in cluster.nodes:
        node.conditions.link_delay_seconds += 0.004
    await cluster.fault(name)
    await cluster.cure(name)
    await cluster.ready()
    await pass_time(10)
    await cluster.ready(0)


async def test_few_descriptors_are_left_until_it_is_cured(cluster: Cluster) -> None:
    """Most of those that the process may open are open, and enough are left for the nodes to go on."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    await cluster.fault("few-descriptors")
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the numbers alone
    assert 0.8 < opened / limit < 1
    assert await metric(cluster.nodes[0], "pending_ops") >= 0
    await cluster.cure("few-descriptors")
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
    assert len(os.listdir("/proc/self/fd")) < opened / 2  # noqa: PTH208


async def test_descriptors_that_do_not_suffice_for_a_fault_are_given_back(cluster: Cluster) -> None:
    """The nodes go on with what was left before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    resource.setrlimit(resource.RLIMIT_NOFILE, (before + 20, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            await cluster.fault("few-descriptors")
        assert await metric(cluster.nodes[0], "pending_ops") >= 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_operations_of_a_dead_replica_stay_when_it_is_back(cluster: Cluster) -> None:
    """Nothing but the end of the primary's process removes them."""
    await cluster.fault("dead-replica")
    await cluster.cure("dead-replica")
    await cluster.ready()

    async def has_its_three_and_the_creation_before_them() -> bool:
        entries = await ask(cluster.nodes[PRIMARY], "debug pending-ops")
        return entries.count("replicate faults lost") == 3 and entries.count("message: ") == 4

    await until(has_its_three_and_the_creation_before_them)
    await cluster.fault("restart", node=PRIMARY)
    await cluster.ready()
    assert cluster.primary == 1
    await until_quiet(cluster)


async def test_a_restart_is_over_at_once(cluster: Cluster) -> None:
    """It is not on afterwards; the process is another one."""
    before = await process_id(cluster)
    assert await cluster.fault("restart") == REPLICA
    assert not cluster.faults
    await cluster.ready()
    assert await process_id(cluster) > before


async def test_a_restart_loop_goes_on_until_it_is_cured(cluster: Cluster) -> None:
    """One process after another."""
    seen = set()
    await cluster.fault("restart-loop")

    async def has_been_three() -> bool:
        seen.add(await process_id(cluster))
        return len(seen - {0}) >= 3

    await until(has_been_three)
    await cluster.cure_all()
    await cluster.ready()


async def test_a_slow_link_is_as_far_away_afterwards_as_it_was_before(cluster: Cluster) -> None:
    """And what is still under way is not overtaken by what is sent once the link is quick again."""
    replica = cluster.nodes[REPLICA]
    replica.conditions.link_delay_seconds = 0.005
    await cluster.fault("slow-link")
    await ask(cluster.nodes[PRIMARY], "use-db shop st;set a slow")
    await cluster.cure("slow-link")
    assert round(replica.conditions.link_delay_seconds, 6) == 0.005
    replica.conditions.link_delay_seconds = 0.0
    await ask(cluster.nodes[PRIMARY], "use-db shop st;set a quick")
    await until_quiet(cluster)
    assert await ask(replica, "use-db shop st;get-safe a") == "empty;value-version 1 quick\n"


async def test_a_damaged_replica_is_put_right_again_and_again(cluster: Cluster) -> None:
    """It does not come back before the others know that it has gone: they would miss it."""
    for _ in range(3):
        await cluster.fault("sync-damage")
        await cluster.cure("sync-damage")
        assert {await members(cluster, node) for node in range(3)} == {3}


async def test_flapping_elections_show_as_a_query_average(cluster: Cluster) -> None:
    """Each one takes the primary a tenth of a second, in which it is none."""
    await cluster.fault("flapping-elections")
    acting = set()

    async def has_flapped() -> bool:
        acting.add("exists" in await ask(cluster.nodes[PRIMARY], "create-db $admin x"))
        return len(acting) == 2

    await until(has_flapped)
    await cluster.cure("flapping-elections")
    await cluster.ready()
    assert await metric(cluster.nodes[PRIMARY], "get_query_time_moving_avg") > 0


async def test_a_fault_that_a_repeated_action_meets_does_not_end_it(cluster: Cluster) -> None:
    """Whoever is not there now may be there the next time."""
    await cluster.fault("connection-leak", node=REPLICA)
    await cluster.fault("dead-node", node=REPLICA)
    await pass_time(0.25)
    await cluster.cure_all()
    await cluster.ready()
    assert not cluster.faults


async def test_a_listener_of_a_dead_node_is_back_with_it(cluster: Cluster) -> None:
    """Its cure finds nobody, and has nothing to open."""
    await cluster.fault("http-dead")
    await cluster.kill(REPLICA)
    await cluster.start(REPLICA)
    assert await _refuses(cluster.nodes[REPLICA].options.http_port)
    await cluster.kill(REPLICA)
    await cluster.cure("http-dead")
    await cluster.fault("oplog-near-limit", node=PRIMARY)
    await cluster.start(REPLICA)
    assert await answers(cluster)


async def test_a_fault_is_on_once_and_only_where_it_can_be(cluster: Cluster) -> None:
    """An unknown name or node, a second time, and what needs a process that is not there are refused."""
    with pytest.raises(UnknownError, match="hung-node"):
        await cluster.fault("plague")
    with pytest.raises(UnknownError, match="use 0 to 2"):
        await cluster.fault("hung-node", node=3)
    with pytest.raises(UnknownError):
        await cluster.cure("plague")
    await cluster.fault("hung-node", node=1)
    with pytest.raises(FaultError, match="already on at node 1"):
        await cluster.fault("hung-node", node=1)
    assert await cluster.cure("hung-node", node=2) == ()
    assert await cluster.cure("hung-node", node=1) == (1,)
    await cluster.kill(REPLICA)
    with pytest.raises(FaultError, match="is not running"):
        await cluster.fault("http-dead", node=REPLICA)
    assert not cluster.faults


async def test_faults_of_a_cluster_need_one() -> None:
    """One node cannot lose another; what it can have, it has itself."""
    async with Cluster(1, port_base=None, options=node_options()) as cluster:
        with pytest.raises(FaultError, match="needs at least two nodes"):
            await cluster.fault("hung-replica")
        assert await cluster.fault("slow-command") == 0
        await cluster.fault("no-primary")
        with pytest.raises(FaultError, match="there is no primary"):
            await cluster.fault("connection-leak")
        await cluster.cure_all()
        await cluster.ready()


async def test_a_cluster_ends_with_its_faults_on() -> None:
    """Whatever they are, nothing is left over."""
    async with Cluster(2, port_base=None, options=node_options()) as cluster:
        for name in ("restart-loop", "hung-replica", "unresolved-conflicts"):
            await cluster.fault(name)
