"""Which targets may be probed: names by pattern, addresses by network, each with its port.

A target comes from a URL that anybody may have written, and whoever is asked is told the password. So a name must match
a pattern before it is looked up, and what it resolves to is checked again before it is dialled. Nothing here looks
anything up.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from nundb_exporter.config.settings import Endpoint, parse_endpoint, parse_port
from nundb_exporter.errors import ConfigError

_Address: TypeAlias = IPv4Address | IPv6Address
_Network: TypeAlias = IPv4Network | IPv6Network

_EXAMPLE: Final = "write it as nun-db-*.nun-db.svc:3013, 10.1.0.0/16:3013 or [fd00:1::/64]:3013"
_PLAIN: Final = frozenset({"http", "tcp", "ws"})
"""What an entry without a scheme is for: all that sends the password in the clear. TLS has to be written, so that a
target cannot ask a node over plain HTTP which is meant to be asked over TLS alone."""
_SECURE: Final = frozenset({"https", "wss"})
_LABEL: Final = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_PATTERN: Final = re.compile(r"[a-z0-9_*-]{1,63}(?:\.[a-z0-9_*-]{1,63})*", re.ASCII)
_IN_LABEL: Final = "[a-z0-9_-]*"
"""What `*` stands for: letters of one label. If it could hold a dot, `nun-db-*` would allow nun-db-0.example.com."""
_NUMERIC: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
"""A last label that makes systems read a name as an address: 127.1, 0177.0.0.1, 2130706433, 0x7f.1."""

_UNLIKELY: Final[tuple[_Network, ...]] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # connecting to it reaches this machine
        "::/128",
        "169.254.0.0/16",  # link-local; also where most clouds serve a machine's credentials
        "fe80::/10",
        "fec0::/10",
        "100.100.100.200/32",  # metadata of Alibaba Cloud
        "168.63.129.16/32",  # of Azure
        "192.0.0.192/32",  # of Oracle Cloud
        "fd00:ec2::/32",  # of Amazon
        "fd20:ce::254/128",  # of Google
        "fd00:42::42/128",  # of Scaleway
        "224.0.0.0/4",  # multicast
        "ff00::/8",
        "240.0.0.0/4",  # reserved, and the broadcast address
    )
)
"""Where no node is, and where a request can do harm: refused unless an entry lies in the same range."""
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOW_32_BITS: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Allowed:
    """One entry of the list: a pattern of names or a network."""

    schemes: frozenset[str]
    port: int
    pattern: re.Pattern[str] | None = None
    network: _Network | None = None

    def is_for(self, endpoint: Endpoint) -> bool:
        """Whether it speaks of such a scheme and port."""
        return endpoint.scheme in self.schemes and endpoint.port == self.port


def parse_allowed(setting: str, text: str) -> Allowed:
    """Read an entry: `[SCHEME://]HOST:PORT`, where the host is a pattern of names, an address or a network.

    In a pattern, `*` stands for letters of one label.

    Raises:
        ConfigError: it is none.
    """
    scheme, found, rest = text.rpartition("://")
    if found and scheme not in _PLAIN | _SECURE:
        raise ConfigError(setting, "has no scheme of Nun-db", _EXAMPLE)
    host, _, digits = rest.rpartition(":")
    port = parse_port(digits)
    if not host or not port:
        raise ConfigError(setting, "does not end with a port", _EXAMPLE)
    schemes = frozenset({scheme}) if found else _PLAIN
    is_bracketed = host.startswith("[") and host.endswith("]")
    bare = host[1:-1] if is_bracketed else host
    try:
        network = ip_network(bare)
    except ValueError:
        if is_bracketed or "/" in host or ":" in host or _is_numeric(host):
            problem = "is not a network" if "/" in host else "is not an address with a port"
            raise ConfigError(setting, problem, _EXAMPLE) from None
    else:
        if is_bracketed != (network.version == 6):  # noqa: PLR2004 - the version of IP
            raise ConfigError(setting, "has brackets where none belong, or lacks them", _EXAMPLE)
        return Allowed(schemes, port, network=network)
    name = host.lower().removesuffix(".")
    if not _PATTERN.fullmatch(name):
        raise ConfigError(setting, "is neither a pattern of names nor a network", _EXAMPLE)
    return Allowed(schemes, port, re.compile(re.escape(name).replace(r"\*", _IN_LABEL), re.ASCII))


def parse_target(setting: str, text: str) -> Endpoint:
    """Read a target: a node's URL, whose scheme is http where none is given.

    Raises:
        ConfigError: it is none, or its host is an address in a form that systems read differently.
    """
    endpoint = parse_endpoint(setting, text if "://" in text else f"http://{text}")
    if _literal(endpoint.host) is None:
        name = endpoint.host.removesuffix(".")
        if not _NAME.fullmatch(name) or _is_numeric(name):
            raise ConfigError(setting, "has a host that is neither a name nor an address", "write it as 10.1.0.7:3013")
    return endpoint


@dataclass(frozen=True, slots=True)
class AllowList:
    """All entries. An empty list allows nothing."""

    entries: tuple[Allowed, ...] = ()

    def refusal(self, endpoint: Endpoint) -> str | None:
        """Return why a target may not be asked, or None; what its name resolves to is yet to be checked."""
        if endpoint.path != "/":
            return "has a path, which only configured nodes may have"
        literal = _literal(endpoint.host)
        if literal is not None:
            return None if self._holds(endpoint, literal) else "is not in targets.allow"
        name = endpoint.host.removesuffix(".")
        patterns = [entry.pattern for entry in self.entries if entry.pattern and entry.is_for(endpoint)]
        return None if any(pattern.fullmatch(name) for pattern in patterns) else "is not in targets.allow"

    def admits(self, endpoint: Endpoint, address: str) -> bool:
        """Whether an address that the host of an allowed target resolved to may be dialled.

        Where the list has networks for this port, it must be in one of them.
        """
        found = _literal(address)
        if found is None:
            return False
        has_networks = any(entry.network and entry.is_for(endpoint) for entry in self.entries)
        return self._holds(endpoint, found) or not (has_networks or _is_unlikely(found))

    def _holds(self, endpoint: Endpoint, address: _Address) -> bool:
        """Whether the address is in a network of the list."""
        networks = [entry.network for entry in self.entries if entry.network and entry.is_for(endpoint)]
        holding = [network for network in networks if address in network]
        if _is_unlikely(address):
            holding = [network for network in holding if _is_written_out(network)]
        return bool(holding)


def _literal(host: str) -> _Address | None:
    """Return the address that a host is; an IPv4 address that is mapped into IPv6 is dialled as that IPv4 address."""
    try:
        found = ip_address(host)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_numeric(name: str) -> bool:
    return _NUMERIC.fullmatch(name.removesuffix(".").rpartition(".")[2]) is not None


def _is_unlikely(address: _Address) -> bool:
    return any(each in network for each in (address, *_embedded(address)) for network in _UNLIKELY)


def _embedded(address: _Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses that a router may make of an IPv6 address."""
    if isinstance(address, IPv4Address):
        return ()
    found = [address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(IPv4Address(int(address) & _LOW_32_BITS))
    return tuple(each for each in found if each is not None)


def _is_written_out(network: _Network) -> bool:
    """Whether somebody must have meant it: it is one address, or lies in a range where no node is expected."""
    return network.num_addresses == 1 or any(
        network.version == unlikely.version and network.subnet_of(unlikely)  # type: ignore[arg-type] # of one version
        for unlikely in _UNLIKELY
    )
