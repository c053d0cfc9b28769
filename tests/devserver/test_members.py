"""How nodes join, leave, are known by their addresses, and elect."""

import contextlib

from nundb_devserver import Cluster, Node
from tests.wire.clients import TcpClient
from tests.wire.idle_time import node_options

from .asking import ask, pending, until
from .replicas import role, until_value


async def test_nodes_of_one_cluster_can_live_in_several_processes() -> None:
    """Here in two clusters that know each other's addresses."""
    async with Cluster(1, port_base=None, options=node_options()) as first:
        async with Cluster(1, port_base=None, options=node_options(), peers=(first.nodes[0].name,)) as second:
            assert await role(second.nodes[0]) == "Secoundary"

            async def is_listed() -> bool:
                return second.nodes[0].name in await ask(first.nodes[0], "cluster-state")

            await until(is_listed)

        async def is_gone() -> bool:
            return second.nodes[0].name not in await ask(first.nodes[0], "cluster-state")

        await until(is_gone)


async def test_nodes_are_known_by_their_external_addresses() -> None:
    """Where they have one: in cluster-state, and as what the others dial."""
    async with Node(node_options()) as first:
        other = Node(node_options())
        external = f"localhost:{other.options.tcp_port}"
        other.options = node_options(
            tcp_port=other.options.tcp_port,
            http_port=other.options.http_port,
            websocket_port=other.options.websocket_port,
            external_address=external,
        )
        await until(lambda: _is(first, "Primary"))
        await other.start((first.name, external))
        await until(lambda: _is(other, "Secoundary"))
        assert f"{external}(Connected):Secoundary" in await ask(first, "cluster-state")
        other.close()


async def _is(node: Node, expected: str) -> bool:
    return await role(node) == expected


async def test_a_member_that_joins_again_replaces_its_former_self(cluster: Cluster) -> None:
    """Where the original's process ends; and a secondary ignores who wants to join it."""
    primary, secondary, other = cluster.nodes
    await ask(secondary, f"join {other.name}")
    await ask(primary, f"join {other.name}")
    await cluster.ready()
    await ask(primary, "use-db shop st;set k v")
    await until_value(other, "k", "0 v")


async def test_a_faithful_process_ends_when_a_member_joins_again() -> None:
    """As the original does."""
    async with Cluster(2, port_base=None, options=node_options(is_faithful=True, starting_up_seconds=0.2)) as cluster:
        primary, other = cluster.nodes
        with contextlib.suppress(OSError, EOFError):
            await ask(primary, f"join {other.name}")

        async def is_dead() -> bool:
            return not primary.is_running

        await until(is_dead)


async def test_a_force_election_on_a_secondary_ends_in_one_primary(cluster: Cluster) -> None:
    """After a while in which the nodes fight."""
    await ask(cluster.nodes[2], "debug force-election")
    await cluster.ready(30)
    assert cluster.primary is not None


async def test_a_member_that_leaves_is_dropped_by_the_primary_and_those_who_hear(cluster: Cluster) -> None:
    """A member itself ignores that it has left."""
    primary, leaver, other = cluster.nodes
    await ask(primary, f"leave {leaver.name}")
    assert leaver.name not in await ask(primary, "cluster-state")

    async def is_dropped() -> bool:
        return leaver.name not in await ask(other, "cluster-state")

    await until(is_dropped)
    await ask(leaver, f"replicate-leave {leaver.name}")
    assert leaver.name in await ask(leaver, "cluster-state")


async def test_an_address_where_nobody_listens_is_dropped_and_its_operations_stay(node: Node) -> None:
    """They are pending for ever; one that is no address at all fares the same."""
    for name in ("127.0.0.1:1", "nowhere"):
        await ask(node, f"join {name}")

        async def is_alone(name: str = name) -> bool:
            return f"{name}(" not in await ask(node, "cluster-state")

        await until(is_alone)
    assert await pending(node) >= 2


async def test_a_sync_is_only_for_members(node: Node) -> None:
    """Anybody else gets nothing."""
    assert await ask(node, "replicate-since 127.0.0.1:1 0") == "empty"


async def test_a_primary_that_hears_of_another_holds_an_election(cluster: Cluster) -> None:
    """And so does one who is told to win."""
    await ask(cluster.nodes[0], f"set-primary {cluster.nodes[1].name}")
    await cluster.ready(30)
    await ask(cluster.nodes[1], "election win")
    await cluster.ready(30)


async def test_a_client_that_spoke_for_a_member_takes_it_along(cluster: Cluster) -> None:
    """Its connection stood for that member (protocol notes 6.8)."""
    primary, member, _ = cluster.nodes
    client = await TcpClient.connect(primary.options.tcp_port)
    client.send(f"auth nun nun-pwd\nset-secoundary {member.name}\n".encode())
    while client.received.count(b"ok \n") < 3:
        await client.receive(5)
    await client.close()

    async def is_gone() -> bool:
        return member.name not in await ask(primary, "cluster-state")

    await until(is_gone)
