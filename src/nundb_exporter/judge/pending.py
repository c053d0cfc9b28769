"""Pending operations in groups, as `nundb-exporter pending` lists them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nundb_exporter.protocol.pending import PendingOperation


@dataclass(frozen=True, slots=True)
class PendingGroup:
    """Operations of one kind in one database that one member has not acknowledged."""

    member: str
    database: str
    operation: str
    count: int
    oldest_seconds: float | None
    """None if no operation has a time, as with snapshots."""
    sample_keys: tuple[str, ...]


_SAMPLE_KEYS: Final = 3
_NOT_TOLD: Final = "(not told)"
_ALL: Final = "(all acknowledged)"
"""In place of a member: two snapshots that overlapped are one entry that is never complete (protocol notes 6.8)."""


def group_pending(operations: Sequence[PendingOperation], now: float) -> list[PendingGroup]:
    """Group operations by member, database and kind; the oldest come first."""
    groups: dict[tuple[str, str, str], list[PendingOperation]] = {}
    for operation in operations:
        owing = [member for member, is_acknowledged in operation.acknowledged.items() if not is_acknowledged]
        for member in owing or [_ALL if operation.acknowledged else _NOT_TOLD]:
            groups.setdefault((member, operation.database, operation.operation), []).append(operation)
    found = []
    for (member, database, kind), members in groups.items():
        times = [operation.op_id for operation in members if operation.op_id]
        keys = Counter(operation.key for operation in members if operation.key)
        found.append(
            PendingGroup(
                member=member,
                database=database,
                operation=kind,
                count=len(members),
                oldest_seconds=now - min(times) / 1e9 if times else None,
                sample_keys=tuple(key for key, _ in keys.most_common(_SAMPLE_KEYS)),
            )
        )
    return sorted(found, key=lambda group: -(group.oldest_seconds or 0))
