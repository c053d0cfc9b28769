"""The commands that the exporter sends. None of them changes anything: a monitoring client only reads.

Never sent: force-election, snapshot, set, join, election.
"""

from typing import Final, NamedTuple


class Command(NamedTuple):
    """One command line: what goes over the wire, and what may be shown of it."""

    text: str
    shown: str
    """The command with its secrets masked: fit for logs and error texts."""
    prefixes: tuple[str, ...] = ()
    """What a reply of success starts with; empty when the command queues no message."""

    def __repr__(self) -> str:
        return f"<command {self.shown}>"

    def __str__(self) -> str:
        return self.shown


def _plain(text: str, prefix: str) -> Command:
    return Command(text, text, (prefix,))


METRICS_STATE: Final = Command("metrics-state", "metrics-state", ("metrics-state ", "oplog-state "))
"""Between 2021-12-18 and 2021-12-19 the reply began with `oplog-state` (protocol notes 5.3)."""
OPLOG_STATE: Final = _plain("oplog-state", "oplog-state ")
"""What `metrics-state` was called before 2021-12-19."""
CLUSTER_STATE: Final = _plain("cluster-state", "cluster-state ")
PROCESS_INFO: Final = _plain("debug process-info", "process-info ")
LIST_DBS: Final = _plain("debug list-dbs", "dbs-list ")
PENDING_OPS: Final = _plain("debug pending-ops", "pending-ops ")
ACTING_ROLE: Final = Command("create-db $admin x", "create-db $admin x")
"""Refused by every node; the text of the refusal shows its acting role. Changes nothing (protocol notes 6.6)."""
CONNECTIONS: Final = _plain("get-safe $connections", "value-version ")
KEYS: Final = _plain("keys", "keys ")
CONFLICT_KEYS: Final = _plain("keys $conflicts_*", "keys ")


def auth(user: str, password: str) -> Command:
    """Authenticate as the administrator. Both arguments are checked before (credentials.py)."""
    return Command(f"auth {user} {password}", f"auth {user} ****", ("valid auth", "invalid auth"))


def use_db(name: str, token: str) -> Command:
    """Select a database; it counts as one of its connections until the connection or request ends."""
    return Command(f"use-db {name} {token}", f"use-db {name} ****")


def get(key: str) -> Command:
    """Read one value."""
    return _plain(f"get {key}", "value ")
