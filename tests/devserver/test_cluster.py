"""Clusters: what is written somewhere is everywhere, what dies is replaced, what comes back catches up."""

import asyncio
import re
from pathlib import Path

import pytest

from nundb_devserver import Cluster, Node, NotReadyError, UnknownError
from nundb_devserver.cluster.nodes import HTTP_PORT, TCP_PORT, WEBSOCKET_PORT
from nundb_devserver.replication.topology import PRIMARY_SYNC_SECONDS
from tests.wire.clients import TcpClient
from tests.wire.idle_time import node_options, pass_time

from .asking import ask, metric, pending, until, until_quiet
from .replicas import role, until_value, value


async def test_three_nodes_are_one_cluster_with_one_primary(cluster: Cluster) -> None:
    """The oldest is the primary, and everybody lists everybody."""
    assert [await role(node) for node in cluster.nodes] == ["Primary", "Secoundary", "Secoundary"]
    for node in cluster.nodes:
        state = await ask(node, "cluster-state")
        assert all(other.name in state for other in cluster.nodes)
    assert cluster.primary == 0
    assert [await pending(node) for node in cluster.nodes] == [0, 0, 0]


async def test_what_is_written_as_soon_as_there_is_a_cluster_comes_once() -> None:
    """No synchronisation is still to come that would bring it a second time, and damage it."""
    async with Cluster(2, port_base=None, options=node_options()) as cluster:
        await ask(cluster.nodes[0], "create-db shop st newer;use-db shop st;set k two words")
        await until_quiet(cluster)
        for node in cluster.nodes:
            await until_value(node, "k", "0 two words")
            assert await metric(node, "op_log_count") == 2
        await pass_time(PRIMARY_SYNC_SECONDS * 2)
        assert [await metric(node, "op_log_count") for node in cluster.nodes] == [2, 2]


async def test_a_write_on_the_primary_is_everywhere(cluster: Cluster) -> None:
    """With its version; each replica acknowledges, and each node has it in its operation log."""
    primary, *replicas = cluster.nodes
    await ask(primary, "use-db shop st;set-safe k 9 two words;increment n 5;remove gone")
    for node in replicas:
        await until_value(node, "k", "10 two words")
        await until_value(node, "n", "1 5")
    await until_quiet(cluster)
    assert {await metric(node, "op_log_count") for node in cluster.nodes} == {4.0}


async def test_a_write_on_a_secondary_goes_to_the_primary_and_comes_back(cluster: Cluster) -> None:
    """Where it came from it is applied twice; an increment only comes back; a removal stays where it was made."""
    primary, origin, other = cluster.nodes
    await ask(origin, "use-db shop st;set k two words;increment n 5;create-user ana pw;set-permissions ana r *")
    await until_value(other, "n", "1 5")
    await until_value(origin, "k", "1 two words")
    assert (await value(primary, "k"), await value(other, "k")) == ("0 two words", "0 two words")
    await ask(origin, "use-db shop st;remove n")
    await until_quiet(cluster)
    assert (await value(origin, "n"), await value(primary, "n")) == ("1 <Empty>", "1 5")
    assert await ask(other, "use-db shop ana pw;get k", as_admin=False) == "empty;value two words\n"


async def test_databases_are_created_on_the_primary_alone(cluster: Cluster) -> None:
    """With their strategy, everywhere."""
    assert await ask(cluster.nodes[1], "create-db chat t") == "Create database only allow from primary!"
    await ask(cluster.nodes[0], "create-db chat t arbiter")

    async def is_there() -> bool:
        return "chat : arbiter" in await ask(cluster.nodes[2], "debug list-dbs")

    await until(is_there)


async def test_an_acknowledgement_that_does_not_come_leaves_the_operation_pending(cluster: Cluster) -> None:
    """Of whom and since when, debug pending-ops tells; once it comes, the average has it."""
    primary, _, replica = cluster.nodes
    replica.hang()
    await ask(primary, "use-db shop st;set k one two")

    async def is_acknowledged_by_one() -> bool:
        return "ack_count: 1" in await ask(primary, "debug pending-ops")

    await until(is_acknowledged_by_one)
    found = re.search(
        r'^pending-ops message: "replicate shop k -1 one two", opp_id: \d{19}, ack_count: 1, replicate_count: 2, '
        rf"replications: .*, {replica.name}:false",
        await ask(primary, "debug pending-ops"),
    )
    assert found is not None
    assert await pending(primary) == 1
    await pass_time(0.1)
    replica.resume()
    await until_quiet(cluster)
    assert await metric(primary, "replication_time_moving_avg") > 1


async def test_a_hung_node_answers_what_it_was_asked_once_it_goes_on(cluster: Cluster) -> None:
    """Also a client that came while it hung; its sockets stay open meanwhile, and it is still listed."""
    node = cluster.nodes[2]
    node.hang()
    client = await TcpClient.connect(node.options.tcp_port)
    client.send(b"bogus\n")
    waiting = asyncio.create_task(ask(node, "bogus"))
    assert not await client.receive(0.1)
    assert not waiting.done()
    assert f"{node.name}(Connected):Secoundary" in await ask(cluster.nodes[0], "cluster-state")
    node.resume()
    assert await waiting == "unknown command: bogus"
    while not client.received.endswith(b"bogus \n"):
        assert await client.receive(5)
    assert client.received == b"ok \nerror unknown command: bogus \n"
    await client.close()


async def test_the_next_oldest_takes_over_from_a_dead_primary(cluster: Cluster) -> None:
    """And the dead one comes back as a secondary."""
    await cluster.kill(0)
    await cluster.ready()
    assert [await role(node) for node in cluster.nodes[1:]] == ["Primary", "Secoundary"]
    await ask(cluster.nodes[1], "use-db shop st;set after failover")
    await cluster.start(0)
    await cluster.ready()
    assert await role(cluster.nodes[0]) == "Secoundary"
    assert cluster.primary == 1


async def test_a_replica_that_comes_back_empty_gets_damaged_values(cluster: Cluster) -> None:
    """Without their first word, their version and the strategy of the database (protocol notes 6.7)."""
    primary, _, replica = cluster.nodes
    await ask(primary, "use-db shop st;set one word;set two words more")
    await until_quiet(cluster)
    await cluster.kill(2)
    replica.wipe()
    await cluster.start(2)
    await cluster.ready()

    async def has_all() -> bool:
        return (await ask(replica, "use-db shop st;get one;get two")) == "empty;value \n;value more\n"

    await until(has_all)
    assert "shop : none" in await ask(replica, "debug list-dbs")


async def test_a_replica_that_comes_back_with_its_files_gets_what_it_has_missed(cluster: Cluster) -> None:
    """From the operation log, since its own last operation: updates, removals, databases, snapshots."""
    primary, _, replica = cluster.nodes
    await ask(primary, "use-db shop st;set kept v;set gone v;set third v;snapshot")
    await until_quiet(cluster)
    await cluster.stop(2)
    await ask(primary, "use-db shop st;set missed two words;remove gone;snapshot true;create-db late t newer")
    await cluster.start(2)
    await cluster.ready()

    async def has_all() -> bool:
        answer = await ask(replica, "use-db shop st;get kept;get missed;get gone")
        # A word is lost with each node that synchronises it, itself among them.
        return re.fullmatch(r"empty;value v\n;value (words)?\n;value <Empty>\n", answer) is not None

    await until(has_all)
    assert "late : none" in await ask(replica, "debug list-dbs")


async def test_what_was_snapshotted_survives_sigint_and_nothing_survives_sigkill(tmp_path: Path) -> None:
    """And with SIGKILL the operation log is invalid at the next start."""
    async with Cluster(1, port_base=None, data=tmp_path, options=node_options()) as cluster:
        node = cluster.nodes[0]
        await ask(node, "create-db shop st newer;create-db lost t;use-db shop st;set k two words;snapshot")
        await ask(node, "create-db a/b t;use-db a/b t;snapshot")
        await cluster.restart(0)
        await cluster.ready()
        assert await value(node, "k") == "0 two words"
        assert "lost" not in await ask(node, "debug list-dbs")
        assert await metric(node, "op_log_count") == 6.0
        await ask(node, "use-db shop st;set later v")
        await cluster.kill(0)
        await cluster.start(0)
        await cluster.ready()
        assert await value(node, "later") == "1 <Empty>"
        assert await metric(node, "op_log_count") == 0.0
    assert (tmp_path / "node0" / "shop-nun.data.keys").exists()


async def test_the_declutter_run_saves_and_prunes(tmp_path: Path) -> None:
    """Every so often, without being asked again."""
    options = node_options(declutter_seconds=0.05, max_oplog_bytes=250)
    async with Cluster(1, port_base=None, data=tmp_path, options=options) as cluster:
        node = cluster.nodes[0]
        await ask(node, "create-db shop st;use-db shop st;" + ";".join(f"set k{n} v" for n in range(30)) + ";snapshot")

        async def is_saved_and_pruned() -> bool:
            size = await metric(node, "op_log_file_size")
            return (tmp_path / "node0" / "shop-nun.data.keys").exists() and size == 9 * 50 + 25

        await until(is_saved_and_pruned)


async def test_ports_follow_from_the_base_and_the_number_of_a_node() -> None:
    """One node at base 3010 has Nun-db's own ports."""
    cluster = Cluster(2)
    try:
        options = cluster.nodes[1].options
        assert (options.websocket_port, options.http_port, options.tcp_port) == (3022, 3023, 3024)
        assert (WEBSOCKET_PORT, HTTP_PORT, TCP_PORT) == (2, 3, 4)
        assert cluster.nodes[0].http_url == "http://127.0.0.1:3013"
        assert cluster.nodes[0].ws_url == "ws://127.0.0.1:3012"
        assert cluster.nodes[0].tcp_address == ("127.0.0.1", 3014)
    finally:
        cluster.close()


async def test_an_address_that_is_taken_is_an_error_and_leaves_nothing_behind(node: Node, tmp_path: Path) -> None:
    """Neither a listener nor a temporary directory."""
    second = Node(node_options(tcp_port=node.options.tcp_port, data=tmp_path))
    with pytest.raises(OSError, match="ddress already in use"):
        await second.start()
    assert not second.is_running
    second.close()
    with pytest.raises(OSError, match="ddress already in use"):
        async with Cluster(1, port_base=node.options.tcp_port - TCP_PORT):
            pass


async def test_a_release_that_never_was_is_refused() -> None:
    """With those that there were."""
    with pytest.raises(UnknownError, match="2021-10"):
        Node(node_options(release="1999-01"))


async def test_who_does_not_become_a_cluster_in_time_says_how_it_stands(cluster: Cluster) -> None:
    """Each node's own view."""
    cluster.nodes[1].process.state.members.remove(cluster.nodes[2].name)  # type: ignore[union-attr]
    with pytest.raises(NotReadyError, match=f"{cluster.nodes[1].name} is Secoundary and sees"):
        await cluster.ready(0.05)
