"""What can be wrong with a node while it runs: set by faults, respected by its process."""

from dataclasses import dataclass, field

from nundb_devserver.options import Transport


@dataclass(slots=True)
class Conditions:
    """The state that faults have put a node into. A healthy node has all of these at their defaults.

    None of these is a number that monitoring shows: it sees what the node then does, or does not do.
    """

    is_hung: bool = False
    """As if stopped with SIGSTOP: sockets stay open, nothing is read, nothing happens."""
    is_log_blocked: bool = False
    """Whatever logs something waits: every command. Connections are accepted."""
    is_log_lost: bool = False
    """What is logged is lost."""
    is_mute: bool = False
    """What other nodes send is not read, and so not acknowledged; clients are served."""
    is_cut_off: bool = False
    """No connection to or from another node can be made."""
    joins_nobody: bool = False
    """The next start asks no other node to let it join."""
    drops_verdicts: bool = False
    """A secondary does not forward what an arbiter has resolved."""
    link_delay_seconds: float = 0.0
    """How long what other nodes send is on its way."""
    slow_seconds: float = 0.0
    """How long a command on data takes."""
    clock_offset_nanoseconds: int = 0
    """How far the clock is ahead."""
    password: str | None = None
    """The administrator's password, where it is not the configured one."""
    is_oplog_unreadable: bool = False
    """The operation log cannot be opened to be read, as where its directory or the descriptors are gone."""
    stalls_connections: bool = False
    """Of each four connections over HTTP that are accepted, one is never read."""
    is_disk_full: bool = False
    """The next snapshot cannot be written, which ends the thread that does snapshots."""
    oplog_limit: int | None = None
    """The operation log's limit in bytes, where it is not the configured one."""
    dead_listeners: set[Transport] = field(default_factory=set)
    """The transports on which the node does not listen."""

    @property
    def is_stopped(self) -> bool:
        """Whether nothing is read, and nothing happens."""
        return self.is_hung or self.is_log_blocked
