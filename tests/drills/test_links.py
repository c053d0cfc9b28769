"""What the relay between real nodes does to what they say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from nundb_devserver import HOST, free_row
from tests.wire.waiting import PATIENCE_SECONDS

from .real.links import Link

DELAY_SECONDS = 0.2
WORDS = b"one\n", b"two\n"


@asynccontextmanager
async def echoed() -> AsyncIterator[Link]:
    """Relay to a server that says again what it is told."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    port = free_row(2)
    async with await asyncio.start_server(echo, HOST, port + 1):
        link = Link(port, port + 1)
        async with link.open():
            yield link


async def said(link: Link) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, and say two words."""
    reader, writer = await asyncio.open_connection(*link.name.split(":"))
    writer.writelines(WORDS)
    return reader, writer


async def closed(*writers: asyncio.StreamWriter) -> None:
    """Close them, and wait until they are."""
    for writer in writers:
        writer.close()
        await writer.wait_closed()


async def test_a_link_passes_on_what_is_said_and_the_end_of_it() -> None:
    """In both directions, in the same order."""
    async with echoed() as link, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await said(link)
        writer.write_eof()
        assert await reader.read() == b"".join(WORDS)
        await closed(writer)


async def test_a_slow_link_delays_both_directions() -> None:
    """An answer comes no earlier than after twice the delay."""
    async with echoed() as link, asyncio.timeout(PATIENCE_SECONDS):
        link.delay_seconds = DELAY_SECONDS
        loop = asyncio.get_running_loop()
        begun = loop.time()
        reader, writer = await said(link)
        assert [await reader.readline() for _ in WORDS] == list(WORDS)
        assert loop.time() - begun >= 2 * DELAY_SECONDS
        await closed(writer)


async def test_a_lost_connection_passes_on_nothing_while_later_ones_live() -> None:
    """Nobody is told that it is lost."""
    async with echoed() as link, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await said(link)
        assert [await reader.readline() for _ in WORDS] == list(WORDS)
        link.lose()
        writer.writelines(WORDS)
        later, later_writer = await said(link)
        assert [await later.readline() for _ in WORDS] == list(WORDS)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(DELAY_SECONDS):
                await reader.read(1)
        await closed(writer, later_writer)
