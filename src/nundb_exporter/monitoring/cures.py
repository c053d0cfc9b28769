"""Where each cure of the runbook was tried: drills that carry it out, and what of it nobody has tried.

A cure that was only thought out may make things worse, as that of a resolve storm once did. Tests hold every alert to
an entry here, and every drill that is named to its plan.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nundb_exporter.monitoring.alerts import (
    canary,
    cluster,
    databases,
    exporter,
    files,
    host,
    log,
    node,
    oplog,
    replication,
)
from nundb_exporter.quantities import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Cure:
    """What was tried of one cure."""

    real: tuple[str, ...] = ()
    """Drills on real nodes that end with it; docs/drills-real.md has their figures."""
    embedded: tuple[str, ...] = ()
    """Drills on embedded nodes, exporters and Prometheus that end with it."""
    untried: str = ""
    """What was not tried, as a clause."""

    @property
    def sentence(self) -> str:
        """Tell it in the runbook."""
        places = []
        if self.real:
            places.append(f"on real nodes ([drills-real.md](drills-real.md): {_names(self.real)})")
        if self.embedded:
            places.append(f"on embedded nodes ([drills.md](drills.md): {_names(self.embedded)})")
        if not places:
            return f"No: {self.untried}."
        rest = f" Not tried: {self.untried}." if self.untried else ""
        return f"Yes, {' and '.join(places)}.{rest}"


def _names(drills: tuple[str, ...]) -> str:
    return listed([f"*{name}*" for name in drills])


_NO_FULL_DISK: Final = "the disk of who runs the drills is not filled"

CURES: Final[Mapping[str, Cure]] = {
    node.DOWN.name: Cure(real=("dead replica", "dead primary", "panic at each start"), embedded=("dead-node",)),
    node.HUNG.name: Cure(
        real=("hung replica, 2 writes/s", "hung replica, 25 writes/s", "hung replica, 200 writes/s", "hung primary"),
        embedded=("hung-node", "hung primary"),
        untried="a node that swaps, or whose four HTTP workers are busy",
    ),
    node.CREDENTIALS_REFUSED.name: Cure(embedded=("wrong-password",)),
    node.ANSWER_UNREADABLE.name: Cure(embedded=("web page",)),
    node.TRANSPORT_DOWN.name: Cure(real=("dead WebSocket", "dead HTTP")),
    node.RESTART_LOOP.name: Cure(real=("panic at each start",), embedded=("restart-loop",)),
    node.CLOCKS_APART.name: Cure(
        real=("panic at each start",),
        embedded=("wrong-clock",),
        untried="slewing a clock, and what is left of a clock that was set back on a real node, but for the panic",
    ),
    node.QUERIES_SLOW.name: Cure(untried="it depends on the clients, and the drill's just stop"),
    exporter.DOWN.name: Cure(embedded=("stopped exporter",)),
    exporter.ABSENT.name: Cure(embedded=("vanished targets",)),
    exporter.COLLECTOR_FAILING.name: Cure(
        embedded=("changed token",), untried="disabling a collector, which is a restart of the exporter"
    ),
    exporter.SCRAPE_SLOW.name: Cure(untried="the drill's slow commands just become fast again"),
    exporter.REQUESTS_REFUSED.name: Cure(untried="the drill's flood of requests just ends"),
    exporter.SAMPLES_LOST.name: Cure(untried="there is nothing to do but to report it"),
    exporter.RELOAD_FAILED.name: Cure(untried="the exporters of the drills have no file to read again"),
    cluster.NO_PRIMARY.name: Cure(real=("no primary",)),
    cluster.SEVERAL_PRIMARIES.name: Cure(real=("isolated member",)),
    cluster.SEVERAL_ACTING_PRIMARIES.name: Cure(real=("isolated member",)),
    cluster.NO_ACTING_PRIMARY.name: Cure(
        real=("primary that steps back", "no primary"), embedded=("primary that steps back",)
    ),
    cluster.ROLE_NOT_ACTED.name: Cure(real=("primary that does not act",)),
    cluster.MEMBERS_DISAGREE.name: Cure(real=("isolated member", "missed database")),
    cluster.MEMBER_MISSING.name: Cure(embedded=("vanished member",)),
    cluster.ELECTIONS_FLAPPING.name: Cure(
        untried="it depends on which link breaks, and the drill's elections just end"
    ),
    replication.NOT_ACKNOWLEDGING.name: Cure(real=("hung replica, 2 writes/s",), embedded=("hung-replica",)),
    replication.PENDING_GROWING.name: Cure(
        real=("hung replica, 25 writes/s",),
        embedded=("hung-replica, 25 a second", "hung-replica, 200 a second"),
        untried="reducing the load",
    ),
    replication.PENDING_BACKLOG.name: Cure(
        real=("hung replica, 25 writes/s", "hung replica, 200 writes/s"),
        embedded=("hung-replica, 25 a second", "hung-replica, 200 a second"),
        untried="restarting a replica that answers and whose link has died",
    ),
    replication.LEAKED.name: Cure(real=("leak", "leak, then hung replica"), embedded=("dead-replica",)),
    replication.LEFTOVER.name: Cure(embedded=("failed join",)),
    replication.SNAPSHOT_STUCK.name: Cure(real=("overlapping snapshots",), embedded=("snapshot-leak",)),
    replication.SLOW.name: Cure(
        untried="it depends on the network and the load, and the drill's link just becomes fast"
    ),
    oplog.NEAR_LIMIT.name: Cure(
        real=("emptied replica",), untried="another NUN_MAX_OP_LOG_SIZE, which is a setting of each start"
    ),
    oplog.OVER_LIMIT.name: Cure(
        real=("oplog over its limit",), untried="freeing a full disk, and saving what was not snapshotted of a primary"
    ),
    oplog.RESOLVE_STORM.name: Cure(real=("storm",)),
    host.DESCRIPTORS_RUNNING_OUT.name: Cure(untried="the drill's files are just closed again"),
    canary.FAILING.name: Cure(embedded=("hung primary and canaries",), untried="another token, or another database"),
    canary.DIVERGED.name: Cure(embedded=("forgotten replica",)),
    canary.DAMAGED.name: Cure(embedded=("damaged replica",)),
    canary.LATE.name: Cure(embedded=("forgotten replica",), untried="finding what is slow"),
    databases.MISSING.name: Cure(
        real=("missed database",), untried="copying a database that the primary lacks from a replica"
    ),
    databases.STRATEGY_DIFFERS.name: Cure(real=("emptied replica",)),
    databases.CONFLICTS_UNRESOLVED.name: Cure(
        real=("unresolved conflict",), untried="an arbiter that comes back to a node without replicas"
    ),
    databases.CONNECTIONS_LEAKING.name: Cure(embedded=("connection-leak",), untried="repairing clients"),
    files.RESTART_UNSAFE.name: Cure(untried="deleting the log was seen to heal it, but in no drill"),
    files.SNAPSHOT_NOT_DONE.name: Cure(untried="a restart was seen to start the thread again, but in no drill"),
    files.FILES_DAMAGED.name: Cure(untried="it was only seen that the node goes on until its next start"),
    files.NEVER_SAVED.name: Cure(untried="that a snapshot saves a database was recorded, but in no drill"),
    files.UNSAVED.name: Cure(untried="that a snapshot saves changes was recorded, but in no drill"),
    files.DISK_NEARLY_FULL.name: Cure(untried=_NO_FULL_DISK),
    files.DISK_FILLING.name: Cure(untried=_NO_FULL_DISK),
    files.OPLOG_INVALID.name: Cure(untried="that a snapshot makes the log valid was recorded, but in no drill"),
    log.COMMANDS_SLOW.name: Cure(untried="it depends on the clients"),
    log.SNAPSHOT_THREAD_DEAD.name: Cure(
        untried="that freeing the disk does not heal it and a new process does was seen, but in no drill"
    ),
    log.THREAD_PANICKED.name: Cure(untried="that only a restart brings threads back was seen, but in no drill"),
    log.LOG_ERRORS.name: Cure(untried="it depends on what fails"),
    log.WATCHERS_DEAD.name: Cure(untried="repairing clients, and the restart that removes the watchers"),
    log.REPLICA_REFUSES_WRITES.name: Cure(untried="that a plain `set` heals it was recorded, but in no drill"),
    log.LOG_SILENT.name: Cure(untried="it depends on where the log goes"),
    log.LOG_NOT_READ.name: Cure(untried="the exporters of the drills follow no log"),
}
"""By the alert's name."""
