"""A connection that fails says in which phase it did, and never an empty text."""

import asyncio
import contextlib
import errno
import gc
import os
import resource
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from nundb_exporter.client.dial import Dialer
from nundb_exporter.client.route import DIRECT, Route
from nundb_exporter.config.settings import Tls, parse_endpoint
from nundb_exporter.errors import NotAllowedError, Reason, TargetError
from nundb_exporter.system_errors import cause_of
from tests.wire.behaviours import closing_at_once, saying
from tests.wire.behaviours import silent as silent_after_connecting
from tests.wire.scripted import Behaviour, ScriptedNode

from .network import living, refusing, silent

INSECURE = Tls(insecure_skip_verify=True)


async def failure(dialer: Dialer, seconds: float = 20.0) -> str:
    """Return why a connection fails, which is reason connect whatever the phase."""
    with pytest.raises(TargetError) as caught:
        await dialer.open(asyncio.Protocol, asyncio.get_running_loop().time() + seconds)
    assert caught.value.reason is Reason.CONNECT
    return caught.value.detail


def dialer(url: str, route: Route = DIRECT) -> Dialer:
    """Return what connects to that URL, whatever certificate it has."""
    return Dialer(parse_endpoint("NUN_URL", url), INSECURE, route)


def named(*addresses: str) -> Route:
    """Return the route to a name that has these addresses."""

    def resolve(_: str, port: int, *, flags: int = 0, **__: object) -> list[Any]:
        if flags:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port)) for found in addresses]

    return Route(resolve=resolve)


async def test_a_refusal_is_told_in_two_words() -> None:
    """The address stands in the URL already."""
    with refusing() as (_, (host, port)):
        assert await failure(dialer(f"http://{host}:{port}")) == f"{host}:{port}: connect: connection refused"


async def test_an_attempt_to_connect_without_answer_is_told_as_such() -> None:
    """The host is off, or a firewall drops the packets: the node cannot have accepted the connection."""
    with silent() as (_, (host, port)):
        told = await failure(dialer(f"http://{host}:{port}"), 0.4)
    assert told == f"{host}:{port}: connect: no answer to the attempt to connect"


async def test_every_address_of_a_name_is_told_with_what_became_of_it() -> None:
    """One is silent, one refuses."""
    with silent() as (_, (_, port)):
        route = named("127.0.0.2", "127.0.0.1")
        told = await failure(dialer(f"tcp://nun-db:{port}", route), 0.8)
    expected = "no answer to the attempt to connect at 127.0.0.2, connection refused at 127.0.0.1"
    assert told == f"nun-db:{port}: connect: {expected}"


async def test_a_name_with_a_living_address_is_reached() -> None:
    """Whatever the others do."""
    with silent() as (_, (_, port)), living("127.0.0.1", port):
        route = named("127.0.0.2", "127.0.0.1")
        deadline = asyncio.get_running_loop().time() + 20
        transport, _ = await dialer(f"ws://nun-db:{port}", route).open(asyncio.Protocol, deadline)
        assert transport.get_extra_info("peername") == ("127.0.0.1", port)
        transport.abort()


async def test_an_address_that_is_not_admitted_is_not_dialled() -> None:
    """Whatever a name says: who listens there never learns of it. The others of the name are dialled."""
    dialled: list[str] = []
    with living("127.0.0.1") as (_, (_, port)), socket.create_server(("127.0.0.2", port)) as rogue:
        route = named("127.0.0.2", "127.0.0.1")
        guarded = Route(lambda address: address != "127.0.0.2", dialled.append, route.resolve)
        deadline = asyncio.get_running_loop().time() + 20
        transport, _ = await dialer(f"http://nun-db:{port}", guarded).open(asyncio.Protocol, deadline)
        transport.abort()
        rogue.setblocking(False)
        with pytest.raises(BlockingIOError):
            rogue.accept()
    assert dialled == ["127.0.0.1"]


async def test_a_node_that_resets_what_it_has_just_taken_has_answered_the_attempt_to_connect() -> None:
    """It is told as closed by who asks over the connection, and not as an address without an answer."""
    loop = asyncio.get_running_loop()
    dialled: list[str] = []
    reset = asyncio.Event()

    def leave(taken: socket.socket) -> None:
        taken.close()
        reset.set()

    def take(listener: socket.socket) -> None:
        loop.remove_reader(listener)
        taken, _ = listener.accept()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        loop.call_soon(leave, taken)  # in the next turn: in this one the client learns that it is connected

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        loop.add_reader(listener, take, listener)
        route = Route(dialled=dialled.append)
        transport, _ = await dialer(f"http://127.0.0.1:{port}", route).open(asyncio.Protocol, loop.time() + 20)
        await reset.wait()
        transport.abort()
    assert dialled == ["127.0.0.1"]


async def test_a_name_without_an_admitted_address_is_told_with_those_that_it_has() -> None:
    """As not allowed, which is neither a node that is down nor one that is slow."""
    route = Route(lambda _: False, resolve=named("127.0.0.2", "127.0.0.1").resolve)
    deadline = asyncio.get_running_loop().time() + 20
    with pytest.raises(NotAllowedError) as caught:
        await dialer("http://nun-db:3013", route).open(asyncio.Protocol, deadline)
    assert caught.value.detail == "nun-db:3013: lookup: 127.0.0.2, 127.0.0.1: not allowed, so not dialled"


async def test_a_name_is_checked_anew_for_each_connection() -> None:
    """What it says later does not profit from what it said first."""
    answers = [named("127.0.0.1"), named("127.0.0.2")]

    def resolve(*arguments: object, flags: int = 0, **others: object) -> Sequence[Any]:
        answer = answers[0] if flags else answers.pop(0)
        return answer.resolve(*arguments, flags=flags, **others)

    with living("127.0.0.1") as (_, (_, port)):
        node = dialer(f"http://nun-db:{port}", Route(lambda address: address == "127.0.0.1", resolve=resolve))
        deadline = asyncio.get_running_loop().time() + 20
        transport, _ = await node.open(asyncio.Protocol, deadline)
        transport.abort()
        with pytest.raises(NotAllowedError):
            await node.open(asyncio.Protocol, deadline)


async def test_an_unknown_name_is_a_failure_of_the_lookup() -> None:
    """The resolver's own words follow."""
    told = await failure(dialer("http://no-such-host.invalid:3013"))
    assert told.startswith("no-such-host.invalid:3013: lookup: ")


async def test_silent_name_servers_are_a_failure_of_the_lookup() -> None:
    """At the deadline, and not when the resolver gives up."""
    may_answer = threading.Event()

    def resolve(*_: object, flags: int = 0, **__: object) -> list[Any]:
        if not flags:
            may_answer.wait()
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    try:
        told = await failure(dialer("http://nun-db:3013", Route(resolve=resolve)), 0.1)
    finally:
        may_answer.set()
    assert told == "nun-db:3013: lookup: the name servers did not answer in time"


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (silent_after_connecting, "the handshake did not end in time"),
        (closing_at_once, "closed in the middle of the handshake"),
        (saying(b"220 mail.example ESMTP\r\n"), "the other end does not speak TLS"),
    ],
)
@pytest.mark.parametrize("scheme", ["https", "wss"])
async def test_a_handshake_that_fails_is_a_failure_of_tls(scheme: str, behave: Behaviour, words: str) -> None:
    """It hangs, it is closed by a balancer without a backend, or it is no TLS."""
    async with ScriptedNode(behave, "tcp") as node:
        seconds = 0.5 if behave is silent_after_connecting else 20
        told = await failure(dialer(f"{scheme}://127.0.0.1:{node.port}"), seconds)
    assert told == f"127.0.0.1:{node.port}: TLS: {words}"


@contextlib.contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Let this process open no further file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(("host", "phase"), [("127.0.0.1", "connect: "), ("nun-db.example", "lookup: ")])
async def test_our_own_lack_of_descriptors_is_not_called_the_nodes(host: str, phase: str) -> None:
    """Nor the name servers': the node may be as well as ever."""
    opened = dialer(f"http://{host}:3013")
    with no_descriptor_left():
        told = await failure(opened)
    assert told == f"{host}:3013: {phase}the exporter has used up its file descriptors"


async def test_a_connection_whose_turn_never_came_says_so() -> None:
    """Connections are opened one after another, and the first took all the time."""
    with silent() as (_, (host, port)):
        opened = dialer(f"http://{host}:{port}")
        told = await asyncio.gather(failure(opened, 0.4), failure(opened, 0.2))
    assert list(told) == [
        f"{host}:{port}: connect: no answer to the attempt to connect",
        f"{host}:{port}: connect: no time was left for it",
    ]


@pytest.mark.parametrize("steps", range(0, 60, 3))
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_socket_is_lost_whenever_it_is_cancelled(scheme: str, steps: int) -> None:
    """In each phase, a TLS handshake included."""
    async with ScriptedNode(silent_after_connecting, "tcp") as node:
        opened = dialer(f"{scheme}://127.0.0.1:{node.port}")
        running = asyncio.create_task(opened.open(asyncio.Protocol, asyncio.get_running_loop().time() + 20))
        for _ in range(steps):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
        if not running.cancelled():
            running.result()[0].abort()
    gc.collect()  # a socket that was lost is a warning, and that an error


@pytest.mark.parametrize("error", [OSError(), ConnectionResetError(), TimeoutError(), socket.gaierror()])
def test_no_error_is_without_words(error: OSError) -> None:
    """Python raises some without any text."""
    assert cause_of(error)


def test_an_error_number_becomes_the_systems_words() -> None:
    """In lower case, because more words stand before them."""
    assert cause_of(OSError(errno.EHOSTUNREACH, "whatever")) == "no route to host"
