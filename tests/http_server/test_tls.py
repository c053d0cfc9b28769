"""The same over TLS, which asyncio speaks."""

import asyncio
import gc
import ssl
import weakref
from dataclasses import dataclass

import pytest
import trustme

from nundb_exporter.http_server import Limits, Response
from tests.wire.waiting import PATIENCE_SECONDS, until

from .serving import GET, LAST, Client, Gate, Serving, serving, statuses

LARGE = Response(200, b"x" * 20_000_000)


@dataclass(frozen=True)
class Contexts:
    """Of a server, and of a client that trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext

    async def connect(self, served: Serving) -> Client:
        """Return a client that has shaken hands."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            client = Client(*await asyncio.open_connection("127.0.0.1", served.port, ssl=self.client))
        served.clients.append(client)
        return client


@pytest.fixture(scope="module")
def contexts() -> Contexts:
    """Return contexts of a certificate authority of our own."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return Contexts(server, client)


async def test_requests_are_answered_one_after_another(contexts: Contexts) -> None:
    """Kept alive, at once, and to the last."""
    async with serving(tls=contexts.server) as served:
        client = await contexts.connect(served)
        await client.send(GET)
        assert statuses(await client.answer()) == [200]
        await client.send(GET + LAST)
        assert statuses(await client.rest()) == [200, 200]


async def test_a_client_that_leaves_cancels_its_handler(contexts: Contexts) -> None:
    """In order or not."""
    gate = Gate()
    async with serving(gate, tls=contexts.server) as served:
        for count in (1, 2):
            client = await contexts.connect(served)
            await client.send(GET)
            await until(lambda count=count: gate.asked == count)  # type: ignore[misc] # the loop's count
            if count == 1:
                client.writer.close()
            else:
                await client.end()
            await until(lambda count=count: gate.cancelled == count)  # type: ignore[misc] # likewise


@pytest.mark.parametrize("noise", [b"", b"\x16\x03", GET, b"\0" * 1000])
async def test_a_handshake_that_does_not_come_or_fails_ends_in_time(noise: bytes, contexts: Contexts) -> None:
    """Its place is free again, and others were served meanwhile."""
    async with serving(limits=Limits(request_seconds=3), tls=contexts.server) as served:
        noisy = await served.connect()
        await noisy.send(noise)
        client = await contexts.connect(served)
        await client.send(LAST)
        assert statuses(await client.rest()) == [200]
        await noisy.rest()
        await until(lambda: not served.server._places.all)


async def test_clients_that_do_not_shake_hands_make_room(contexts: Contexts) -> None:
    """As those do that shake hands and are silent then."""
    async with serving(limits=Limits(connections=4, patience_seconds=0), tls=contexts.server) as served:
        for _ in range(20):
            await served.connect()
        for _ in range(10):
            await contexts.connect(served)
        client = await contexts.connect(served)
        await client.send(LAST)
        assert statuses(await client.rest()) == [200]


async def test_a_large_page_arrives_whole(contexts: Contexts) -> None:
    """More than the network between two sockets takes."""
    async with serving(lambda _: LARGE, tls=contexts.server) as served:
        client = await contexts.connect(served)
        await client.send(GET + LAST)
        answers = await client.rest()
    assert statuses(answers) == [200, 200]
    assert answers.endswith(LARGE.body)


async def test_a_client_that_does_not_read_is_hung_up_on(contexts: Contexts) -> None:
    """What TLS has taken counts as sent; the time for the next request is its limit then."""
    limits = Limits(send_seconds=0.3, idle_seconds=0.3)
    async with serving(lambda _: LARGE, limits, tls=contexts.server) as served:
        client = await contexts.connect(served)
        client.writer.transport.pause_reading()  # type: ignore[attr-defined] # a socket's transport has it
        await client.send(GET)
        await until(lambda: not served.server._places.all)


async def test_it_ends_in_time(contexts: Contexts) -> None:
    """Silent connections of clients that do not answer the farewell hold up nobody for long."""
    gate = Gate()
    async with serving(gate, tls=contexts.server) as served:
        silent, asking = [await contexts.connect(served) for _ in range(2)]
        await asking.send(GET)
        await until(lambda: gate.asked == 1)
        stopping = asyncio.create_task(served.server.stop(PATIENCE_SECONDS))
        assert await silent.rest() == b""
        gate.opened.set()
        assert statuses(await asking.rest()) == [200]
        async with asyncio.timeout(PATIENCE_SECONDS):
            await stopping


async def test_a_connection_that_has_ended_leaves_nothing_to_the_garbage_collector(contexts: Contexts) -> None:
    """It runs seldom, and each connection holds 300 KiB for its records."""
    async with serving(tls=contexts.server) as served:
        client = await contexts.connect(served)
        await client.send(GET)
        await client.answer()
        transport = weakref.ref(served.server._places.all[0]._open_transport)
        gc.disable()
        try:
            await client.end()
            await until(lambda: transport() is None)
        finally:
            gc.enable()
