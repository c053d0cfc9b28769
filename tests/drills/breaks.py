"""The ways in which drills break a cluster, and repair it: entering does the one, leaving the other."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from nundb_devserver import HOST
from nundb_devserver.client import connected as dialled
from nundb_exporter.demo.clients import connected
from nundb_exporter.problems.oplog import LIMIT_BYTES

from .exporters import SIGN_IN
from .field import Field

ELECTION_SECONDS = 20.0
"""An election takes one second, or two where a node answers late; how patient whoever waits for it is."""

Break = Callable[[Field], AbstractAsyncContextManager[None]]


def of_devserver(name: str, *, at_primary: bool | None = None) -> Break:
    """Switch a fault of the devserver on, and off again."""

    @asynccontextmanager
    async def run(field: Field) -> AsyncIterator[None]:
        place = None if at_primary is None else field.primary if at_primary else field.replica
        index = await field.cluster.fault(name, place)
        yield
        with suppress(LookupError):
            await field.cluster.cure(name, index)

    return run


def hung_replica(per_second: float) -> Break:
    """Make a replica stop acknowledging while the primary is written to at that rate."""

    @asynccontextmanager
    async def run(field: Field) -> AsyncIterator[None]:
        async with field.writing(per_second):
            index = await field.cluster.fault("hung-replica")
            yield
        await field.cluster.cure("hung-replica", index)

    return run


@asynccontextmanager
async def failed_join(field: Field) -> AsyncIterator[None]:
    """Make the primary take in a replica that is not there, as it does where a join fails; then the replica starts.

    Only a restart of the primary forgets what it has told the replica in vain.
    """
    index = field.replica
    await field.cluster.kill(index)
    await field.cluster.forgotten(index)
    primary = field.cluster.nodes[field.primary].tcp_address
    # The command holds an election.
    async with dialled(primary, SIGN_IN, timeout_seconds=field.pace.stretched(ELECTION_SECONDS)) as client:
        await client.run(f"join {field.cluster.nodes[index].name}")
    await field.cluster.start(index)
    await field.unite()
    yield
    await field.restart_primary()


@asynccontextmanager
async def failed_join_and_hung_replica(field: Field) -> AsyncIterator[None]:
    """What a failed join has left behind hides nothing: the same replica hangs later."""
    async with failed_join(field), hung_replica(2)(field):
        yield


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


def saved_before_the_cure(name: str) -> Break:
    """Switch a fault of a replica on whose cure is a restart, before which the runbook wants snapshots."""

    @asynccontextmanager
    async def run(field: Field) -> AsyncIterator[None]:
        async with of_devserver(name, at_primary=False)(field):
            yield
            await field.take_snapshots()

    return run


@asynccontextmanager
async def strange_acknowledgements(field: Field) -> AsyncIterator[None]:
    """A client acknowledges what does not exist, until it is stopped."""
    replica = field.cluster.nodes[field.replica]

    async def acknowledge() -> None:
        async with connected(replica, SIGN_IN) as connection:
            while True:
                await connection.ask("ack 1 nobody")
                await asyncio.sleep(field.pace.stretched(0.1))  # a rate of load

    async with meanwhile(acknowledge()):
        yield


@asynccontextmanager
async def resolve_storm(field: Field) -> AsyncIterator[None]:
    """A verdict goes round; then all secondaries stop, get the primary's files, and start, and the primary restarts."""
    primary = field.primary
    await field.cluster.fault("resolve-storm", primary)
    yield
    others = [index for index in range(len(field.cluster.nodes)) if index != primary]
    for index in others:
        await field.cluster.kill(index)
    for index in others:
        await field.cluster.forgotten(index)
    await field.save()
    for index in others:
        field.copy_files(primary, index)
        await field.cluster.start(index)
        await field.unite()
    await field.cluster.cure("resolve-storm")  # nothing goes round any more: there is nothing left to do
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
                await asyncio.sleep(0.3)  # a rate of load

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
async def slow_commands(field: Field) -> AsyncIterator[None]:
    """Commands on data take so long that several of them take longer than a scrape may."""
    async with of_devserver("slow-command")(field):
        conditions = field.cluster.nodes[field.replica].conditions
        conditions.slow_seconds = field.pace.stretched(conditions.slow_seconds)
        yield


@asynccontextmanager
async def slower_commands(field: Field) -> AsyncIterator[None]:
    """Commands on data take most of a second, and several clients wait for them."""
    replica = field.cluster.nodes[field.replica]
    replica.conditions.slow_seconds = field.pace.stretched(0.8)

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
    """Connections leak; the count restarts at 0 with the node."""
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


def oplog_of(share: float) -> Break:
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
