"""When the canary must not write: a primary keeps each write for a member that hangs, in memory and for ever."""

from collections.abc import Collection, Iterable

from nundb_exporter.protocol.pending import PendingOperation
from nundb_exporter.quantities import listed, visible


def owed(operations: Iterable[PendingOperation], database: str) -> set[str]:
    """Return the members that have not acknowledged an operation on the canary's database."""
    return {
        member
        for operation in operations
        if operation.database == database
        for member, is_acknowledged in operation.acknowledged.items()
        if not is_acknowledged
    }


def reason(silent: Collection[str], waited_for: Collection[str]) -> str | None:
    """Return why nothing may be written; None if it may.

    Args:
        silent: members that have taken a connection and do not answer.
        waited_for: members for which the primary still keeps the last word.
    """
    if silent:
        return f"{_names(silent)} does not answer, and the primary would keep each write for it"
    if waited_for:
        return f"the primary still keeps the last word for {_names(waited_for)}"
    return None


def _names(members: Iterable[str]) -> str:
    return listed([visible(member) for member in sorted(members)])
