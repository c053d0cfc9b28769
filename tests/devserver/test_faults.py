"""Every fault shows in what the nodes say, and is gone when it is cured."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

import pytest

from nundb_devserver import FAULTS, Cluster, FaultError, UnknownError
from tests.wire.clients import TcpClient, WebSocketClient
from tests.wire.idle_time import node_options, pass_time

from .asking import ask, metric, pending, until, until_quiet

Sign = Callable[[Cluster], Awaitable[bool]]

PRIMARY, REPLICA = 0, 2


async def answers(cluster: Cluster, node: int = REPLICA) -> bool:
    """Tell whether a node answers over HTTP."""
    try:
        async with asyncio.timeout(0.2):
            return await ask(cluster.nodes[node], "bogus") == "unknown command: bogus"
    except (OSError, EOFError):
        return False


async def primaries(cluster: Cluster) -> int:
    """Return how many nodes call themselves primary."""
    states = [await ask(node, "cluster-state") for node in cluster.nodes if node.is_running]
    return sum("(self):Primary" in state for state in states)


async def members(cluster: Cluster, node: int) -> int:
    """Return how many members a node lists."""
    return (await ask(cluster.nodes[node], "cluster-state")).count(",")


async def process_id(cluster: Cluster, node: int = REPLICA) -> int:
    """Return when a node says that its process began, in milliseconds; 0 if it does not answer."""
    if not await answers(cluster, node):
        return 0
    return int((await ask(cluster.nodes[node], "debug process-info")).rpartition(" ")[2])


async def is_silent(cluster: Cluster) -> bool:
    """A node that does not answer."""
    return not await answers(cluster)


async def has_pending(cluster: Cluster) -> bool:
    """Operations that stay pending on the primary."""
    await ask(cluster.nodes[PRIMARY], "use-db shop st;increment n")
    return await pending(cluster.nodes[PRIMARY]) > 2


async def has_lost_operations(cluster: Cluster) -> bool:
    """Operations that wait for a member that is no longer listed."""
    primary = cluster.nodes[PRIMARY]
    entries = await ask(primary, "debug pending-ops")
    return entries.count(f"{cluster.nodes[REPLICA].name}:false") >= 3 and await members(cluster, PRIMARY) == 2


async def has_stuck_snapshot(cluster: Cluster) -> bool:
    """An entry with operation id 0."""
    return "opp_id: 0, ack_count: 2, replicate_count: 4" in await ask(cluster.nodes[PRIMARY], "debug pending-ops")


async def has_two_primaries(cluster: Cluster) -> bool:
    """Two nodes that call themselves primary."""
    return await primaries(cluster) == 2


async def is_alone(cluster: Cluster) -> bool:
    """A member that lists itself alone, as primary."""
    return await members(cluster, REPLICA) == 1 and await has_two_primaries(cluster)


async def has_no_primary(cluster: Cluster) -> bool:
    """Nobody calls itself primary, and nobody acts as one."""
    acting = [await ask(node, "create-db $admin x") for node in cluster.nodes]
    return await primaries(cluster) == 0 and not any("exists" in answer for answer in acting)


async def has_lost_http(cluster: Cluster) -> bool:
    """HTTP refuses, the others accept."""
    options = cluster.nodes[REPLICA].options
    await (await TcpClient.connect(options.tcp_port)).close()
    await (await WebSocketClient.connect(options.websocket_port)).close()
    return not await answers(cluster)


async def has_lost_websocket(cluster: Cluster) -> bool:
    """WebSocket refuses, HTTP answers."""
    return await _refuses(cluster.nodes[REPLICA].options.websocket_port) and await answers(cluster)


async def has_lost_tcp(cluster: Cluster) -> bool:
    """TCP refuses, HTTP answers; the cluster goes on over the connections that it has."""
    is_lost = await _refuses(cluster.nodes[REPLICA].options.tcp_port) and await answers(cluster)
    return is_lost and await members(cluster, PRIMARY) == 3


async def _refuses(port: int) -> bool:
    try:
        await (await TcpClient.connect(port)).close()
    except OSError:
        return True
    return False


async def has_storm(cluster: Cluster) -> bool:
    """Operations without any client."""
    before = await metric(cluster.nodes[PRIMARY], "op_log_count")
    await pass_time(0.1)
    return await metric(cluster.nodes[PRIMARY], "op_log_count") > before + 3


async def has_damaged_value(cluster: Cluster) -> bool:
    """A replica whose values lack their first word."""
    expected = "empty;value two words\n;value oneword\n"
    return await ask(cluster.nodes[REPLICA], "use-db faults faults;get damaged;get gone") != expected


async def has_another_strategy(cluster: Cluster) -> bool:
    """A database whose strategy differs between nodes."""
    return "faults : none" in await ask(cluster.nodes[REPLICA], "debug list-dbs")


async def misses_database(cluster: Cluster) -> bool:
    """A database that a replica does not have."""
    lists = [await ask(cluster.nodes[node], "debug list-dbs") for node in (PRIMARY, REPLICA)]
    return "late" in lists[0] and "late" not in lists[1]


async def is_slow(cluster: Cluster) -> bool:
    """A query average that has taken a long command."""
    await ask(cluster.nodes[REPLICA], "use-db shop st;get a")
    return await metric(cluster.nodes[REPLICA], "get_query_time_moving_avg") > 5


async def is_slow_to_acknowledge(cluster: Cluster) -> bool:
    """A replication average that grows."""
    await ask(cluster.nodes[PRIMARY], "use-db shop st;increment n")
    return await metric(cluster.nodes[PRIMARY], "replication_time_moving_avg") > 20


async def has_wrong_clock(cluster: Cluster) -> bool:
    """A process that began in the future."""
    return await process_id(cluster) > (time.time() + 1800) * 1000


async def refuses_password(cluster: Cluster) -> bool:
    """What was the password is none."""
    return "invalid auth" in await ask(cluster.nodes[REPLICA], "auth nun nun-pwd", as_admin=False)


async def leaks_connections(cluster: Cluster) -> bool:
    """More connections than there are clients."""
    found = re.search(r"value (\d+)", await ask(cluster.nodes[REPLICA], "use-db faults faults;get $connections"))
    return found is not None and int(found[1]) > 3


async def has_conflicts(cluster: Cluster) -> bool:
    """Questions that nobody has answered, on every node."""
    keys = [await ask(node, "use-db disputes disputes;keys $conflicts_*") for node in cluster.nodes]
    return all(answer.count("$conflicts_disputed") == 3 for answer in keys)


async def is_nearly_full(cluster: Cluster) -> bool:
    """An operation log near its limit."""
    return await metric(cluster.nodes[PRIMARY], "op_log_file_size") > 95_000


SIGNS: dict[str, Sign] = {
    "hung-node": is_silent,
    "hung-replica": has_pending,
    "dead-replica": has_lost_operations,
    "dead-node": is_silent,
    "snapshot-leak": has_stuck_snapshot,
    "two-primaries": has_two_primaries,
    "isolated-member": is_alone,
    "no-primary": has_no_primary,
    "http-dead": has_lost_http,
    "websocket-dead": has_lost_websocket,
    "tcp-dead": has_lost_tcp,
    "resolve-storm": has_storm,
    "sync-damage": has_damaged_value,
    "strategy-mismatch": has_another_strategy,
    "missing-database": misses_database,
    "slow-command": is_slow,
    "slow-link": is_slow_to_acknowledge,
    "wrong-clock": has_wrong_clock,
    "wrong-password": refuses_password,
    "connection-leak": leaks_connections,
    "unresolved-conflicts": has_conflicts,
    "oplog-near-limit": is_nearly_full,
}

LASTING = {"snapshot-leak", "slow-command", "slow-link", "connection-leak", "oplog-near-limit"}
"""What goes with the process alone, or decays: leaked entries and counts, averages, the size of the log."""

WITHOUT_SIGN = {"restart", "restart-loop", "flapping-elections"}
"""Tested below: they show over time."""


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
