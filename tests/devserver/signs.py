"""What shows that a fault is on: what the nodes say, or that they say nothing."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

from nundb_devserver import Cluster
from tests.files.writing import seen, shown, wrong
from tests.wire.clients import TcpClient, WebSocketClient, post
from tests.wire.idle_time import pass_time

from .asking import ask, metric, pending

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


async def has_forgotten_a_snapshot(cluster: Cluster) -> bool:
    """A snapshot that was asked for, and that no file has."""
    names = {name[0] for name in shown(seen(cluster.nodes[REPLICA].data))}
    return "database_snapshot_asked_timestamp_seconds" in names


async def could_not_join_again(cluster: Cluster) -> bool:
    """A node that is down, and a log that ends with what its files do not know."""
    return not await answers(cluster) and ("restart", "") in wrong(seen(cluster.nodes[REPLICA].data))


async def has_damaged_keys(cluster: Cluster) -> bool:
    """A file of keys that a start cannot read."""
    return ("keys", "faults") in wrong(seen(cluster.nodes[REPLICA].data))


def _log(cluster: Cluster) -> str:
    """Return what the replica's process has logged."""
    return cluster.logs[REPLICA].read_text("utf-8").rpartition("nundb starting!")[2]


async def only_greets(cluster: Cluster) -> bool:
    """A node that accepts connections and says no more than what TCP says unasked."""
    client = await TcpClient.connect(cluster.nodes[REPLICA].options.tcp_port)
    client.send(b"debug list-dbs\n")
    while await client.receive(0.2):
        pass
    received = bytes(client.received)
    await client.close()
    return received == b"ok \n" and not await answers(cluster)


async def logs_nothing(cluster: Cluster) -> bool:
    """A node that answers and has no new line in its log."""
    before = _log(cluster)
    return (
        await answers(cluster) and bool(await ask(cluster.nodes[REPLICA], "use-db shop st")) and _log(cluster) == before
    )


async def leaves_some_unread(cluster: Cluster) -> bool:
    """A node of whose HTTP connections some are answered, and others not."""
    answered = [await answers(cluster) for _ in range(8)]
    return 0 < sum(answered) < len(answered)


async def panics_when_asked(cluster: Cluster) -> bool:
    """A node that fails to tell its numbers over HTTP, and has logged why."""
    options = cluster.nodes[REPLICA].options
    status = (await post(options.http_port, b"auth nun nun-pwd;metrics-state")).status
    return status == 500 and "panicked at src/lib/disk_ops.rs:392:22:" in _log(cluster)


async def has_panicked(cluster: Cluster) -> bool:
    """A thread that has died in this process."""
    return "panicked at src/lib/parse_request.rs" in _log(cluster)


async def warns_of_watchers(cluster: Cluster) -> bool:
    """Watchers that are gone."""
    return "Request::Set sender.send Error: send failed because receiver is gone" in _log(cluster)


async def holds_another_value(cluster: Cluster) -> bool:
    """A replica that has refused what the primary holds, and says so."""
    values = {await ask(cluster.nodes[node], "use-db diverging diverging;get k") for node in (PRIMARY, REPLICA)}
    return len(values) == 2 and "Will resolve the conflict in the key k using None" in _log(cluster)


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
    "disk-full": has_forgotten_a_snapshot,
    "unsafe-restart": could_not_join_again,
    "reclaim-damage": has_damaged_keys,
    "blocked-log": only_greets,
    "lost-log": logs_nothing,
    "lost-worker": has_panicked,
    "metrics-panic": panics_when_asked,
    "http-stall": leaves_some_unread,
    "dead-watchers": warns_of_watchers,
    "refused-writes": holds_another_value,
}
