"""Which targets may be probed. Whatever a target is written like, only what the list says is ever asked."""

import ipaddress
import socket

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nundb_exporter.config.allow import AllowList, parse_allowed, parse_target
from nundb_exporter.errors import ConfigError


def allowing(*entries: str) -> AllowList:
    """Return the list of these entries."""
    return AllowList(tuple(parse_allowed("targets.allow", entry) for entry in entries))


LIST = allowing("nun-db-*.nun-db.svc:3013", "10.1.0.0/16:3013", "[fd00:1::/64]:3013", "https://*.example.com:443")
ANYTHING = allowing("0.0.0.0/0:3013", "[::/0]:3013", "*:3013")


def is_allowed(target: str, allowed: AllowList = LIST) -> bool:
    """Whether a target would be looked up or dialled."""
    try:
        return allowed.refusal(parse_target("target", target)) is None
    except ConfigError:
        return False


@pytest.mark.parametrize(
    "target",
    [
        "nun-db-0.nun-db.svc:3013",
        "http://nun-db-0.nun-db.svc:3013",
        "HTTP://NUN-DB-0.NUN-DB.SVC:3013/",
        "nun-db-0.nun-db.svc.:3013",
        "tcp://nun-db-0.nun-db.svc:3013",
        "10.1.0.7:3013",
        "10.1.255.255:03013",
        "[::ffff:10.1.0.7]:3013",
        "[fd00:1::7]:3013",
        "[FD00:1:0:0:0:0:0:7]:3013",
        "https://shop.example.com:443",
        "https://shop.example.com",
    ],
)
def test_a_target_on_the_list_is_allowed(target: str) -> None:
    """In every way of writing it."""
    assert is_allowed(target)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "nun-db-0.nun-db.svc",
        "nun-db-0.nun-db.svc:3014",
        "nun-db-0.nun-db.svc:3013/admin",
        "nun-db-0.nun-db.svc:3013?x",
        "nun-db-0.nun-db.svc:3013#@evil.example",
        "nun-db-0.nun-db.svc:3013@evil.example:3013",
        "evil.example\\@nun-db-0.nun-db.svc:3013",
        "user:secret@nun-db-0.nun-db.svc:3013",
        "@nun-db-0.nun-db.svc:3013",
        "//nun-db-0.nun-db.svc:3013",
        "http:nun-db-0.nun-db.svc:3013",
        "ftp://nun-db-0.nun-db.svc:3013",
        "file:///etc/passwd",
        "https://nun-db-0.nun-db.svc:3013",
        "nun-db-0.evil.example.nun-db.svc:3013",
        "nun-db-0.nun-db.svc.evil.example:3013",
        "xnun-db-0.nun-db.svc:3013",
        "nun-db-0.nun-db.svc..:3013",
        "nun-db-0%2enun-db.svc:3013",
        "nun-db-0.nun-db.svc%00:3013",
        "nun-db-0.nun-db.svc%2f.evil.example:3013",
        "nun-db-ö.nun-db.svc:3013",
        "nun-db-0。nun-db.svc:3013",
        "nun\N{SOFT HYPHEN}-db-0.nun-db.svc:3013",
        "nun-db-0.nun-db.svc:\N{ARABIC-INDIC DIGIT THREE}013",
        "nun-db-0.nun-db.svc:3013\r\nHost: evil.example",
        "10.2.0.7:3013",
        "10.1.0.7:3012",
        "10.1.0.007:3013",
        "012.1.0.7:3013",
        "0x0a.1.0.7:3013",
        "10.1.7:3013",
        "167837703:3013",
        "10.1.0.7.:3013",
        "[10.1.0.7]:3013",
        "[::ffff:10.2.0.7]:3013",
        "[::10.1.0.7]:3013",
        "[fd00:1::7%25eth0]:3014",
        "[fd00:2::7]:3013",
        "http://shop.example.com:443",
        "https://a.b.example.com:443",
        "https://example.com:443",
    ],
)
def test_any_other_target_is_refused(target: str) -> None:
    """Other hosts and ports, credentials, paths, and what somebody else may read differently."""
    assert not is_allowed(target)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "0.0.0.0",
        "100.100.100.200",
        "168.63.129.16",
        "224.0.0.1",
        "255.255.255.255",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "::",
        "ff02::1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
    ],
)
def test_addresses_of_no_node_are_refused_even_where_everything_is_allowed(address: str) -> None:
    """Link-local, metadata of clouds, multicast and this machine, also inside IPv6: as a target and behind a name."""
    bracketed = f"[{address.replace('%', '%25')}]" if ":" in address else address
    assert not is_allowed(f"{bracketed}:3013", ANYTHING)
    assert not ANYTHING.admits(parse_target("target", "nun-db:3013"), address)


@pytest.mark.parametrize(
    ("entry", "target"),
    [
        ("169.254.7.0/24:3013", "169.254.7.1:3013"),
        ("169.254.169.254:3013", "169.254.169.254:3013"),
        ("[fe80::/64]:3013", "[fe80::1%25eth0]:3013"),
        ("[fd00:ec2::254]:3013", "[fd00:ec2::254]:3013"),
    ],
)
def test_such_an_address_that_is_written_out_is_allowed(entry: str, target: str) -> None:
    """Somebody has meant it."""
    assert is_allowed(target, allowing(entry))


def test_an_empty_list_allows_nothing() -> None:
    """Then only configured nodes may be probed, which need no list."""
    assert not is_allowed("127.0.0.1:3013", AllowList())
    assert not is_allowed("localhost:3013", AllowList())


@pytest.mark.parametrize(
    ("entries", "address", "is_admitted"),
    [
        (["nun-db:3013"], "192.0.2.1", True),
        (["nun-db:3013"], "169.254.169.254", False),
        (["nun-db:3013", "10.1.0.0/16:3013"], "10.1.2.3", True),
        (["nun-db:3013", "10.1.0.0/16:3013"], "192.0.2.1", False),
        (["nun-db:3013", "10.1.0.0/16:3013"], "::ffff:10.1.2.3", True),
        (["nun-db:3013", "10.1.0.0/16:4000"], "192.0.2.1", True),
        (["nun-db:3013", "169.254.7.0/24:3013"], "169.254.7.1", True),
        (["nun-db:3013"], "not an address", False),
    ],
)
def test_what_a_name_resolves_to_is_checked(entries: list[str], address: str, *, is_admitted: bool) -> None:
    """Where the list has networks for the port it must be in one of them, and it is nowhere that no node can be."""
    assert allowing(*entries).admits(parse_target("target", "nun-db:3013"), address) is is_admitted


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("nun-db", "does not end with a port"),
        ("nun-db:0", "does not end with a port"),
        ("nun-db:*", "does not end with a port"),
        (":3013", "does not end with a port"),
        ("10.1.0.7/16:3013", "is not a network"),
        ("10.1.0.0/33:3013", "is not a network"),
        ("fd00::1:3013", "has brackets where none belong, or lacks them"),
        ("fd00::zz:3013", "is not an address with a port"),
        ("[10.1.0.7]:3013", "has brackets where none belong, or lacks them"),
        ("[nun-db]:3013", "is not an address with a port"),
        ("0177.0.0.1:3013", "is not an address with a port"),
        ("ftp://nun-db:3013", "has no scheme of Nun-db"),
        ("user@nun-db:3013", "is neither a pattern of names nor a network"),
        ("nun..db:3013", "is neither a pattern of names nor a network"),
        ("nün-db:3013", "is neither a pattern of names nor a network"),
    ],
)
def test_an_entry_that_says_nothing_clear_is_an_error(entry: str, problem: str) -> None:
    """With what is wrong with it, and how to write one."""
    with pytest.raises(ConfigError, match=problem) as caught:
        parse_allowed("targets.allow", entry)
    assert "write it as nun-db-*" in str(caught.value)


def dialled_by_the_system(host: str) -> str | None:
    """Return the address that the system takes a host for without asking anybody; None if it would have to ask."""
    try:
        found = socket.getaddrinfo(host, 3013, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return str(found[0][4][0])


NUMBERS = st.one_of(
    st.integers(0, 2**32).map(str),
    st.integers(0, 2**32).map(hex),
    st.integers(0, 2**16).map(lambda number: f"0{number:o}"),
)
NUMERIC_HOSTS = st.lists(NUMBERS, min_size=1, max_size=4).map(".".join)
IPV6_HOSTS = st.ip_addresses(v=6).map(lambda address: f"[{address}]")
MAPPED_HOSTS = st.ip_addresses(v=4).map(lambda address: f"[::ffff:{address}]")
ODD_HOSTS = st.text("0123456789abcdefx.:%[]@\\/?#-_*é ", max_size=30)


@given(host=st.one_of(NUMERIC_HOSTS, IPV6_HOSTS, MAPPED_HOSTS, ODD_HOSTS), suffix=st.sampled_from(["", ".", ":3013"]))
def test_a_target_is_the_address_that_the_system_takes_it_for_or_a_name(host: str, suffix: str) -> None:
    """The list and the system never read the same text differently: the system's own reading is the referee."""
    try:
        endpoint = parse_target("target", f"{host}{suffix}")
    except ConfigError:
        return
    dialled = dialled_by_the_system(endpoint.host)
    try:
        ipaddress.ip_address(endpoint.host)
    except ValueError:
        assert dialled is None
    else:
        assert dialled is None or ipaddress.ip_address(dialled) == ipaddress.ip_address(endpoint.host)


@given(target=st.one_of(ODD_HOSTS, st.text(max_size=40)), port=st.sampled_from(["", ":3013", ":443", ":80"]))
def test_only_hosts_of_the_list_are_ever_allowed(target: str, port: str) -> None:
    """Whatever surrounds them, and however it is spelled."""
    try:
        endpoint = parse_target("target", f"{target}{port}")
    except ConfigError:
        return
    if LIST.refusal(endpoint) is None:
        name = endpoint.host.removesuffix(".")
        is_name = name.endswith((".nun-db.svc", ".example.com"))
        assert is_name or ipaddress.ip_address(name) in ipaddress.ip_network("10.1.0.0/16")


@given(address=st.ip_addresses())
@example(address=ipaddress.ip_address("10.1.0.7"))
@example(address=ipaddress.ip_address("fd00:1::7"))
@example(address=ipaddress.ip_address("::ffff:10.1.0.7"))
def test_a_network_holds_what_its_arithmetic_says(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """A referee that compares bits: the first 16 of an IPv4 address, the first 64 of an IPv6 address."""
    is_v4 = isinstance(address, ipaddress.IPv4Address)
    host = str(address) if is_v4 else f"[{address}]"
    mapped = address if isinstance(address, ipaddress.IPv4Address) else address.ipv4_mapped
    expected = (
        mapped.packed[:2] == bytes([10, 1])
        if mapped is not None
        else address.packed[:8] == bytes([0xFD, 0, 0, 1, 0, 0, 0, 0])
    )
    assert is_allowed(f"{host}:3013") is expected
