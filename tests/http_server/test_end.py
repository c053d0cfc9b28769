"""The end of the server: in order, and in time."""

import asyncio
import gc

import pytest

from nundb_exporter.http_server import Request, Response
from nundb_exporter.http_server.parser import RequestParser
from tests.wire.waiting import PATIENCE_SECONDS, until

from .serving import GET, Gate, serving, statuses


async def test_what_is_in_progress_is_answered_and_nothing_else() -> None:
    """New connections are refused and silent ones closed at once; the answer says that the connection ends."""
    gate = Gate()
    async with serving(gate) as served:
        silent, half, asking = [await served.connect() for _ in range(3)]
        await half.send(GET[:9])
        await asking.send(GET + GET)
        await until(lambda: gate.asked == 1 and len(served.server._places.all) == 3)
        stopping = asyncio.create_task(served.server.stop(PATIENCE_SECONDS))
        assert await silent.rest() == b""
        assert await half.rest() == b""
        with pytest.raises(ConnectionError):
            await served.connect()
        gate.opened.set()
        answer = await asking.rest()
        assert statuses(answer) == [200]
        assert b"\r\nConnection: close\r\n" in answer
        await asking.end()
        await stopping
        assert gate.asked == 1


async def test_what_takes_too_long_is_cancelled() -> None:
    """The server ends inside the time that it is given."""
    gate = Gate()
    async with serving(gate) as served:
        client = await served.connect()
        await client.send(GET)
        await until(lambda: gate.asked == 1)
        await served.server.stop(0.05)
        assert gate.cancelled == 1
        assert await client.rest() == b""


async def test_an_answer_that_is_not_read_yet_is_sent_to_its_end() -> None:
    """The client is still busy with it when the server is told to stop."""
    page = b"x" * 20_000_000
    sent = asyncio.Event()

    def large(_: Request) -> Response:
        sent.set()
        return Response(200, page)

    async with serving(large) as served:
        client = await served.connect()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined] # a socket's transport has it
        await client.send(GET)
        await sent.wait()
        stopping = asyncio.create_task(served.server.stop(PATIENCE_SECONDS))
        await asyncio.sleep(0)
        client.writer.transport.resume_reading()  # type: ignore[attr-defined] # likewise
        assert (await client.rest()).endswith(page)
        await stopping


async def test_a_server_without_clients_ends_at_once() -> None:
    """Stopping it twice does no harm."""
    async with serving() as served, asyncio.timeout(PATIENCE_SECONDS):
        await served.server.stop(10 * PATIENCE_SECONDS)
        await served.server.stop(10 * PATIENCE_SECONDS)


async def test_a_connection_that_has_ended_leaves_no_parser_to_the_garbage_collector() -> None:
    """It runs seldom, and clients may come and go often."""

    def parsers() -> int:
        return sum(isinstance(each, RequestParser) for each in gc.get_objects())

    async with serving() as served:
        gc.collect()
        gc.disable()
        try:
            before = parsers()
            client = await served.connect()
            await client.send(GET)
            await client.answer()
            assert parsers() == before + 1
            await client.end()
            await until(lambda: parsers() == before)
        finally:
            gc.enable()
