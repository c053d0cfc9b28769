"""The texts of cluster-state, metrics-state, list-commands and debug, today's and those of older servers.

Today's are in the protocol notes 2.2, 5.3, 5.4 and 6.6; what older servers printed is in the tables of 5.3 and 6.6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nundb_devserver.averages import float_text, plain_float_text
from nundb_devserver.commands import Command, MetricsState
from nundb_devserver.log import REQUESTS
from nundb_devserver.parse import PARSERS, ParseError, parse
from nundb_devserver.store import Database, State

if TYPE_CHECKING:
    from nundb_devserver.process import Process

Report = Callable[["Process"], str]

CONFLICTS_LOOKED_FOR = "$$conflitcts"  # sic
"""No key ever starts like this, so that the report is always empty (protocol notes 2.2)."""


def cluster_state(process: "Process") -> str:
    """Return the reply to `cluster-state`."""
    members = process.members.text(
        (process.name, process.options.tcp_address), with_connections=process.wire.shows_connections
    )
    return f"cluster-state {members}\n"


def command_list() -> str:
    """Return the reply to `list-commands`."""
    return f"commands-list {''.join(f',{verb}' for verb in PARSERS)}\n"


def conflicts(process: "Process", database: Database) -> str:
    """Return the reply to `debug pendding-conflitcts` (sic)."""
    keys = "".join(
        f",{key}"
        for key, value in database.values.items()
        if value.state is not State.DELETED and key.startswith(CONFLICTS_LOOKED_FOR)
    )
    process.log.write(REQUESTS, f"Peding conflitcts on the server {keys}")  # sic
    return f"conflitcts-list {keys}\n"  # sic


def database_list(process: "Process") -> str:
    """Return the reply to `debug list-dbs`."""
    entries = "\n".join(f"{database.name} : {database.strategy.word}" for database in process.databases.values())
    return f"dbs-list \n{entries}\n"


def pending_operations(process: "Process") -> str:
    """Return the reply to `debug pending-ops`, whose whole text also goes to the log."""
    entries = "\n".join(process.pending.texts(with_servers=process.wire.shows_servers))
    process.log.write(REQUESTS, f"Peding messages on the server {entries}")  # sic
    return f"pending-ops {entries}\n"


def process_info(process: "Process") -> str:
    """Return the reply to `debug process-info`."""
    return f"process-info \nprocess_id: {process.process_id}\n"


def metrics_state(process: "Process", prefix: str = "metrics-state") -> str:
    """Return the five numbers, with two newlines at the end and no space after the third comma."""
    number = float_text if process.wire.has_exponents else plain_float_text
    return (
        f"{prefix} {_oplog(process)},"
        f"replication_time_moving_avg: {number(process.replication_average.value)}, "
        f"get_query_time_moving_avg: {number(process.query_average.value)}\n\n"
    )


def _oplog_only(process: "Process") -> str:
    return f"oplog-state {_oplog(process)}\n"


def _pending_only(process: "Process") -> str:
    return f"oplog-state pending_opps: {len(process.pending)}\n"  # sic


def _metrics_state_as_oplog_state(process: "Process") -> str:
    return metrics_state(process, "oplog-state")


def _oplog(process: "Process") -> str:
    size = process.oplog.size()
    return f"pending_ops: {len(process.pending)}, op_log_file_size: {size}, op_log_count: {size // RECORD_BYTES}"


RECORD_BYTES = 25

TODAYS_REPORTS: Mapping[str, Report] = {
    "pending-ops": pending_operations,
    "list-dbs": database_list,
    "process-info": process_info,
}


@dataclass(frozen=True, kw_only=True)
class Wire:
    """How a server of some time prints. The verb of the five numbers was `oplog-state` at first."""

    about: str
    metrics_verb: str = "metrics-state"
    metrics_state: Report = metrics_state
    has_exponents: bool = True
    shows_connections: bool = True
    shows_servers: bool = True
    lists_commands: bool = True
    debug_reports: Mapping[str, Report] = field(default_factory=lambda: TODAYS_REPORTS)

    @property
    def speaks_todays_grammar(self) -> bool:
        """Whether every verb of today is known, and no other."""
        return self.lists_commands

    def parse(self, text: str) -> Command:
        """Read one command as a server of that time did.

        Raises:
            ParseError: it was not known then, or is wrong in itself.
        """
        verb = text.strip("\n").rstrip(";").split(" ", 1)[0]
        if verb == self.metrics_verb:
            return MetricsState()
        if verb in ("metrics-state", "list-commands") or (verb == "debug" and not self.debug_reports):
            raise ParseError(f"unknown command: {verb}")
        return parse(text)


CURRENT = "current"

WIRES: Mapping[str, Wire] = {
    "2021-10": Wire(
        about="oplog-state with the pending operations alone",
        metrics_verb="oplog-state",
        metrics_state=_pending_only,
        has_exponents=False,
        shows_connections=False,
        lists_commands=False,
        debug_reports={},
    ),
    "2021-11": Wire(
        about="oplog-state without averages",
        metrics_verb="oplog-state",
        metrics_state=_oplog_only,
        has_exponents=False,
        shows_connections=False,
        lists_commands=False,
        debug_reports={},
    ),
    "2021-12": Wire(
        about="metrics-state that still answers oplog-state, with five numbers and never an exponent",
        metrics_state=_metrics_state_as_oplog_state,
        has_exponents=False,
        shows_connections=False,
        lists_commands=False,
        debug_reports={},
    ),
    "2022-01": Wire(
        about="metrics-state as today; debug pending-ops, without the servers",
        has_exponents=False,
        shows_connections=False,
        shows_servers=False,
        lists_commands=False,
        debug_reports={"pending-ops": pending_operations},
    ),
    "2023-10": Wire(
        about="everything but process-info and the (self), (Connected) and (Disconnected) of cluster-state",
        shows_connections=False,
        debug_reports={"pending-ops": pending_operations, "list-dbs": database_list},
    ),
    CURRENT: Wire(about="as commit ca22706 of 2026-03-07"),
}
"""The formats that a node can be made to speak, oldest first."""
