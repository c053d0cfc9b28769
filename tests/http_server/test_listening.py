"""Where it listens: names, both families, UNIX sockets, and sockets that were opened by somebody else."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from nundb_exporter.http_server import Listener, ListenError, Server, handed_over, listen, listen_unix
from tests.wire.waiting import PATIENCE_SECONDS

from .serving import LAST, ROUTES, Client, statuses


async def served(*listeners: Listener) -> list[list[int]]:
    """Serve on these, and return the statuses of a request to each."""
    server = Server(ROUTES)
    server.start(listeners)
    try:
        return [await asked(listener) for listener in listeners]
    finally:
        await server.stop(0)


async def asked(listener: Listener) -> list[int]:
    """Return the statuses of a request to this listener."""
    name = listener.socket.getsockname()
    if isinstance(name, str):
        client = Client(*await asyncio.open_unix_connection(name))
    else:
        client = Client(*await asyncio.open_connection(name[0], name[1]))
    await client.send(LAST)
    answer = await client.rest()
    await client.end()
    return statuses(answer)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", None])
async def test_it_listens_on_addresses_of_both_families(host: str | None) -> None:
    """No host is every address; a name is all of its addresses."""
    listeners = listen(host, 0)
    families = {listener.socket.family for listener in listeners}
    assert families == {socket.AF_INET, socket.AF_INET6} or host is not None
    assert await served(*listeners) == [[200]] * len(listeners)


def test_an_address_is_written_as_in_a_url() -> None:
    """IPv6 in brackets."""
    for host, shown in (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")):
        (listener,) = listen(host, 0)
        assert listener.address == f"{shown}:{listener.socket.getsockname()[1]}"
        listener.close()


def test_an_address_in_use_is_told_with_its_cure() -> None:
    """None of the others of the same name stays open."""
    (taken,) = listen("127.0.0.1", 0)
    port = taken.socket.getsockname()[1]
    with pytest.raises(ListenError, match=r"address already in use.*stop the program that has it") as raised:
        listen("127.0.0.1", port)
    assert raised.value.address == f"127.0.0.1:{port}"
    taken.close()


@pytest.mark.parametrize(
    ("host", "cause"),
    [("no-such-host.invalid", "no such name"), ("192.0.2.1", "no such address"), ("2001:db8::1", "no such address")],
)
def test_causes_are_told_apart(host: str, cause: str) -> None:
    """A name that does not resolve, and an address of another machine (RFC 5737, RFC 3849)."""
    with pytest.raises(ListenError, match=cause):
        listen(host, 0)


async def test_a_unix_socket_is_served_and_its_file_goes_with_it(tmp_path: Path) -> None:
    """One that a dead process has left is replaced."""
    path = tmp_path / "socket"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    listener = listen_unix(path)
    assert listener.address == f"unix:{path}"
    assert await served(listener) == [[200]]
    assert not path.exists()


def test_a_unix_socket_in_use_is_not_taken_away(tmp_path: Path) -> None:
    """Nor is a file that is none."""
    path = tmp_path / "socket"
    listener = listen_unix(path)
    with pytest.raises(ListenError, match="address already in use"):
        listen_unix(path)
    assert path.exists()
    listener.close()
    path.write_text("a file")
    with pytest.raises(ListenError, match="address already in use"):
        listen_unix(path)
    assert path.read_text() == "a file"


def test_a_unix_socket_that_cannot_be_is_told_with_its_cure(tmp_path: Path) -> None:
    """No such directory; a path that is too long for a socket."""
    with pytest.raises(ListenError, match=r"no such directory.*create it"):
        listen_unix(tmp_path / "none" / "socket")
    with pytest.raises(ListenError, match="shorter path"):
        listen_unix(tmp_path / ("x" * 200))


def test_the_file_of_another_is_left_alone(tmp_path: Path) -> None:
    """A process that has taken over the path keeps it."""
    path = tmp_path / "socket"
    first = listen_unix(path)
    path.unlink()
    second = listen_unix(path)
    first.close()
    assert path.exists()
    second.close()
    assert not path.exists()


async def test_sockets_that_are_handed_over_are_served(tmp_path: Path) -> None:
    """As systemd does it (sd_listen_fds(3)): from a descriptor on, a number of them."""
    opened = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
    opened[1].bind(str(tmp_path / "socket"))
    opened[1].listen()
    first = 200
    for number, each in enumerate(opened):
        os.dup2(each.fileno(), first + number)
        each.close()
    listeners = handed_over({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2"}, first)
    assert not any(os.get_inheritable(listener.socket.fileno()) for listener in listeners)
    assert await served(*listeners) == [[200], [200]]
    assert (tmp_path / "socket").exists()  # it is systemd's


@pytest.mark.parametrize(
    "environment", [{}, {"LISTEN_PID": "1", "LISTEN_FDS": "1"}, {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "x"}]
)
def test_nothing_is_handed_over_where_nothing_is_said(environment: dict[str, str]) -> None:
    """Sockets that are for another process are not ours."""
    assert handed_over(environment) == []


def test_what_is_no_listening_socket_is_told_with_its_cure() -> None:
    """Accept=yes in a systemd unit hands over a connection."""
    left, right = socket.socketpair()
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    with left, right, pytest.raises(ListenError, match="Accept=no"):
        handed_over(environment, left.fileno())


async def test_many_connections_may_wait_to_be_accepted() -> None:
    """A burst of two hundred clients before the server has its first turn."""
    (listener,) = listen("127.0.0.1", 0)
    clients = [socket.create_connection(listener.socket.getsockname()[:2], PATIENCE_SECONDS) for _ in range(200)]
    server = Server(ROUTES)
    server.start([listener])
    for client in clients:
        reader, writer = await asyncio.open_connection(sock=client)
        writer.write(LAST)
        assert statuses(await Client(reader, writer).rest()) == [200]
        writer.close()
        await writer.wait_closed()
    await server.stop(0)
