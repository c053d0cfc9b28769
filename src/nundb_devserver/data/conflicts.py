"""What becomes of a stale write (consensus_ops.rs; protocol notes 3.3)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from nundb_devserver.data.store import CONFLICTS_KEY, IN_CONFLICT, Change, Database, Receiver, Strategy
from nundb_devserver.log import CONSENSUS, UNWRAPPED_NONE, Log
from nundb_devserver.numbers import wrap
from nundb_devserver.outcome import Failure, Panic

_RESOLVE: Final = "resolve"
_RESOLVED: Final = "resolved"

_STALE: Final = Failure("Invalid version!", is_version_error=True)

Replicate = Callable[[Database, Change], None]
"""Tells the cluster about a change that no client asked for."""


def write(database: Database, change: Change, log: Log, replicate: Replicate) -> Failure | None:
    """Apply a change; if its version is stale, do what the database's strategy says.

    Raises:
        Panic: the key is in conflict and no conflict of it is stored.
    """
    if database.apply(change):
        return None
    if database.strategy is Strategy.NONE:
        log.write(CONSENSUS, f"Will resolve the conflict in the key {change.key} using None")
        return _STALE
    if database.strategy is Strategy.NEWER:
        log.write(CONSENSUS, f"Will resolve the conflitct in the key {change.key} using Newer")  # sic
        old = database.values[change.key]
        # The change was made on arrival, so only a clock that went backwards makes it the older one.
        is_newer = change.operation_id > old.operation_id
        if is_newer and not database.apply(database.change(change.key, change.text, old.version, resolves=True)):
            return _STALE
        return None
    log.write(CONSENSUS, f"Will resolve the conflitct in the key {change.key} using Arbiter")  # sic
    if not database.has_arbiter:
        log.write(CONSENSUS, "Has no arbiter")
        return Failure("An conflitct happend and there is no arbiter client not connected")  # sic
    return _ask_arbiters(database, change, log, replicate)


def register_arbiter(database: Database, receiver: Receiver) -> None:
    """Watch the conflicts of a database: stored ones are sent at once, to every arbiter; resolved ones are deleted."""
    database.watch(CONFLICTS_KEY, receiver)
    for key in _conflict_keys(database, ""):
        text = database.values[key].text
        if text.startswith(_RESOLVED):
            database.remove(key)
        else:
            database.tell_arbiters(text)


def resolve(database: Database, change: Change, replicate: Replicate) -> None:
    """Apply an arbiter's verdict; the key stays in conflict while others of its conflicts are unresolved."""
    verdict = database.change(_conflict_key(change), f"{_RESOLVED} {change.text}")
    database.apply(verdict)
    replicate(database, verdict)
    is_open = any(not database.values[key].text.startswith(_RESOLVED) for key in _conflict_keys(database, change.key))
    database.apply(replace(change, resolves=True, version=IN_CONFLICT if is_open else change.version))


def _ask_arbiters(database: Database, change: Change, log: Log, replicate: Replicate) -> Failure:
    old = database.values[change.key]
    database.mark_in_conflict(change.key)
    old_text, version = old.text, old.version
    if old.version == IN_CONFLICT:
        # A conflict on top of others waits for the last of them: its name stands where the old value would.
        stored = _conflict_keys(database, change.key)
        if not stored:
            raise Panic(UNWRAPPED_NONE, "consensus_ops.rs:98:66")
        old_text, version = stored[-1], wrap(change.version + len(stored))
    log.write(CONSENSUS, f"Sending conflict to the arbiter {change.key}")
    request = f"{_RESOLVE} {change.operation_id} {database.name} {version} {change.key} {old_text} {change.text}"
    database.tell_arbiters(request)
    key = _conflict_key(change)
    stored_request = database.change(key, request)
    database.apply(stored_request)
    replicate(database, stored_request)
    return Failure(f"$$conflitct unresolved {key}")  # sic


def _conflict_key(change: Change) -> str:
    return f"{CONFLICTS_KEY}_{change.key}_{change.operation_id}"


def _conflict_keys(database: Database, key: str) -> list[str]:
    return database.keys(f"{CONFLICTS_KEY}_{key}", is_admin=True)
