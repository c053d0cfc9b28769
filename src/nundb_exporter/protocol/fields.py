"""What the replies mean: a parser for each, for every Nun-db since 2021-10 (protocol notes 5.3, 6.6).

The longest of all is read in protocol/pending.py.
"""

import re
from typing import Final, NamedTuple

from nundb_exporter.errors import ProtocolError

# Without \b a long word that is no field would be tried from each of its letters: quadratic time.
_FIELD: Final = re.compile(r"\b(\w+): ([^,\s]*)")
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", re.ASCII)
_COUNT: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_VERSION: Final = re.compile(r"-?[0-9]{1,10}", re.ASCII)
_EMPTY: Final = "<Empty>"
"""What stands for the value of a key that does not exist."""


class MetricsState(NamedTuple):
    """`metrics-state`; None for a number that this server does not have."""

    pending_operations: int
    oplog_bytes: int | None
    oplog_records: int | None
    replication_milliseconds: float | None
    query_milliseconds: float | None


def metrics_state(text: str) -> MetricsState:
    """Read `metrics-state` in any of its five forms, by the names of its fields.

    Raises:
        ProtocolError: no field for the pending operations, or a value that is not a number.
    """
    fields = _named(text)
    pending = fields.get("pending_ops", fields.get("pending_opps"))  # sic: 2021-10 wrote it with two p
    if pending is None:
        raise ProtocolError("metrics-state: no field pending_ops")
    size, records = fields.get("op_log_file_size"), fields.get("op_log_count")
    replication, query = fields.get("replication_time_moving_avg"), fields.get("get_query_time_moving_avg")
    return MetricsState(
        _count(pending, "pending_ops"),
        None if size is None else _count(size, "op_log_file_size"),
        None if records is None else _count(records, "op_log_count"),
        None if replication is None else _number(replication, "replication_time_moving_avg"),
        None if query is None else _number(query, "get_query_time_moving_avg"),
    )


class Member(NamedTuple):
    """One line of `cluster-state`. `connection` is None for the node itself and for servers before 2023-11-19."""

    name: str
    is_self: bool
    is_connected: bool | None
    role: str


_ROLES: Final = {"Primary": "primary", "Secoundary": "secondary", "StartingUp": "starting_up"}  # sic
_STATE: Final = r"(?:\((self|Connected|Disconnected)\))?"
_MEMBER: Final = re.compile(rf"\s*(\S+?){_STATE}:({'|'.join(_ROLES)})\s*,")


def cluster_state(text: str) -> tuple[Member, ...]:
    """Read `cluster-state`; empty until the node's first election.

    Raises:
        ProtocolError: anything in it is not a member.
    """
    members = []
    position = len("cluster-state ")
    while found := _MEMBER.match(text, position):
        name, state, role = found.groups()
        connected = None if state in {None, "self"} else state == "Connected"
        members.append(Member(name, state == "self", connected, _ROLES[role]))
        position = found.end()
    if text[position:].strip():
        raise ProtocolError("cluster-state: a member is not `name(state):role,`")
    return tuple(members)


def process_start(text: str) -> float:
    """Read the start time out of `debug process-info`, in seconds since the epoch.

    Raises:
        ProtocolError: no number after `process_id:`.
    """
    return _count(_named(text).get("process_id", ""), "process_id") / 1000


_DATABASE_END: Final = re.compile(r" : (\w+)(?:\n|$)", re.ASCII)


def databases(text: str) -> tuple[tuple[str, str], ...]:
    """Read `debug list-dbs`: names and conflict strategies, sorted by name (the server lists them in hash order).

    A name may hold anything but a space, even a newline, and may be empty.

    Raises:
        ProtocolError: a line is not `name : strategy`.
    """
    header, _, listing = text.partition("\n")
    *pairs, rest = _DATABASE_END.split(listing)
    if rest or header != "dbs-list ":
        raise ProtocolError("dbs-list: a line is not `name : strategy`")
    return tuple(sorted(zip(pairs[::2], pairs[1::2], strict=True)))


def key_names(text: str) -> list[str]:
    """Read `keys`: each name follows a comma. A name that itself holds a comma counts as several.

    Raises:
        ProtocolError: the list does not begin with a comma.
    """
    before, *names = text.removeprefix("keys ").split(",")
    if before:
        raise ProtocolError("keys: the list does not begin with a comma")
    return names


def conflict_keys(text: str) -> list[str]:
    """Read `keys $conflicts_*`: every name begins alike, so a comma within one is told from a comma between two.

    Raises:
        ProtocolError: the list does not begin with such a name.
    """
    before, *names = text.removeprefix("keys ").split(",$conflicts_")
    if before:
        raise ProtocolError("keys: the list does not begin with a comma and a conflict")
    return [f"$conflicts_{name}" for name in names]


def value(text: str) -> str | None:
    """Read `get`; None if there is no such key."""
    told = text.removeprefix("value ")
    return None if told == _EMPTY else told


def versioned_count(text: str) -> int:
    """Read `value-version <version> <count>`: the form of `get-safe $connections`.

    Raises:
        ProtocolError: not a version and a number.
    """
    version, _, value = text.removeprefix("value-version ").partition(" ")
    if not _VERSION.fullmatch(version):
        raise ProtocolError("value-version: no version")
    if value == _EMPTY:
        return 0
    return _count(value, "$connections")


def _named(text: str) -> dict[str, str]:
    return dict(_FIELD.findall(text))


def _count(text: str, field: str) -> int:
    if not _COUNT.fullmatch(text):
        raise ProtocolError(f"{field}: not a whole number")
    return int(text)


def _number(text: str, field: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ProtocolError(f"{field}: not a number")
    return float(text)
