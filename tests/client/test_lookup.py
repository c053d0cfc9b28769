"""Names are looked up without anybody waiting longer than he wants to."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from nundb_exporter.client.lookup import Address, Lookup


class NameServer:
    """A resolver that answers when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = threading.Event()

    def __call__(self, host: bytes, port: int, *, flags: int = 0, **_: object) -> list[Any]:
        """Answer as socket.getaddrinfo does."""
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        self.asked += 1
        self.may_answer.wait()
        if host.startswith(b"unknown"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", port))]


@pytest.fixture
def silent_server() -> Iterator[NameServer]:
    """Return a resolver that is silent until the end of the test."""
    server = NameServer()
    yield server
    server.may_answer.set()


async def test_an_address_needs_no_lookup(silent_server: NameServer) -> None:
    """Nobody is asked, and no thread is started."""
    lookup = Lookup("127.0.0.1", 3013)
    assert await lookup.addresses() == [Address(socket.AF_INET, ("127.0.0.1", 3013))]
    assert not lookup.is_needed
    assert not silent_server.asked


async def test_a_name_is_looked_up() -> None:
    """The system's answer comes back as it is."""
    server = NameServer()
    server.may_answer.set()
    lookup = Lookup("nun-db", 3013, server)
    assert lookup.is_needed
    assert await lookup.addresses() == [Address(socket.AF_INET, ("10.0.0.1", 3013))]


async def test_an_unknown_name_is_an_error_each_time() -> None:
    """The failure is not kept."""
    server = NameServer()
    server.may_answer.set()
    lookup = Lookup("unknown", 3013, server)
    for asked in (1, 2):
        with pytest.raises(socket.gaierror):
            await lookup.addresses()
        assert server.asked == asked


async def test_a_silent_name_server_is_asked_by_one_thread(silent_server: NameServer) -> None:
    """Who comes later waits for the same answer: threads do not pile up."""
    lookup = Lookup("nun-db", 3013, silent_server)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await lookup.addresses()
    assert silent_server.asked == 1
    silent_server.may_answer.set()
    assert await lookup.addresses() == [Address(socket.AF_INET, ("10.0.0.1", 3013))]


def test_a_loop_may_end_while_a_name_server_is_silent(silent_server: NameServer) -> None:
    """Nothing waits for the thread, which ends with its answer, or with the process."""

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await Lookup("nun-db", 3013, silent_server).addresses()

    asyncio.run(give_up())
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "lookup"]
    assert thread.daemon
    silent_server.may_answer.set()
    thread.join(20)
    assert not thread.is_alive()


async def test_a_name_that_no_name_server_can_be_asked_about_is_an_error() -> None:
    """Its letters cannot be written in a question."""

    def refuse(*_: object, flags: int = 0, **__: object) -> list[Any]:
        if flags:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        raise UnicodeError("label too long")

    with pytest.raises(OSError, match="not a name"):
        await Lookup("nun-db", 3013, refuse).addresses()
