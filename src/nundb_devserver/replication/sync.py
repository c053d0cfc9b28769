"""What a member that joins is sent (replication_ops.rs: get_pendding_opps_since; protocol notes 6.7).

The lines lack the version, so that the receiver takes the first word of every value for it: a real replica that rejoins
holds damaged values until each key is written again, and so does ours.
"""

from collections.abc import Iterator

from nundb_devserver.data.oplog import Kind
from nundb_devserver.data.store import ADMIN_DATABASE, CONNECTIONS_KEY, EMPTY, TOKEN_KEY, Database
from nundb_devserver.log import REPLICATION
from nundb_devserver.state import State


def lines(state: State, since: int) -> list[str]:
    """Return the commands that bring a member up to date from an operation id; from 0, everything."""
    if since == 0:
        state.log.write(REPLICATION, "Will perform a full sync!")
        return [line for database in state.databases.values() for line in _everything(database)]
    return list(_recorded(state, since))


def _everything(database: Database) -> Iterator[str]:
    if database.name == ADMIN_DATABASE:
        return
    yield _create(database)
    for key, value in database.values.items():
        if key not in (TOKEN_KEY, CONNECTIONS_KEY):
            yield f"replicate {database.name} {key} {value.text}"
    yield f"replicate-snapshot {database.name}"


def _recorded(state: State, since: int) -> Iterator[str]:
    names = {database.number: database for database in state.databases.values()}
    for record in state.oplog.since(since):
        database = names.get(record.database)
        key = state.keymap.key(record.key)
        # The original ends where a number means nothing to it (replication_ops.rs: unwrap).
        if database is None or (key is None and record.kind in (Kind.UPDATE, Kind.REMOVE)):
            continue
        if record.kind is Kind.UPDATE:
            value = database.values.get(key or "")
            yield f"replicate {database.name} {key} {EMPTY if value is None else value.text}"
        elif record.kind is Kind.REMOVE:
            yield f"replicate-remove {database.name} {key}"
        elif record.kind is Kind.CREATE_DB:
            yield _create(database)
        else:
            yield f"replicate-snapshot {database.name}"


def _create(database: Database) -> str:
    token = database.values.get(TOKEN_KEY)
    return f"create-db {database.name} {EMPTY if token is None else token.text}"
