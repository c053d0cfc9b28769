"""The drills: each fault, the alerts that must fire, and those that may fire because they are true as well."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp

from nundb_devserver import FAULTS
from nundb_exporter.demo.clients import connected
from nundb_exporter.demo.ports import HOST
from nundb_exporter.monitoring.alerts import cluster, databases, exporter, node, oplog, replication
from nundb_exporter.monitoring.rule import Alert
from nundb_exporter.problems.oplog import LIMIT_BYTES

from .field import SIGN_IN, Field

Run = Callable[[Field], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, kw_only=True)
class Drill:
    """One fault and its repair."""

    name: str
    """A fault of the devserver, or what an operator would call it."""
    about: str
    fires: tuple[Alert, ...]
    """All of these must fire; if there are none, no alert may fire for QUIET_SECONDS."""
    may_fire: tuple[Alert, ...] = ()
    """Consequences that may fire, depending on timing."""
    run: Run
    """Entering injects the fault, leaving repairs it."""


# A replica that does not acknowledge for long enough makes all of these true, one after another.
UNACKNOWLEDGED = (
    replication.NOT_ACKNOWLEDGING,
    replication.PENDING_GROWING,
    replication.PENDING_BACKLOG,
    replication.SNAPSHOT_STUCK,
)
# A repair that restarts the primary may leave two for a while, as with the real server (protocol notes 6.6).
FAILOVER = (
    cluster.SEVERAL_PRIMARIES,
    cluster.SEVERAL_ACTING_PRIMARIES,
    cluster.MEMBERS_DISAGREE,
    cluster.ELECTIONS_FLAPPING,
)
# A node that dies may leave operations unacknowledged.
LEFT_BEHIND = (replication.LEAKED, replication.SNAPSHOT_STUCK)


def fault(
    name: str,
    *fires: Alert,
    may_fire: tuple[Alert, ...] = (),
    about: str = "",
    run: Run | None = None,
) -> Drill:
    """A drill of one of the devserver's faults, at the node where it shows best."""
    return Drill(
        name=name,
        about=about or FAULTS[name].description,
        fires=fires,
        may_fire=may_fire,
        run=run or of_devserver(name),
    )


def of_devserver(name: str, *, at_primary: bool | None = None) -> Run:
    """Switch a fault of the devserver on, and off again."""

    @asynccontextmanager
    async def run(field: Field) -> AsyncIterator[None]:
        place = None if at_primary is None else field.primary if at_primary else field.replica
        index = await field.cluster.fault(name, place)
        yield
        with suppress(LookupError):
            await field.cluster.cure(name, index)

    return run


@asynccontextmanager
async def hung_replica_under_load(field: Field) -> AsyncIterator[None]:
    """A replica that stops acknowledging while much is written."""
    async with field.writing(per_second=50):
        index = await field.cluster.fault("hung-replica")
        yield
    await field.cluster.cure("hung-replica", index)


@asynccontextmanager
async def debts_of_the_dead(field: Field) -> AsyncIterator[None]:
    """A replica dies with operations unacknowledged. They stay when it comes back; then the primary restarts."""
    async with of_devserver("dead-replica")(field):
        yield
    await field.unite()
    await field.restart_primary()


@asynccontextmanager
async def overlapping_snapshots(field: Field) -> AsyncIterator[None]:
    """Two snapshots overlap; only a restart of the primary forgets them."""
    await field.cluster.fault("snapshot-leak")
    yield
    await field.cluster.cure("snapshot-leak")
    await field.restart_primary()


@asynccontextmanager
async def slower_link(field: Field) -> AsyncIterator[None]:
    """What other nodes send to one replica takes four seconds; the average of both replicas is half of it."""
    conditions = field.cluster.nodes[field.replica].conditions
    distance, conditions.link_delay_seconds = conditions.link_delay_seconds, 4.0
    async with field.writing(per_second=20):
        yield
    conditions.link_delay_seconds = distance


@asynccontextmanager
async def elections_without_end(field: Field) -> AsyncIterator[None]:
    """The primary holds one election after another, so many that scrapes coincide with them."""
    primary = field.cluster.nodes[field.primary]

    async def elect() -> None:
        async with connected(primary, SIGN_IN) as connection:
            while True:
                await connection.ask("debug force-election")
                await asyncio.sleep(0.3)

    async with of_devserver("flapping-elections")(field), meanwhile(elect()):
        yield


@asynccontextmanager
async def primary_that_steps_back(field: Field) -> AsyncIterator[None]:
    """The primary is told of an older candidate that does not exist: it steps back, and its list does not change."""
    primary = field.cluster.nodes[field.primary]
    async with connected(primary, SIGN_IN) as connection:
        await connection.ask("election candidate 1 127.0.0.1:1")
        yield
        await connection.ask("debug force-election")


@asynccontextmanager
async def slower_commands(field: Field) -> AsyncIterator[None]:
    """Commands on data take most of a second, and several clients wait for them."""
    replica = field.cluster.nodes[field.replica]
    replica.conditions.slow_seconds = 0.8

    async def read() -> None:
        async with connected(replica, "use-db faults faults") as connection:
            while True:
                await connection.ask("get drill1")

    async with meanwhile(*(read() for _ in range(8))):
        yield
    replica.conditions.slow_seconds = 0.0


@asynccontextmanager
async def meanwhile(*work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run the work in the background until the end."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def leaking_connections(field: Field) -> AsyncIterator[None]:
    """Connections leak; the count begins anew with the node's next start."""
    index = await field.cluster.fault("connection-leak", field.replica)
    yield
    await field.cluster.cure("connection-leak", index)
    await field.cluster.restart(index)


@asynccontextmanager
async def page_in_its_place(field: Field) -> AsyncIterator[None]:
    """A web page answers where the node did."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<h1>Works</h1>")
            await writer.drain()
        writer.close()

    async with of_devserver("http-dead")(field):
        port = field.cluster.nodes[field.replica].options.http_port
        server = await asyncio.start_server(answer, HOST, port)
        yield
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def changed_token(field: Field) -> AsyncIterator[None]:
    """A database gets another token, and the exporters are not told."""
    await field.tell_primary("use-db faults faults", "set $$token another")
    yield
    await field.tell_primary("use-db faults another", "set $$token faults")


@asynccontextmanager
async def stopped_exporter(field: Field) -> AsyncIterator[None]:
    """The exporter of the primary ends: the others must not look like a cluster without one."""
    stopped = field.exporters[field.primary]
    await stopped.stop()
    yield
    await stopped.start()


@asynccontextmanager
async def vanished_targets(field: Field) -> AsyncIterator[None]:
    """Service discovery finds nothing any more."""
    field.show()
    yield
    field.show(*field.exporters)


@asynccontextmanager
async def vanished_member(field: Field) -> AsyncIterator[None]:
    """A node dies, and service discovery forgets its exporter with it, as with a pod that was evicted."""
    index = field.replica
    await field.cluster.kill(index)
    field.show(*(shown for number, shown in enumerate(field.exporters) if number != index))
    yield
    await field.cluster.start(index)
    await field.unite()
    field.show(*field.exporters)


@asynccontextmanager
async def flood_of_requests(field: Field) -> AsyncIterator[None]:
    """More clients than an exporter admits ask it about a node that hangs."""
    index = field.replica
    url = f"http://{field.exporters[index].address}/metrics"
    async with of_devserver("hung-node", at_primary=False)(field), aiohttp.ClientSession() as session:

        async def ask() -> None:
            async with session.get(url) as response:
                await response.read()

        await asyncio.gather(*(ask() for _ in range(90)))
    yield


def oplog_of(share: float) -> Run:
    """Make a replica's operation log as large as this share of its limit, with a hole in place of records."""

    @asynccontextmanager
    async def run(field: Field) -> AsyncIterator[None]:
        path = field.cluster.nodes[field.replica].data / "oplog-nun.op"
        size = path.stat().st_size
        os.truncate(path, size + int(share * LIMIT_BYTES) // 25 * 25)
        yield
        os.truncate(path, size)

    return run


@asynccontextmanager
async def restarted(field: Field) -> AsyncIterator[None]:
    """A replica restarts, once."""
    await field.cluster.fault("restart", field.replica)
    yield


LANES: dict[str, tuple[Drill, ...]] = {
    "replicas": (
        fault("restart", run=restarted),
        fault("dead-node", node.DOWN, may_fire=LEFT_BEHIND, run=of_devserver("dead-node", at_primary=False)),
        fault("hung-node", node.HUNG, may_fire=UNACKNOWLEDGED, run=of_devserver("hung-node", at_primary=False)),
        Drill(
            name="dead primary",
            about="The primary is killed, and a replica takes over.",
            fires=(node.DOWN,),
            run=of_devserver("dead-node", at_primary=True),
        ),
        Drill(
            name="hung primary",
            about="The primary hangs, and no other node notices.",
            fires=(node.HUNG,),
            run=of_devserver("hung-node", at_primary=True),
        ),
        fault(
            "hung-replica",
            replication.NOT_ACKNOWLEDGING,
            replication.PENDING_GROWING,
            replication.PENDING_BACKLOG,
            may_fire=(replication.SNAPSHOT_STUCK,),
            run=hung_replica_under_load,
        ),
    ),
    "split": (
        fault(
            "two-primaries",
            cluster.SEVERAL_PRIMARIES,
            cluster.SEVERAL_ACTING_PRIMARIES,
            cluster.MEMBERS_DISAGREE,
            may_fire=LEFT_BEHIND,
        ),
        fault("no-primary", cluster.NO_PRIMARY, cluster.NO_ACTING_PRIMARY, may_fire=LEFT_BEHIND),
    ),
    "isolated": (
        fault(
            "isolated-member",
            cluster.SEVERAL_PRIMARIES,
            cluster.SEVERAL_ACTING_PRIMARIES,
            cluster.MEMBERS_DISAGREE,
            may_fire=LEFT_BEHIND,
        ),
    ),
    "forgotten": (
        fault(
            "missing-database",
            databases.MISSING,
            cluster.MEMBERS_DISAGREE,
            may_fire=LEFT_BEHIND,
        ),
    ),
    "damaged": (
        Drill(
            name="primary that steps back",
            about="The primary hears of an older node that does not exist, and keeps reporting itself as primary.",
            fires=(cluster.ROLE_NOT_ACTED, cluster.NO_ACTING_PRIMARY),
            may_fire=LEFT_BEHIND,
            run=primary_that_steps_back,
        ),
        fault("sync-damage", databases.STRATEGY_DIFFERS, may_fire=LEFT_BEHIND),
    ),
    "strategies": (fault("strategy-mismatch", databases.STRATEGY_DIFFERS, may_fire=LEFT_BEHIND),),
    "listeners": (
        fault("wrong-password", node.CREDENTIALS_REFUSED),
        fault("http-dead", node.DOWN),
        fault("websocket-dead", node.TRANSPORT_DOWN),
        fault("tcp-dead", node.TRANSPORT_DOWN),
        Drill(
            name="web page",
            about="Something else answers at the node's address.",
            fires=(node.ANSWER_UNREADABLE,),
            run=page_in_its_place,
        ),
        Drill(
            name="stopped exporter",
            about="The primary's exporter stops, and its node keeps running.",
            fires=(exporter.DOWN,),
            run=stopped_exporter,
        ),
        Drill(
            name="changed token",
            about="A database's token is changed, and the exporters keep the old one.",
            fires=(exporter.COLLECTOR_FAILING,),
            run=changed_token,
        ),
    ),
    "clocks": (
        fault("wrong-clock", node.CLOCKS_APART, may_fire=LEFT_BEHIND),
        # One of the joins may come while the node is still listed, which crashes the primary (protocol notes 6.3).
        fault("restart-loop", node.RESTART_LOOP, may_fire=(*LEFT_BEHIND, cluster.ELECTIONS_FLAPPING, node.DOWN)),
        fault("flapping-elections", cluster.ELECTIONS_FLAPPING, run=elections_without_end),
    ),
    "leaks": (fault("connection-leak", databases.CONNECTIONS_LEAKING, may_fire=LEFT_BEHIND, run=leaking_connections),),
    "debts": (
        fault("dead-replica", replication.LEAKED, node.DOWN, run=debts_of_the_dead),
        fault("snapshot-leak", replication.SNAPSHOT_STUCK, run=overlapping_snapshots),
        fault("unresolved-conflicts", databases.CONFLICTS_UNRESOLVED),
    ),
    "speed": (
        fault("slow-link"),
        Drill(
            name="slower link",
            about="Messages from other nodes reach a replica four seconds late.",
            fires=(replication.SLOW,),
            may_fire=(replication.PENDING_GROWING,),
            run=slower_link,
        ),
        fault("slow-command", exporter.COLLECTOR_FAILING, exporter.SCRAPE_SLOW, may_fire=(node.QUERIES_SLOW,)),
        Drill(
            name="slower commands",
            about="Commands on data take most of a second, and clients wait for them.",
            fires=(exporter.COLLECTOR_FAILING, exporter.SCRAPE_SLOW, node.QUERIES_SLOW),
            run=slower_commands,
        ),
    ),
    "discovery": (
        Drill(
            name="nearly full oplog",
            about="The operation log holds 95 % of 1 GiB, and has never been pruned.",
            fires=(oplog.NEAR_LIMIT,),
            run=oplog_of(0.95),
        ),
        Drill(
            name="oplog that is not pruned",
            about="The operation log holds 130 % of 1 GiB.",
            fires=(oplog.OVER_LIMIT,),
            run=oplog_of(1.3),
        ),
        fault(
            "oplog-near-limit",
            about="The operation log's limit is small and nearly reached, which no command reports.",
        ),
        Drill(
            name="flood of requests",
            about="More clients than an exporter allows scrape a node that hangs.",
            fires=(exporter.REQUESTS_REFUSED,),
            may_fire=(exporter.DOWN, node.HUNG),
            run=flood_of_requests,
        ),
        Drill(
            name="vanished targets",
            about="Service discovery finds no exporter of the cluster any more.",
            fires=(exporter.ABSENT,),
            run=vanished_targets,
        ),
        Drill(
            name="vanished member",
            about="A replica dies, and service discovery drops its exporter as well.",
            fires=(cluster.MEMBER_MISSING,),
            may_fire=LEFT_BEHIND,
            run=vanished_member,
        ),
    ),
    "storm": (fault("resolve-storm", oplog.RESOLVE_STORM),),
}
"""The drills by job of Prometheus: those of one cluster take place one after another, the clusters all at once."""
