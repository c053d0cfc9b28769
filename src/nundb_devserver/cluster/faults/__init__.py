"""What can go wrong with a cluster, each switchable while it runs.

A fault puts a node into a condition, or does what an operator, a client or a network may do; what monitoring then shows
comes of the messages that the nodes send each other. A healthy run has none of these. Snapshots always go out under
operation id 0, as with the real server: they leak only where two overlap, which the fault makes happen and a healthy
workload does not.
"""

from collections.abc import Mapping
from typing import Final

from nundb_devserver.cluster.faults import data, files, logs, membership, processes
from nundb_devserver.cluster.faults.fault import Fault
from nundb_devserver.errors import UnknownError

FAULTS: Final[Mapping[str, Fault]] = {
    fault.name: fault
    for fault in (
        processes.hung_node,
        processes.hung_replica,
        processes.dead_replica,
        processes.dead_node,
        data.snapshot_leak,
        membership.two_primaries,
        membership.isolated_member,
        membership.no_primary,
        processes.http_dead,
        processes.http_stall,
        processes.websocket_dead,
        processes.tcp_dead,
        processes.few_descriptors,
        data.resolve_storm,
        data.sync_damage,
        data.strategy_mismatch,
        data.missing_database,
        processes.slow_command,
        membership.slow_link,
        processes.wrong_clock,
        processes.wrong_password,
        processes.restart,
        processes.restart_loop,
        membership.flapping_elections,
        data.connection_leak,
        data.unresolved_conflicts,
        data.oplog_near_limit,
        files.disk_full,
        files.unsafe_restart,
        files.reclaim_damage,
        logs.blocked_log,
        logs.lost_log,
        logs.lost_worker,
        logs.metrics_panic,
        logs.dead_watchers,
        logs.refused_writes,
    )
}
"""Every fault, by its name."""


def fault_named(name: str) -> Fault:
    """Return a fault.

    Raises:
        UnknownError: there is none of this name.
    """
    if name not in FAULTS:
        raise UnknownError(f"fault: {name} is not known; use one of {', '.join(FAULTS)}")
    return FAULTS[name]
