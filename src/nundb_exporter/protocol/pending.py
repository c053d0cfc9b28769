"""What `debug pending-ops` means: each operation by itself, or what all of them come to (protocol notes 5.4).

A node can owe its members a hundred thousand operations, so what every operation takes is kept small: the text is cut
at its borders, and what the operations have in common is read once.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from nundb_exporter.errors import ProtocolError


class PendingOperation(NamedTuple):
    """An operation that not every member has acknowledged."""

    op_id: int
    """Nanoseconds since the epoch by the node's clock; 0 for every snapshot since 2025-08-16."""
    operation: str
    database: str
    """Empty where the operation concerns no database."""
    key: str
    acknowledged: Mapping[str, bool]
    """By member; empty for servers of 2022-01 to 2022-06, which do not report it. Operations share one where they say
    the same."""


class PendingShare(NamedTuple):
    """The operations of one sort that say the same about who has acknowledged them."""

    acknowledged: Mapping[str, bool]
    """As of each operation."""
    op_ids: Sequence[int]
    is_about_cluster: bool
    """Whether they announce members or elections: nothing is lost with them but the news."""


class PendingSummary(NamedTuple):
    """What a list of pending operations comes to; it is empty if the list is."""

    shares: Sequence[PendingShare] = ()
    counts: Mapping[tuple[str, str], int] = {}
    """By database and operation."""


_PREFIX: Final = "pending-ops "
_BORDER: Final = '\nmessage: "'
"""Between two operations: a key may hold a newline and no space, a value spaces and no newline."""
_FIRST: Final = f"{_PREFIX}{_BORDER.lstrip()}"
_OP_ID: Final = '", opp_id: '
_MAX_DIGITS: Final = 20
_TOLD: Final = re.compile(r'ack_count: \d+, replicate_count: \d+(?:, replications: ([^"]*)| ?)', re.ASCII)
_OPERATIONS: Final = {
    "replicate": "update",
    "replicate-remove": "remove",
    "replicate-increment": "increment",
    "create-db": "create_db",
    "replicate-snapshot": "snapshot",
}
_WITH_KEY: Final = frozenset({"replicate", "replicate-remove", "replicate-increment"})
_KEY_POSITION: Final = 2
_DATABASE_POSITION: Final = {"resolve": 2}
"""Which word names the database, where it is not the first after the verb: `resolve <op id> <database> …`."""
_NO_DATABASE: Final = frozenset({"set-primary", "election", "replicate-join", "replicate-leave", "leave", "join"})


def pending_summary(text: str) -> PendingSummary:
    """Sum up `debug pending-ops`: all that a page shows of it, in a quarter of the time that each operation would take.

    Raises:
        ProtocolError: an entry is not in the grammar.
    """
    alike = defaultdict[tuple[str, ...], list[str]](list)
    for message, op_id, told in _entries(text):
        words = message.split(" ", 3)
        alike[told, *words[: _DATABASE_POSITION.get(words[0], 1) + 1]].append(op_id)
    op_ids = defaultdict[tuple[str, bool], list[int]](list)
    counts = defaultdict[tuple[str, str], int](int)
    for (told, *words), found in alike.items():
        database = _database(words)
        operation = _OPERATIONS.get(words[0], "other")
        op_ids[told, not database and words[0] not in _OPERATIONS] += _numbers(found)
        counts[database, operation] += len(found)
    meanings = {told: _acknowledgements(told) for told, _ in op_ids}
    shares = [PendingShare(meanings[told], ids, is_about_cluster) for (told, is_about_cluster), ids in op_ids.items()]
    return PendingSummary(shares, counts)


def pending_operations(text: str) -> list[PendingOperation]:
    """Read every operation of `debug pending-ops`.

    Raises:
        ProtocolError: an entry is not in the grammar.
    """
    meanings: dict[str, Mapping[str, bool]] = {}
    operations = []
    for message, op_id, told in _entries(text):
        if told not in meanings:
            meanings[told] = _acknowledgements(told)
        words = message.split(" ", 3)
        key = words[_KEY_POSITION] if words[0] in _WITH_KEY and len(words) > _KEY_POSITION else ""
        operation = _OPERATIONS.get(words[0], "other")
        (number,) = _numbers([op_id])
        operations.append(PendingOperation(number, operation, _database(words), key, meanings[told]))
    return operations


def _entries(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield of each operation its message, its id, and what it tells of the members."""
    before, *entries = text.split(_BORDER)
    if before.startswith(_FIRST):
        entries.insert(0, before.removeprefix(_FIRST))
    elif before.removeprefix(_PREFIX) not in {"", "\n"}:
        raise _outside_the_grammar()
    for entry in entries:
        message, found, rest = entry.rpartition(_OP_ID)
        if not found:
            raise _outside_the_grammar()
        op_id, _, told = rest.partition(", ")
        yield message, op_id, told


def _numbers(op_ids: list[str]) -> list[int]:
    digits = "".join(op_ids)
    if not (all(op_ids) and digits.isascii() and digits.isdecimal() and max(map(len, op_ids)) <= _MAX_DIGITS):
        raise _outside_the_grammar()
    return [*map(int, op_ids)]


def _outside_the_grammar() -> ProtocolError:
    return ProtocolError("pending-ops: an entry is not `message, opp_id, ack_count, replicate_count, replications`")


def _database(words: Sequence[str]) -> str:
    position = _DATABASE_POSITION.get(words[0], 1)
    return words[position] if len(words) > position and words[0] not in _NO_DATABASE else ""


def _acknowledgements(told: str) -> Mapping[str, bool]:
    """Read `…, replications: , <member>:<true|false>, …`; the list begins with its separator."""
    found = _TOLD.fullmatch(told)
    if found is None:
        raise _outside_the_grammar()
    acknowledgements = {}
    for entry in (found[1] or "").split(", "):
        member, separator, acknowledged = entry.strip(" ,").rpartition(":")
        if separator and acknowledged in {"true", "false"}:
            acknowledgements[member] = acknowledged == "true"
        elif entry.strip(" ,"):
            raise ProtocolError("pending-ops: a replication is not `member:true` or `member:false`")
    return acknowledgements
