"""The commands that the exporter sends, and how the reply to each is read.

None of them changes anything: a monitoring client only reads. Those of the canary, which writes, are a list of their
own (canary.py). Never sent by anything else: force-election, snapshot, set, join, election.
"""

from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from nundb_exporter.protocol import fields
from nundb_exporter.protocol.pending import pending_summary

T_co = TypeVar("T_co", covariant=True)


class Command(NamedTuple, Generic[T_co]):
    """One command line: what goes over the wire, what may be shown of it, and what its reply means."""

    text: str
    shown: str
    """The command with its secrets masked: fit for logs and error texts."""
    prefixes: tuple[str, ...]
    """What a reply of success starts with; empty when the command queues no message."""
    read: Callable[[str], T_co]
    """Read the text of such a reply; ProtocolError if it is not in the command's grammar."""

    def __repr__(self) -> str:
        return f"<command {self.shown}>"

    def __str__(self) -> str:
        return self.shown


def _plain(text: str, prefix: str, read: Callable[[str], T_co]) -> Command[T_co]:
    return Command(text, text, (prefix,), read)


METRICS_STATE: Final = Command(
    "metrics-state", "metrics-state", ("metrics-state ", "oplog-state "), fields.metrics_state
)
"""Between 2021-12-18 and 2021-12-19 the reply began with `oplog-state` (protocol notes 5.3)."""
OPLOG_STATE: Final = _plain("oplog-state", "oplog-state ", fields.metrics_state)
"""What `metrics-state` was called before 2021-12-19."""
CLUSTER_STATE: Final = _plain("cluster-state", "cluster-state ", fields.cluster_state)
PROCESS_INFO: Final = _plain("debug process-info", "process-info ", fields.process_start)
LIST_DBS: Final = _plain("debug list-dbs", "dbs-list ", fields.databases)
PENDING_OPS: Final = _plain("debug pending-ops", "pending-ops ", pending_summary)
ACTING_ROLE: Final = Command("create-db $admin x", "create-db $admin x", (), str)
"""Refused by every node; the text of the refusal shows its acting role. Changes nothing (protocol notes 6.6)."""
CONNECTIONS: Final = _plain("get-safe $connections", "value-version ", fields.versioned_count)
KEYS: Final = _plain("keys", "keys ", fields.key_names)
CONFLICT_KEYS: Final = _plain("keys $conflicts_*", "keys ", fields.conflict_keys)


INVALID_TOKEN: Final = "Invalid token"  # noqa: S105 - a refusal, and no token
NO_DATABASE: Final = "Not a valid database name"
"""How `use-db` is refused. Another refusal is not to be shown: it could repeat the token."""


def auth(user: str, password: str) -> Command[str]:
    """Authenticate as the administrator. Both arguments are checked before (credentials.py)."""
    return Command(f"auth {user} {password}", f"auth {user} ****", ("valid auth", "invalid auth"), str)


def use_db(name: str, token: str) -> Command[str]:
    """Select a database; it counts as one of its connections until the connection or request ends."""
    return Command(f"use-db {name} {token}", f"use-db {name} ****", (), str)


def get(key: str) -> Command[str | None]:
    """Read one value."""
    return _plain(f"get {key}", "value ", fields.value)


def keys_matching(pattern: str) -> Command[list[str]]:
    """List keys: `p*` those that begin so, `*s` those that end so, else those that contain it; empty for all."""
    return _plain(f"keys {pattern}", "keys ", fields.key_names) if pattern else KEYS


def is_readable(key: str) -> bool:
    """Whether the name is safe inside a command: any client that may write to the database can choose it.

    `;` would end the command and start another one of that client's choice, with the exporter's rights. A name with a
    newline cannot be read at all (protocol notes 1.0), and white space at its end is cut off over HTTP.
    """
    return bool(key) and key == key.strip() and not any(character in key for character in "; \r\n")
