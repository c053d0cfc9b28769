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
_BEHIND_A_NUMBER: Final = frozenset({"resolve"})
"""The database is the second word after the verb, not the first: `resolve <op id> <database> …`."""
_NO_DATABASE: Final = frozenset({"set-primary", "election", "replicate-join", "replicate-leave", "leave", "join"})


def pending_summary(text: str) -> PendingSummary:
    """Sum up `debug pending-ops`: all that a page shows of it, in half of the time that each operation would take.

    Raises:
        ProtocolError: an entry is not in the grammar.
    """
    alike = defaultdict[tuple[str, str, str], list[str]](list)
    for kind, op_id, _ in _entries(text):
        alike[kind].append(op_id)
    op_ids = defaultdict[tuple[str, bool], list[int]](list)
    counts = defaultdict[tuple[str, str], int](int)
    for (told, verb, database), found in alike.items():
        op_ids[told, not database and verb not in _OPERATIONS] += _numbers(found)
        counts[database, _OPERATIONS.get(verb, "other")] += len(found)
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
    for (told, verb, database), op_id, words in _entries(text):
        if told not in meanings:
            meanings[told] = _acknowledgements(told)
        key = words.partition(" ")[0] if verb in _WITH_KEY else ""
        (number,) = _numbers([op_id])
        operations.append(PendingOperation(number, _OPERATIONS.get(verb, "other"), database, key, meanings[told]))
    return operations


def _entries(text: str) -> Iterator[tuple[tuple[str, str, str], str, str]]:
    """Yield of each operation its kind, its id, and the words that follow the database.

    The kind is what it tells of the members, its verb, and the database that it concerns.
    """
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
        verb, _, words = message.partition(" ")
        if verb in _BEHIND_A_NUMBER:
            words = words.partition(" ")[2]
        database, _, words = words.partition(" ")
        yield (told, verb, "" if verb in _NO_DATABASE else database), op_id, words


def _numbers(op_ids: list[str]) -> list[int]:
    digits = "".join(op_ids)
    if not (all(op_ids) and digits.isascii() and digits.isdecimal() and max(map(len, op_ids)) <= _MAX_DIGITS):
        raise _outside_the_grammar()
    return [*map(int, op_ids)]


def _outside_the_grammar() -> ProtocolError:
    return ProtocolError("pending-ops: an entry is not `message, opp_id, ack_count, replicate_count, replications`")


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
