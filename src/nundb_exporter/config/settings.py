"""The settings as the rest of the program knows them, and the checks of their text forms."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypedDict
from urllib.parse import urlsplit

from nundb_exporter.credentials import Credentials, DatabaseAccess, unseen, without_editor_marks
from nundb_exporter.errors import ConfigError

DEFAULT_URL: Final = "http://localhost:3013"
DEFAULT_LISTEN_ADDRESS: Final = ":9898"
REPORT_PATH: Final = "/report"
"""Where the judgement of the nodes is served."""
PROBE_PATH: Final = "/probe"
"""Where the metrics of a node are served that the query names."""
SLOW_PATH: Final = "/slow"
"""Where the slowest commands of the log are served, if it is read."""
DISCOVERY_PATH: Final = "/sd"
"""Where the members that are found are served."""
DEFAULT_TELEMETRY_PATH: Final = "/metrics"
DEFAULT_MAX_REQUESTS: Final = 40
DEFAULT_TIMEOUT_OFFSET: Final = 0.25
DEFAULT_MAX_PENDING_OPERATIONS: Final = 1000
DEFAULT_TIMEOUT: Final = 10.0
"""Seconds for a scrape whose client does not say: Prometheus' own default."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443, "tcp": 3014}
_MAX_PORT: Final = 65535
_UNIX: Final = "unix:"
_AUTHORITY: Final = re.compile(r"(?:\[[^\[\]]+\]|[^\[\]:]+)(?::[0-9]*)?")
"""Host and port of a URL: urlsplit drops what stands around the brackets of an IPv6 address without a word."""
_ANOTHER_URL: Final = re.compile(r"[,; ] *[A-Za-z]+://")
_LABEL: Final = re.compile(r"[A-Za-z0-9_-]{1,63}", re.ASCII)
"""A part of a name, as the resolver takes it; an underscore is none of a host's, and in use all the same."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a node listens."""

    scheme: str
    host: str
    """A name or an address; an IPv6 address may have a zone, as `fe80::1%eth0`."""
    port: int
    path: str = "/"

    @property
    def is_secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.scheme in {"https", "wss"}

    @property
    def authority(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def server_name(self) -> str:
        """The host as certificates have it: without the zone of an IPv6 address, and without a name's final dot."""
        return self.host.partition("%")[0] if ":" in self.host else self.host.removesuffix(".")

    @property
    def host_header(self) -> str:
        """The host as it belongs into the header Host: with the port only if it is not the scheme's own."""
        host = _bracketed(self.server_name)
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        # A zone in a URL is written with `%25` (RFC 6874).
        authority = self.authority.replace("%", "%25") if ":" in self.host else self.authority
        return f"{self.scheme}://{authority}{self.path if self.path != '/' else ''}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def parse_endpoint(setting: str, url: str) -> Endpoint:
    """Read a node's URL; white space around it, and a byte order mark before it, are not part of it.

    Raises:
        ConfigError: not a URL, a scheme that Nun-db does not speak, or credentials in it (they would reach logs).
    """
    url = without_editor_marks(url.strip()).strip()
    _check_letters(setting, url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ConfigError(setting, "is not a URL", f"write it as {DEFAULT_URL}") from None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        schemes = ", ".join(_DEFAULT_PORTS)
        raise ConfigError(
            setting, "is not a URL with a scheme of Nun-db and a host", f"use one of {schemes}, as in {DEFAULT_URL}"
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigError(setting, "holds credentials, which would show in logs", "set NUN_USER and NUN_PWD instead")
    if (
        parts.query
        or parts.fragment
        or not (parts.path.isascii() and parts.path.isprintable() and " " not in parts.path)
    ):
        raise ConfigError(setting, "holds more than scheme, host, port and path", f"write it as {DEFAULT_URL}")
    if not host.isascii():
        cure = "write it as domain registries do, with xn-- before it"
        raise ConfigError(setting, "has a host with letters beyond ASCII", cure)
    host = host.replace("%25", "%", 1) if ":" in host else host
    if port == 0 or not _AUTHORITY.fullmatch(parts.netloc) or not is_host(host):
        raise ConfigError(setting, "has no usable host and port", f"write it as {DEFAULT_URL}")
    return Endpoint(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], parts.path or "/")


def _check_letters(setting: str, url: str) -> None:
    if any(character in url for character in "\t\r\n"):  # urlsplit would drop them without a word
        raise ConfigError(setting, "contains a tab or a line end", f"write it as {DEFAULT_URL}")
    for position, character in enumerate(url, 1):
        if name := unseen(character):
            raise ConfigError(setting, f"contains {name} at position {position}, which cannot be seen", "remove it")
    if _ANOTHER_URL.search(url):
        raise ConfigError(setting, "holds several URLs", "list them in a configuration file, below targets.nodes")


def is_host(host: str) -> bool:
    """Tell whether a text is a name that can be looked up, or an address; an IPv6 address may have a zone."""
    if ":" in host:
        try:
            IPv6Address(host)
        except ValueError:
            return False
        return host.isascii() and host.isprintable()
    return all(_LABEL.fullmatch(label) for label in host.removesuffix(".").split("."))


def parse_port(text: str) -> int | None:
    """Parse a port from 0 to 65535; None if it is not one."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_PORT))
    return int(text) if is_number and int(text) <= _MAX_PORT else None


def parse_listen_address(setting: str, text: str) -> tuple[str | None, int]:
    """Read `host:port` or `:port`; no host means every address of the machine.

    Raises:
        ConfigError: no port up to 65535, or a host that no address or name can be.
    """
    host, separator, digits = text.rpartition(":")
    port = parse_port(digits)
    if not separator or port is None:
        raise ConfigError(setting, "is not host:port", "write it as :9898, 127.0.0.1:9898 or [::1]:9898")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    is_bracketed = bare != host
    if ":" in host and not is_bracketed:
        raise ConfigError(setting, "has an IPv6 address without brackets", "write it as [::1]:9898")
    if (host and not is_host(bare)) or (is_bracketed and ":" not in bare):
        raise ConfigError(setting, "has no usable host", "write it as :9898, 127.0.0.1:9898 or [::1]:9898")
    return bare or None, port


ListenAddress: TypeAlias = tuple[str | None, int] | Path
"""Host and port, or the path of a UNIX socket."""


def parse_listener(setting: str, text: str) -> ListenAddress:
    """Read `host:port`, `:port` or `unix:PATH`.

    Raises:
        ConfigError: no path after `unix:`, or as parse_listen_address.
    """
    if not text.startswith(_UNIX):
        return parse_listen_address(setting, text)
    path = text.removeprefix(_UNIX)
    if not path:
        raise ConfigError(setting, "names no path of a UNIX socket", "write it as unix:/run/nundb-exporter.sock")
    return Path(path)


@dataclass(frozen=True, slots=True)
class Tls:
    """How the certificate of a node is verified, and the client certificate; names of PEM files."""

    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    server_name: str | None = None
    insecure_skip_verify: bool = False


TransportName = Literal["http", "tcp", "websocket"]


class TransportPorts(TypedDict):
    """Where a node's three listeners are, for the collector `transports`."""

    http: int
    tcp: int
    websocket: int


# Nun-db's own ports are neighbours: WebSocket 3012, HTTP 3013, TCP 3014 (protocol notes 1).
_OFFSETS: Final = {"ws": 0, "wss": 0, "http": 1, "https": 1, "tcp": 2}


def neighbouring_ports(endpoint: Endpoint) -> TransportPorts:
    """Return the ports of the other transports, as far from the known one as they are by default.

    A neighbour that is no port is 0, where nothing answers.
    """
    first = endpoint.port - _OFFSETS[endpoint.scheme]
    websocket, http, tcp = (port if 0 < port <= _MAX_PORT else 0 for port in range(first, first + 3))
    return TransportPorts(websocket=websocket, http=http, tcp=tcp)


DEFAULT_CANARY_DATABASE: Final = "canary"
DEFAULT_CANARY_INTERVAL: Final = 15.0
DEFAULT_CANARY_DEADLINE: Final = 1.0


@dataclass(frozen=True, slots=True)
class CanarySettings:
    """Where the canary writes, how often, and whom it watches: only the configuration file says so, and no flag."""

    access: DatabaseAccess
    """A database of its own, with its token."""
    name: str | None = None
    """What tells its key from those of other exporters; None: host and port of the node, and this machine if local."""
    interval_seconds: float = DEFAULT_CANARY_INTERVAL
    deadline_seconds: float = DEFAULT_CANARY_DEADLINE
    """How long a word may take to a member, and an answer to us."""
    members: Mapping[str, Endpoint] = field(default_factory=dict)
    """Where members listen for WebSocket, by the names that nodes have for them; others next to their TCP port."""
    allows_foreign_keys: bool = False
    """Whether the database may hold keys that are not the canary's."""


@dataclass(frozen=True, slots=True)
class Module:
    """How nodes of one kind are asked."""

    credentials: Credentials
    collectors: tuple[str, ...]
    """Names of the collectors that are on."""
    databases: tuple[DatabaseAccess, ...] = ()
    tls: Tls = Tls()
    ports: TransportPorts | None = None
    """None: the neighbours of the endpoint's port."""
    max_pending_operations: int = DEFAULT_MAX_PENDING_OPERATIONS
    databases_pattern: re.Pattern[str] | None = None
    """Which databases nundb_database_info shows, by their whole name; None: all."""
    canary: CanarySettings | None = None
    """None: nothing is written."""


@dataclass(frozen=True, slots=True)
class Target:
    """One node, and how to ask it."""

    endpoint: Endpoint
    module: Module


def parse_pattern(setting: str, text: str) -> re.Pattern[str]:
    """Read a regular expression.

    Raises:
        ConfigError: it is none.
    """
    try:
        return re.compile(text)
    except re.error as error:
        raise ConfigError(setting, f"is not a regular expression ({error})", "write it as shop|chat.*") from None


@dataclass(frozen=True, slots=True)
class Web:
    """How the exporter's own HTTP is served."""

    listen: tuple[ListenAddress, ...]
    telemetry_path: str = DEFAULT_TELEMETRY_PATH
    max_requests: int = DEFAULT_MAX_REQUESTS
    timeout_offset: float = DEFAULT_TIMEOUT_OFFSET
    """Seconds left of a scrape's timeout for the answer's way back."""
    uses_systemd_socket: bool = False
    """Whether the sockets are those that systemd has opened, and `listen` is ignored."""
    config_file: str | None = None
    """The web configuration file."""
    has_open_health: bool = False
    """Whether the health pages are answered without a login and beyond the rate limit."""
    route_prefix: str = ""
    """The path below which all pages are, without a final slash."""
