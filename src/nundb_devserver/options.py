"""Settings of nodes and clusters, as plain data."""

from dataclasses import dataclass
from pathlib import Path

from nundb_devserver.log import Sink
from nundb_devserver.reports import CURRENT

DEFAULT_USER = "nun"
DEFAULT_PASSWORD = "nun-pwd"  # noqa: S105 - the original's own default for development
"""Where NUN_USER and NUN_PWD are unset (configuration.rs)."""

DEFAULT_PORT_BASE = 3010
PORTS_PER_NODE = 10
WEBSOCKET_PORT, HTTP_PORT, TCP_PORT = 2, 3, 4
"""Offsets within a node's ten ports: with the default base, one node has Nun-db's own 3012, 3013 and 3014."""


@dataclass(frozen=True, kw_only=True)
class NodeOptions:
    """One node. Defaults are the original's (protocol notes 9), except for what is said.

    A port of 0 means any free one. `log` takes the log; None switches it off. `data` is the directory for its files;
    None means a temporary one that goes with the node. `wire` is one of reports.WIRES. `is_faithful` copies also what
    nobody needs: the second that a node waits for others when it has reached none, and the deaths of listeners and of
    the whole process that some input causes.
    """

    user: str = DEFAULT_USER
    password: str = DEFAULT_PASSWORD
    host: str = "127.0.0.1"
    external_address: str | None = None
    websocket_port: int = 0
    http_port: int = 0
    tcp_port: int = 0
    data: Path | None = None
    log: Sink | None = None
    wire: str = CURRENT
    election_timeout_seconds: float = 1.0
    starting_up_seconds: float = 1.0
    declutter_seconds: float = 300.0
    max_oplog_bytes: int = 1_073_741_824
    is_faithful: bool = False

    @property
    def tcp_address(self) -> str:
        """Where the node listens for others, and its name in its cluster unless there is an external address."""
        return f"{self.host}:{self.tcp_port}"

    @property
    def name(self) -> str:
        """The node's name in its cluster, which the others dial."""
        return self.external_address or self.tcp_address
