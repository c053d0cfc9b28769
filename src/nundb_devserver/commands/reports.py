"""The texts of cluster-state, metrics-state and debug, as the node's release printed them.

Today's are in the protocol notes 2.2, 5.3, 5.4 and 6.6; what older servers printed is in the tables of 5.3 and 6.6.
"""

from collections.abc import Callable, Mapping
from typing import Final

from nundb_devserver.data.oplog import RECORD_BYTES
from nundb_devserver.data.store import Database, DiskState
from nundb_devserver.log import REQUESTS
from nundb_devserver.numbers import float_text, plain_float_text
from nundb_devserver.releases import Metrics
from nundb_devserver.state import State

_CONFLICTS_LOOKED_FOR: Final = "$$conflitcts"  # sic
"""No key ever starts like this, so that the report is always empty (protocol notes 2.2)."""


def cluster_state(state: State) -> str:
    """Return the reply to `cluster-state`."""
    own_names = (state.name, state.options.tcp_address)
    members = state.members.text(own_names, with_connections=state.release.shows_connections)
    return f"cluster-state {members}\n"


def metrics_state(state: State) -> str:
    """Return the five numbers, with two newlines at the end and no space after the third comma; or fewer, as once."""
    release = state.release
    pending, size = len(state.pending), state.oplog.size()
    if release.metrics is Metrics.PENDING_ONLY:
        return f"{release.metrics_title} pending_opps: {pending}\n"  # sic
    oplog = f"pending_ops: {pending}, op_log_file_size: {size}, op_log_count: {size // RECORD_BYTES}"
    if release.metrics is Metrics.OPLOG_ONLY:
        return f"{release.metrics_title} {oplog}\n"
    number = float_text if release.has_exponents else plain_float_text
    return (
        f"{release.metrics_title} {oplog},"
        f"replication_time_moving_avg: {number(state.replication_average.value)}, "
        f"get_query_time_moving_avg: {number(state.query_average.value)}\n\n"
    )


def conflicts(state: State, database: Database) -> str:
    """Return the reply to `debug pendding-conflitcts` (sic)."""
    keys = "".join(
        f",{key}"
        for key, value in database.values.items()
        if value.state is not DiskState.DELETED and key.startswith(_CONFLICTS_LOOKED_FOR)
    )
    state.log.write(REQUESTS, f"Peding conflitcts on the server {keys}")  # sic
    return f"conflitcts-list {keys}\n"  # sic


def debug(state: State, name: str) -> str | None:
    """Return the reply to `debug` with the name of a report; None if there is no such report."""
    return _REPORTS[name](state) if name in state.release.debug_reports else None


def _databases(state: State) -> str:
    entries = "\n".join(f"{database.name} : {database.strategy.word}" for database in state.databases.values())
    return f"dbs-list \n{entries}\n"


def _pending_operations(state: State) -> str:
    # The whole text also goes to the log, as in the original.
    entries = "\n".join(state.pending.texts(with_servers=state.release.shows_servers))
    state.log.write(REQUESTS, f"Peding messages on the server {entries}")  # sic
    return f"pending-ops {entries}\n"


def _process_info(state: State) -> str:
    return f"process-info \nprocess_id: {state.process_id}\n"


_REPORTS: Final[Mapping[str, Callable[[State], str]]] = {
    "list-dbs": _databases,
    "pending-ops": _pending_operations,
    "process-info": _process_info,
}
