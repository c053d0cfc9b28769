"""The text forms of settings: URLs, addresses, ports, paths."""

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.config.settings import (
    Endpoint,
    TransportPorts,
    neighbouring_ports,
    parse_endpoint,
    parse_listen_address,
    parse_listener,
    parse_port,
)
from nundb_exporter.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "endpoint", "text"),
    [
        ("http://localhost:3013", Endpoint("http", "localhost", 3013), "http://localhost:3013"),
        ("http://nun-db", Endpoint("http", "nun-db", 80), "http://nun-db:80"),
        ("https://nun-db", Endpoint("https", "nun-db", 443), "https://nun-db:443"),
        ("ws://nun-db", Endpoint("ws", "nun-db", 80), "ws://nun-db:80"),
        ("wss://nun-db", Endpoint("wss", "nun-db", 443), "wss://nun-db:443"),
        ("tcp://nun-db", Endpoint("tcp", "nun-db", 3014), "tcp://nun-db:3014"),
        ("HTTP://NUN-DB.example.:3013/", Endpoint("http", "nun-db.example.", 3013), "http://nun-db.example.:3013"),
        ("http://[::1]:3013", Endpoint("http", "::1", 3013), "http://[::1]:3013"),
        (
            "http://proxy/http://nun-db",
            Endpoint("http", "proxy", 80, "/http://nun-db"),
            "http://proxy:80/http://nun-db",
        ),
        ("http://proxy/nun/db", Endpoint("http", "proxy", 80, "/nun/db"), "http://proxy:80/nun/db"),
        ("http://127.0.0.1:3013", Endpoint("http", "127.0.0.1", 3013), "http://127.0.0.1:3013"),
        ("http://[fe80::1%25eth0]:3013", Endpoint("http", "fe80::1%eth0", 3013), "http://[fe80::1%25eth0]:3013"),
        ("http://[fe80::1%eth0]:3013", Endpoint("http", "fe80::1%eth0", 3013), "http://[fe80::1%25eth0]:3013"),
    ],
)
def test_a_url_reads(url: str, endpoint: Endpoint, text: str) -> None:
    """Every scheme that Nun-db speaks, its default port, IPv6 in brackets; the port is always shown."""
    assert parse_endpoint("NUN_URL", url) == endpoint
    assert str(endpoint) == text
    assert endpoint.is_secure == (endpoint.scheme in {"https", "wss"})


@pytest.mark.parametrize(
    ("url", "header", "server_name"),
    [
        ("http://nun-db:3013", "nun-db:3013", "nun-db"),
        ("http://nun-db:80", "nun-db", "nun-db"),
        ("https://nun-db", "nun-db", "nun-db"),
        ("ws://nun-db:80", "nun-db", "nun-db"),
        ("wss://nun-db:443", "nun-db", "nun-db"),
        ("https://nun-db:80", "nun-db:80", "nun-db"),
        ("https://nun-db.example.:3013", "nun-db.example:3013", "nun-db.example"),
        ("\ufeffhttp://nun-db:3013\r\n", "nun-db:3013", "nun-db"),
        ("http://[::1]", "[::1]", "::1"),
        ("http://[fe80::1%25eth0]:3013", "[fe80::1]:3013", "fe80::1"),
    ],
)
def test_a_server_is_told_the_name_that_it_knows(url: str, header: str, server_name: str) -> None:
    """No default port, as proxies may compare letter by letter; no zone and no final dot, which certificates lack."""
    endpoint = parse_endpoint("NUN_URL", url)
    assert endpoint.host_header == header
    assert endpoint.server_name == server_name


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "is not a URL with a scheme of Nun-db and a host"),
        ("localhost:3013", "is not a URL with a scheme of Nun-db and a host"),
        ("nun-db", "is not a URL with a scheme of Nun-db and a host"),
        ("redis://nun-db", "is not a URL with a scheme of Nun-db and a host"),
        ("http://", "is not a URL with a scheme of Nun-db and a host"),
        ("http://:3013", "is not a URL with a scheme of Nun-db and a host"),
        ("http://nun-db:port", "is not a URL"),
        ("http://nun-db:65536", "is not a URL"),
        ("http://[::1", "is not a URL"),
        ("http://[::1]x:3013", "is not a URL|has no usable host and port"),
        ("http://x[::1]:3013", "is not a URL|has no usable host and port"),
        ("http://[localhost]:3013", "is not a URL|has no usable host and port"),
        ("http://[::g]:3013", "is not a URL|has no usable host and port"),
        ("http://nun\\db:3013", "has no usable host and port"),
        ("http://<nun-db>:3013", "has no usable host and port"),
        ("http://'nun-db':3013", "has no usable host and port"),
        ("http://${NUN_HOST}:3013", "has no usable host and port"),
        ("http://nun-db:0", "has no usable host and port"),
        ("http://nun db:3013", "has no usable host and port"),
        ("http://nün-db:3013", "has a host with letters beyond ASCII"),
        ("http://a..b:3013", "has no usable host and port"),
        ("http://.:3013", "has no usable host and port"),
        (f"http://{'a' * 64}:3013", "has no usable host and port"),
        ("http://nun\x00db:3013", "contains a control character at position 11"),
        ("http://nun-db-0:3013,http://nun-db-1:3013", "holds several URLs; list them in a configuration file"),
        ("http://nun-db-0, http://nun-db-1", "holds several URLs"),
        ("http://nun-db-0:3013 tcp://nun:hunter2@nun-db-1:3014", "holds several URLs"),
        ("http://nun:hunter2@nun-db:3013", "holds credentials"),
        ("http://hunter2@nun-db:3013", "holds credentials"),
        ("http://nun-db:3013?password=hunter2", "holds more than scheme, host, port and path"),
        ("http://nun\n-db:3013", "contains a tab or a line end"),
        ("http://nun-db:30\t13", "contains a tab or a line end"),
        ("http://nun\u200b-db:3013", "contains a zero-width character at position 11"),
        ("http://nun-db:3013\u200b", "contains a zero-width character at position 19"),
        ("http://nun-db:3013#hunter2", "holds more than scheme, host, port and path"),
        ("http://nun-db:3013/a b", "holds more than scheme, host, port and path"),
        ("http://nun-db:3013/é", "holds more than scheme, host, port and path"),
    ],
)
def test_a_url_is_refused_with_its_reason(url: str, problem: str) -> None:
    """The text is not repeated: it may hold a password."""
    with pytest.raises(ConfigError, match=f"^NUN_URL: (?:{problem})") as caught:
        parse_endpoint("NUN_URL", url)
    assert "hunter2" not in str(caught.value)


SCHEMES = ["http", "tcp", "wss", "://", "nun-db", "::1", "3013", "99999", "%25eth0", "a" * 64, "..", "[", "]"]
PARTS = st.lists(st.sampled_from([*SCHEMES, *":/@?#%.é\\\x00\x85\r\n\t "]), max_size=8)


@given(url=st.one_of(st.text(max_size=30), PARTS.map("".join), PARTS.map(lambda parts: "http://" + "".join(parts))))
def test_a_url_that_is_taken_can_be_used(url: str) -> None:
    """Nothing but ConfigError is raised; what is taken survives the resolver, a request's head, and its own text."""
    try:
        endpoint = parse_endpoint("NUN_URL", url)
    except ConfigError:
        return
    endpoint.host.encode("idna")
    head = f"{endpoint.authority}{endpoint.path}"
    assert head.isascii()
    assert head.isprintable()
    assert " " not in head
    assert 0 < endpoint.port < 65536
    assert parse_endpoint("NUN_URL", str(endpoint)) == endpoint


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":9898", (None, 9898)),
        ("127.0.0.1:9898", ("127.0.0.1", 9898)),
        ("[::1]:9898", ("::1", 9898)),
        ("[::]:0", ("::", 0)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_a_listen_address_reads(text: str, address: tuple[str | None, int]) -> None:
    """No host means every address; port 0 lets the system choose."""
    assert parse_listen_address("--web.listen-address", text) == address


def test_a_listen_address_may_be_the_path_of_a_unix_socket() -> None:
    """Anything else is host and port."""
    assert parse_listener("--web.listen-address", "unix:/run/exporter.sock") == Path("/run/exporter.sock")
    assert parse_listener("--web.listen-address", "[::1]:9898") == ("::1", 9898)
    with pytest.raises(ConfigError, match="names no path"):
        parse_listener("--web.listen-address", "unix:")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not host:port"),
        ("9898", "is not host:port"),
        ("localhost", "is not host:port"),
        ("localhost:", "is not host:port"),
        (":port", "is not host:port"),
        (":-1", "is not host:port"),
        (":65536", "is not host:port"),
        (":٩٨", "is not host:port"),
        (":" + "9" * 5000, "is not host:port"),
        ("::1:9898", "has an IPv6 address without brackets"),
        ("[::1:9898", "has an IPv6 address without brackets"),
        ("::1]:9898", "has an IPv6 address without brackets"),
        ("http://localhost:9898", "has an IPv6 address without brackets"),
        ("[]:9898", "has no usable host"),
        ("[localhost]:9898", "has no usable host"),
        (" :9898", "has no usable host"),
        ("[::g]:9898", "has no usable host"),
        ("${HOST}:9898", "has no usable host"),
        (f"{'a' * 64}:9898", "has no usable host"),
    ],
)
def test_a_listen_address_is_refused_with_its_reason(text: str, problem: str) -> None:
    """What is mistyped must not listen on every address."""
    with pytest.raises(ConfigError, match=problem):
        parse_listen_address("--web.listen-address", text)


@given(text=st.one_of(st.text(max_size=8), st.integers(-5, 70000).map(str)))
def test_a_port_is_a_port_or_none(text: str) -> None:
    """Digits from 0 to 65535, and nothing else raises."""
    is_port = text.isascii() and text.isdigit() and len(text) <= 5 and int(text) < 65536
    assert parse_port(text) == (int(text) if is_port else None)


@pytest.mark.parametrize(
    ("url", "ports"),
    [
        ("http://h:3013", TransportPorts(http=3013, tcp=3014, websocket=3012)),
        ("https://h:3013", TransportPorts(http=3013, tcp=3014, websocket=3012)),
        ("ws://h:3012", TransportPorts(http=3013, tcp=3014, websocket=3012)),
        ("wss://h:3012", TransportPorts(http=3013, tcp=3014, websocket=3012)),
        ("tcp://h:3014", TransportPorts(http=3013, tcp=3014, websocket=3012)),
        ("http://h:1", TransportPorts(http=1, tcp=2, websocket=0)),
        ("tcp://h:1", TransportPorts(http=0, tcp=1, websocket=0)),
        ("http://h:65535", TransportPorts(http=65535, tcp=0, websocket=65534)),
    ],
)
def test_the_other_transports_are_neighbours(url: str, ports: TransportPorts) -> None:
    """As far from the known port as by default; a neighbour that is no port is 0, which a socket merely refuses."""
    assert neighbouring_ports(parse_endpoint("NUN_URL", url)) == ports


def test_a_socket_refuses_port_0_as_it_refuses_any_other() -> None:
    """Beyond 65535 it would raise another error than OSError."""
    with pytest.raises(OSError, match=r"\[Errno \d+\]"), socket.create_connection(("127.0.0.1", 0), timeout=5):
        pass
