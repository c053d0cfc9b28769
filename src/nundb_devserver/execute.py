"""What each command does to a node: messages for its session, one outcome (process_request.rs; protocol notes 2)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from nundb_devserver import conflicts, election, reports
from nundb_devserver.commands import (
    Acknowledge,
    Arbiter,
    Auth,
    ClusterState,
    Command,
    CreateDb,
    CreateUser,
    Debug,
    ElectionActive,
    ElectionCandidate,
    ElectionWin,
    Get,
    GetSafe,
    Increment,
    Join,
    Keys,
    Leave,
    ListCommands,
    MetricsState,
    Remove,
    Replicate,
    ReplicateIncrement,
    ReplicateJoin,
    ReplicateLeave,
    ReplicateRemove,
    ReplicateRequest,
    ReplicateSince,
    ReplicateSnapshot,
    Resolve,
    Set,
    SetPermissions,
    SetPrimary,
    SetSecondary,
    Snapshot,
    Unwatch,
    UnwatchAll,
    UseDb,
    Watch,
)
from nundb_devserver.lane import Work
from nundb_devserver.log import REQUESTS
from nundb_devserver.members import Role
from nundb_devserver.permissions import allows, parse_permissions
from nundb_devserver.replication import increment_operation, resolve_operation, write_operation
from nundb_devserver.session import ClusterMark, Failure, Later, Outcome, Session
from nundb_devserver.store import (
    EMPTY,
    PERMISSION_PREFIX,
    PLAIN,
    SECURITY_PREFIX,
    TOKEN_KEY,
    USER_PREFIX,
    Change,
    Database,
)

if TYPE_CHECKING:
    from nundb_devserver.process import Process

NOT_ADMIN = Failure("Not auth")
NO_DATABASE = Failure("error no-db-selected\n")
DENIED = Failure("permission denied\n")
SECURED = Failure("To read security keys you must auth as an admin!")
INVALID_TOKEN = Failure("Invalid token")
INVALID_DATABASE = Failure("Not a valid database name")
NOT_NUMERIC = Failure("Key is not numeric")
TOKEN_STAYS = Failure("$$token key cannot be removed")

ABSENT_VERSION = 1
"""The version that `get-safe` shows for a key that has never been there."""

EVERYBODY = "all"
"""Whose permissions apply where no user is selected."""


def _selected(process: "Process", session: Session) -> Database | Failure:
    database = None if session.database is None else process.databases.get(session.database)
    if database is None:
        return _refuse(session, NO_DATABASE)
    return database


def _accessible(process: "Process", session: Session, key: str, kind: str) -> Database | Failure:
    """Return the selected database, if this session may do something of this kind to this key (security.rs)."""
    is_secured = key.startswith(SECURITY_PREFIX)
    if is_secured and not session.is_admin:
        return SECURED
    database = _selected(process, session)
    if isinstance(database, Failure) or is_secured or _may(session, database, key, kind):
        return database
    return _refuse(session, DENIED)


def _may(session: Session, database: Database, key: str, kind: str) -> bool:
    user = EVERYBODY if session.user is None else session.user
    permissions = database.values.get(f"{PERMISSION_PREFIX}{user}")
    if permissions is None:
        return user == EVERYBODY
    return allows(parse_permissions(permissions.text), kind, key)


def _refuse(session: Session, failure: Failure) -> Failure:
    # The message goes out twice: queued here, and once more as the transport's error (protocol notes 1.1).
    session.send(failure.message)
    return failure


def _acknowledge(process: "Process", _session: Session, command: Acknowledge) -> Outcome:
    process.pending.acknowledge(command.operation_id, command.server)
    return None


def _arbiter(process: "Process", session: Session, _command: Arbiter) -> Outcome:
    database = _selected(process, session)
    if isinstance(database, Failure):
        return database
    session.watched.add(database)
    conflicts.register_arbiter(database, session)
    return None


def _auth(process: "Process", session: Session, command: Auth) -> Outcome:
    if command.user == process.user and command.password == process.password:
        session.is_admin = True
    session.send("valid auth\n" if session.is_admin else "invalid auth\n")
    return None


def _cluster_state(process: "Process", session: Session, _command: ClusterState) -> Outcome:
    session.send(reports.cluster_state(process))
    return None


def _create_db(process: "Process", session: Session, command: CreateDb) -> Outcome:
    is_from_primary = session.mark is not None and session.mark.role is Role.PRIMARY
    if not (process.role is Role.PRIMARY or is_from_primary):
        return Failure("Create database only allow from primary!")
    database = Database(command.name, len(process.databases), command.strategy, process.clock)
    database.apply(database.change(TOKEN_KEY, command.token))
    if not process.add_database(database):
        return Failure("database already exists")
    session.send("create-db success\n")
    return None


def _create_user(process: "Process", session: Session, command: CreateUser) -> Outcome:
    return _write_secured(process, session, f"{USER_PREFIX}{command.user}", command.token)


def _set_permissions(process: "Process", session: Session, command: SetPermissions) -> Outcome:
    text = "|".join(str(permission) for permission in command.permissions)
    return _write_secured(process, session, f"{PERMISSION_PREFIX}{command.user}", text)


def _write_secured(process: "Process", session: Session, key: str, text: str) -> Outcome:
    database = _accessible(process, session, SECURITY_PREFIX, "w")
    if isinstance(database, Failure):
        return database
    outcome = process.write(database, key, text, PLAIN)
    if outcome is None:
        _forward_unless_primary(process, database, key, text, PLAIN)
    return outcome


def _forward_unless_primary(process: "Process", database: Database, key: str, text: str, version: int) -> None:
    if process.role is not Role.PRIMARY:
        process.replicator.send_to_primary(write_operation(database.name, key, text, version))


def _debug(process: "Process", session: Session, command: Debug) -> Outcome | Later:
    if command.report == "force-election":
        process.log.write(REQUESTS, "Force election")
        return _succeed_after(election.start_anew(process))
    if command.report == "pendding-conflitcts":  # sic
        # An error in here does not reach the outcome (process_request.rs: Request::Debug).
        database = _selected(process, session)
        if isinstance(database, Database):
            session.send(reports.conflicts(process, database))
        return None
    report = process.wire.debug_reports.get(command.report)
    if report is None:
        process.log.write(REQUESTS, "Invalid debug command")
    else:
        session.send(report(process))
    return None


def _election_active(_process: "Process", _session: Session, _command: ElectionActive) -> Outcome:
    return None


def _election_candidate(process: "Process", _session: Session, command: ElectionCandidate) -> Outcome | Later:
    return _succeed_after(election.evaluate(process, command.process_id, command.node))


def _election_win(process: "Process", _session: Session, _command: ElectionWin) -> Outcome:
    election.win(process)
    return None


def _get(process: "Process", session: Session, command: Get) -> Outcome:
    database = _accessible(process, session, command.key, "r")
    if isinstance(database, Failure):
        return database
    value = database.values.get(command.key)
    session.send(f"value {EMPTY if value is None else value.text}\n")
    return None


def _get_safe(process: "Process", session: Session, command: GetSafe) -> Outcome:
    database = _accessible(process, session, command.key, "r")
    if isinstance(database, Failure):
        return database
    value = database.values.get(command.key)
    if value is None:
        session.send(f"value-version {ABSENT_VERSION} {EMPTY}\n")
    else:
        session.send(f"value-version {value.version} {value.text}\n")
    return None


def _increment(process: "Process", session: Session, command: Increment) -> Outcome:
    database = _accessible(process, session, command.key, "i")
    if isinstance(database, Failure):
        return database
    if process.role is Role.PRIMARY:
        return None if database.increment(command.key, command.step) else NOT_NUMERIC
    process.replicator.send_to_primary(increment_operation(database.name, command.key, command.step))
    return None


def _join(process: "Process", _session: Session, command: Join) -> Outcome | Later:
    if process.role is Role.SECONDARY:
        return None
    process.topology.join(command.node)
    return _succeed_after(election.start_anew(process))


def _keys(process: "Process", session: Session, command: Keys) -> Outcome:
    database = _selected(process, session)
    if isinstance(database, Failure):
        return database
    found = "".join(f",{key}" for key in database.keys(command.pattern, is_admin=session.is_admin))
    session.send(f"keys {found}\n")
    return None


def _leave(process: "Process", _session: Session, command: Leave) -> Outcome | Later:
    process.topology.leave(command.node)
    return _succeed_after(election.start_anew(process))


def _list_commands(_process: "Process", session: Session, _command: ListCommands) -> Outcome:
    session.send(reports.command_list())
    return None


def _metrics_state(process: "Process", session: Session, _command: MetricsState) -> Outcome:
    session.send(process.wire.metrics_state(process))
    return None


def _remove(process: "Process", session: Session, command: Remove) -> Outcome:
    database = _accessible(process, session, command.key, "x")
    if isinstance(database, Failure):
        return database
    return _remove_from(database, command.key)


def _remove_from(database: Database, key: str) -> Outcome:
    if key == TOKEN_KEY:
        return TOKEN_STAYS
    database.remove(key)
    return None


def _replicate(process: "Process", _session: Session, command: Replicate) -> Outcome:
    database = process.databases.get(command.database)
    if database is None:
        return INVALID_DATABASE
    return process.write(database, command.key, command.text, command.version)


def _replicate_increment(process: "Process", _session: Session, command: ReplicateIncrement) -> Outcome:
    database = process.databases.get(command.database)
    if database is None:
        return INVALID_DATABASE
    # A value that is no number stays as it is, and nobody is told (process_request.rs: ReplicateIncrement).
    database.increment(command.key, command.step)
    return None


def _replicate_join(process: "Process", _session: Session, command: ReplicateJoin) -> Outcome:
    process.topology.meet(command.node)
    return None


def _replicate_leave(process: "Process", _session: Session, command: ReplicateLeave) -> Outcome:
    process.topology.leave(command.node)
    return None


def _replicate_remove(process: "Process", _session: Session, command: ReplicateRemove) -> Outcome:
    database = process.databases.get(command.database)
    return INVALID_DATABASE if database is None else _remove_from(database, command.key)


def _replicate_request(process: "Process", session: Session, command: ReplicateRequest) -> Outcome | Later:
    # Acknowledged before it runs, whatever comes of it and without any right (protocol notes 2.3).
    session.send(f"ack {command.operation_id} {process.name} \n")
    outcome = process.execute(command.text, session)
    if outcome is None or isinstance(outcome, Failure):
        return _note_replicated(process, command.operation_id, outcome)
    return _replicated_after(process, command.operation_id, outcome)


async def _replicated_after(process: "Process", operation_id: int, later: Later) -> Outcome:
    return _note_replicated(process, operation_id, await later)


def _note_replicated(process: "Process", operation_id: int, outcome: Outcome) -> Outcome:
    if outcome is not None and not outcome.is_version_error:
        process.log.write(REQUESTS, f"Error to process message {operation_id}, error: {outcome.message}")
    return outcome


def _replicate_since(process: "Process", _session: Session, command: ReplicateSince) -> Outcome:
    process.topology.bring_up_to_date(command.node, command.since)
    return None


def _replicate_snapshot(process: "Process", _session: Session, command: ReplicateSnapshot) -> Outcome:
    outcome: Outcome = None
    for name in command.databases:
        if not process.queue_snapshot(name, reclaim=command.reclaim):
            outcome = Failure(f"Error trying to snapshot database: Database {name} not found")
    return outcome


def _resolve(process: "Process", session: Session, command: Resolve) -> Outcome:
    process.log.write(REQUESTS, f"Processing resolve for {command.key} to {command.text} ")
    name = command.database if session.is_admin else session.database
    database = None if name is None else process.databases.get(name)
    if database is None:
        _refuse(session, NO_DATABASE)
    elif process.role is Role.PRIMARY:
        conflicts.resolve(
            database,
            Change(command.key, command.text, command.version, command.operation_id),
            process.replicate_change,
        )
    else:
        process.forward_verdict(resolve_operation(command))
    return None


def _set(process: "Process", session: Session, command: Set) -> Outcome:
    key = command.key
    database = _accessible(process, session, key, "w")
    if isinstance(database, Failure):
        return database
    outcome = process.write(database, key, command.text, command.version)
    # A secondary forwards even what it has refused itself (process_request.rs: Request::Set).
    _forward_unless_primary(process, database, key, command.text, command.version)
    return outcome


def _set_primary(process: "Process", session: Session, command: SetPrimary) -> Outcome | Later:
    if process.role is Role.PRIMARY:
        process.log.write(
            REQUESTS,
            f"Got a set primary from {command.node} but already is a primary... There is going to be war!!",
        )
        return _succeed_after(election.start_anew(process))
    process.log.write(REQUESTS, f"Setting {command.node} as primary!")
    process.topology.follow(command.node)
    process.role = Role.SECONDARY
    session.mark = ClusterMark(command.node, Role.PRIMARY)
    return None


def _set_secondary(process: "Process", session: Session, command: SetSecondary) -> Outcome:
    process.log.write(REQUESTS, f"Setting {command.node} as secondary!")
    session.mark = ClusterMark(command.node, Role.SECONDARY)
    return None


def _snapshot(process: "Process", session: Session, command: Snapshot) -> Outcome:
    if not command.databases:
        if session.database is None:
            return Failure("No database selected")
        process.queue_snapshot(session.database, reclaim=command.reclaim)
        return None
    missing = [name for name in command.databases if name not in process.databases]
    if len(missing) == 1:
        return Failure(f"{missing[0]} is not a valid database name")
    if missing:
        return Failure("".join(f"{name}, " for name in missing) + "are not a valid database names")
    for name in command.databases:
        process.queue_snapshot(name, reclaim=command.reclaim)
    return None


def _unwatch(process: "Process", session: Session, command: Unwatch) -> Outcome:
    database = _selected(process, session)
    if isinstance(database, Failure):
        return database
    database.unwatch(command.key, session)
    return None


def _unwatch_all(process: "Process", session: Session, _command: UnwatchAll) -> Outcome:
    database = _selected(process, session)
    if isinstance(database, Failure):
        return database
    database.unwatch_all(session)
    return None


def _use_db(process: "Process", session: Session, command: UseDb) -> Outcome:
    database = process.databases.get(command.name)
    if database is None:
        return INVALID_DATABASE
    token_key = TOKEN_KEY if command.user is None else f"{USER_PREFIX}{command.user}"
    token = database.values.get(token_key)
    if token is None or token.text != command.token:
        return INVALID_TOKEN
    session.database = command.name
    if command.user is not None:
        session.user = command.user
    process.count_connection(database, 1)
    return None


def _watch(process: "Process", session: Session, command: Watch) -> Outcome:
    database = _accessible(process, session, command.key, "r")
    if isinstance(database, Failure):
        return database
    session.watched.add(database)
    database.watch(command.key, session)
    return None


def _succeed_after(work: Work | None) -> Later | None:
    return None if work is None else _succeed_late(work)


async def _succeed_late(work: Work) -> Outcome:
    await work
    return None


FOR_ADMINS = frozenset(
    {
        Acknowledge,
        ClusterState,
        CreateDb,
        Debug,
        ElectionCandidate,
        ElectionWin,
        Join,
        Leave,
        ListCommands,
        MetricsState,
        Replicate,
        ReplicateIncrement,
        ReplicateJoin,
        ReplicateLeave,
        ReplicateRemove,
        ReplicateSince,
        ReplicateSnapshot,
        SetPrimary,
        SetSecondary,
        Snapshot,
    }
)
"""Commands that need an administrator, and fail with `Not auth` else (security.rs: apply_if_auth)."""


def run(process: "Process", session: Session, command: Command) -> Outcome | Later:
    """Run a command.

    Raises:
        Panic: where the original's handler thread would die.
    """
    kind = type(command)
    if kind in FOR_ADMINS and not session.is_admin:
        return NOT_ADMIN
    return HANDLERS[kind](process, session, command)


HANDLERS: dict[type, Callable[..., Outcome | Later]] = {
    Acknowledge: _acknowledge,
    Arbiter: _arbiter,
    Auth: _auth,
    ClusterState: _cluster_state,
    CreateDb: _create_db,
    CreateUser: _create_user,
    Debug: _debug,
    ElectionActive: _election_active,
    ElectionCandidate: _election_candidate,
    ElectionWin: _election_win,
    Get: _get,
    GetSafe: _get_safe,
    Increment: _increment,
    Join: _join,
    Keys: _keys,
    Leave: _leave,
    ListCommands: _list_commands,
    MetricsState: _metrics_state,
    Remove: _remove,
    Replicate: _replicate,
    ReplicateIncrement: _replicate_increment,
    ReplicateJoin: _replicate_join,
    ReplicateLeave: _replicate_leave,
    ReplicateRemove: _replicate_remove,
    ReplicateRequest: _replicate_request,
    ReplicateSince: _replicate_since,
    ReplicateSnapshot: _replicate_snapshot,
    Resolve: _resolve,
    Set: _set,
    SetPermissions: _set_permissions,
    SetPrimary: _set_primary,
    SetSecondary: _set_secondary,
    Snapshot: _snapshot,
    Unwatch: _unwatch,
    UnwatchAll: _unwatch_all,
    UseDb: _use_db,
    Watch: _watch,
}
"""What runs each command."""
