"""Nodes are kept while they are used, and no more of them than fit."""

import asyncio
from collections.abc import Sequence

from nundb_exporter.config.settings import Module, Target, Web, parse_endpoint
from nundb_exporter.credentials import Credentials, Secret
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import Reply
from nundb_exporter.scrape import Scraper
from nundb_exporter.web.kept import KeptNodes, most_kept
from nundb_exporter.web.scraped import ScrapedNode, Tally
from tests.judge.observed import TWO, said
from tests.scripted import ScriptedTransport
from tests.wire.waiting import until


class Transport(ScriptedTransport):
    """Answers when it may, and knows whether it is closed."""

    def __init__(self) -> None:
        answers = said("0", TWO)
        super().__init__(answers.node, answers.database)
        self.is_closed = False
        self.may_answer = asyncio.Event()

    async def execute(self, commands: Sequence[Command[object]], deadline: float) -> list[Reply]:
        """Return the replies once it may."""
        replies = await super().execute(commands, deadline)
        await self.may_answer.wait()
        return replies

    async def close(self) -> None:
        """Note it."""
        self.is_closed = True


class World:
    """Nodes by name, and their transports."""

    def __init__(self, most: int, idle_seconds: float = 1000.0) -> None:
        self.kept = KeptNodes(most, idle_seconds)
        self.transports: dict[str, Transport] = {}

    def ask(self, name: str) -> ScrapedNode:
        """Return a node for use."""

        def make() -> ScrapedNode:
            module = Module(Credentials("nun", Secret("nun-pwd")), ("oplog",))
            self.transports[name] = Transport()
            target = Target(parse_endpoint("", f"http://{name}:3013"), module)
            return ScrapedNode(Scraper(target, self.transports[name]), Web(listen=()), Tally())

        return self.kept.get(name, make)

    @property
    def closed(self) -> list[str]:
        """The names of those that are closed."""
        return [name for name, transport in self.transports.items() if transport.is_closed]


async def test_a_node_that_is_asked_again_is_the_same() -> None:
    """Its connections stay open."""
    world = World(2)
    assert world.ask("a") is world.ask("a")
    assert len(world.kept) == 1
    await world.kept.close()
    assert world.closed == ["a"]


async def test_beyond_the_limit_the_longest_unused_is_closed() -> None:
    """Whoever was asked later stays."""
    world = World(2)
    for name in ("a", "b", "a", "c"):
        world.ask(name)
    await until(lambda: bool(world.closed))
    assert world.closed == ["b"]
    assert len(world.kept) == 2
    await world.kept.close()
    assert world.closed == ["a", "b", "c"]


async def test_a_node_that_is_being_scraped_is_not_closed() -> None:
    """It goes when another one comes after it has answered."""
    world = World(1)
    scraping = asyncio.create_task(world.ask("a").scrape(20.0))
    await asyncio.sleep(0)
    world.ask("b")
    assert len(world.kept) == 2
    world.transports["a"].may_answer.set()
    assert (await scraping).error is None
    world.ask("b")
    await until(lambda: bool(world.closed))
    assert world.closed == ["a"]
    await world.kept.close()


async def test_a_node_that_is_closed_before_its_scrape_begins_is_closed_again_at_its_end() -> None:
    """Where more nodes are asked at once than are kept: no connection is left behind."""
    world = World(1)
    nodes = [world.ask(name) for name in ("a", "b")]
    await until(lambda: world.closed == ["a"])
    for transport in world.transports.values():
        transport.is_closed = False
        transport.may_answer.set()
    await asyncio.gather(*(node.scrape(20.0) for node in nodes))
    assert world.closed == ["a"]
    await world.kept.close()


async def test_a_node_that_nobody_asks_is_closed_after_a_while() -> None:
    """Though no other one is asked either."""
    world = World(9, idle_seconds=0.02)
    world.ask("a")
    await until(lambda: world.closed == ["a"])
    assert len(world.kept) == 0
    await world.kept.close()


def test_the_limit_leaves_descriptors_for_clients() -> None:
    """Half of all are theirs, and a node may have three connections."""
    assert [most_kept(limit) for limit in (-1, 1, 64, 1024, 1 << 20)] == [1024, 1, 10, 170, 1024]
