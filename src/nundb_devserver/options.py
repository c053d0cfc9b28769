"""Settings of nodes, as plain data."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

from nundb_devserver.log import Sink
from nundb_devserver.ports import HOST
from nundb_devserver.releases import CURRENT

DEFAULT_USER: Final = "nun"
DEFAULT_PASSWORD: Final = "nun-pwd"  # noqa: S105 - the original's own default for development
"""Where NUN_USER and NUN_PWD are unset (configuration.rs)."""

DEFAULT_DECLUTTER_SECONDS: Final = 300.0
DEFAULT_MAX_OPLOG_BYTES: Final = 1_073_741_824
"""The original's defaults (protocol notes 9)."""

_MAX_LINE_BYTES: Final = 64 * 1024 * 1024
"""The original has no limit; a server that wants to stay up has one."""
_CROWDED_OPERATIONS: Final = 250_000
"""Real nodes had lost the threads of their links with 275,000 operations pending, and none with 40,000."""


class Transport(Enum):
    """How clients talk to a node; TCP is also how nodes talk to each other."""

    TCP = "tcp"
    WEBSOCKET = "websocket"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class Clock:
    """Where a node takes the time from, in nanoseconds.

    `now` counts from the epoch and never says the same twice: it numbers operations. `elapsed` measures durations.
    Timers are those of the event loop.
    """

    now: Callable[[], int] = time.time_ns
    elapsed: Callable[[], int] = time.perf_counter_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOptions:
    """One node. Defaults are the original's (protocol notes 9), except for what is said.

    A port of 0 means any free one. `log` takes the log; None switches it off. `data` is the directory for its files;
    None means a temporary one that goes with the node. `release` is one of releases.RELEASES. `is_faithful` also
    copies what is of no use: the second that a node waits for others when it has reached none, and the deaths of
    listeners and of the whole process that some input causes. `max_line_bytes` limits one command.
    While more than `crowded_operations` are pending, links fall behind with acknowledgements (protocol notes 6.8).
    """

    user: str = DEFAULT_USER
    password: str = DEFAULT_PASSWORD
    host: str = HOST
    external_address: str | None = None
    websocket_port: int = 0
    http_port: int = 0
    tcp_port: int = 0
    data: Path | None = None
    log: Sink | None = None
    release: str = CURRENT
    election_timeout_seconds: float = 1.0
    starting_up_seconds: float = 1.0
    declutter_seconds: float = DEFAULT_DECLUTTER_SECONDS
    max_oplog_bytes: int = DEFAULT_MAX_OPLOG_BYTES
    max_line_bytes: int = _MAX_LINE_BYTES
    crowded_operations: int = _CROWDED_OPERATIONS
    is_faithful: bool = False
    clock: Clock = field(default_factory=Clock)

    @property
    def tcp_address(self) -> str:
        """Where the node listens for others, and its name in its cluster unless there is an external address."""
        return f"{self.host}:{self.tcp_port}"

    @property
    def name(self) -> str:
        """The node's name in its cluster, which the others dial."""
        return self.external_address or self.tcp_address

    def port(self, transport: Transport) -> int:
        """Return the port of a transport."""
        return {
            Transport.TCP: self.tcp_port,
            Transport.WEBSOCKET: self.websocket_port,
            Transport.HTTP: self.http_port,
        }[transport]
