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
    by_hand: str = ""
    """What was seen when it was carried out by hand on a real node, as a clause."""
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
        if self.by_hand:
            places.append(f"by hand on a real node: {self.by_hand}")
        if not places:
            return f"No: {self.untried}."
        rest = f" Not tried: {self.untried}." if self.untried else ""
        return f"Yes, {' and '.join(places)}.{rest}"


def _names(drills: tuple[str, ...]) -> str:
    return listed([f"*{name}*" for name in drills])


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
    node.QUERIES_SLOW.name: Cure(
        by_hand="`keys` of 40,000 keys took 1.7 s on a busy machine and the average to 72 ms, `keys` with a pattern "
        "35 to 170 ms and the average to 3 ms",
        untried="spreading clients over the nodes",
    ),
    exporter.DOWN.name: Cure(embedded=("stopped exporter",)),
    exporter.ABSENT.name: Cure(embedded=("vanished targets",)),
    exporter.COLLECTOR_FAILING.name: Cure(
        embedded=("changed token",), untried="disabling a collector, which is a restart of the exporter"
    ),
    exporter.SCRAPE_SLOW.name: Cure(untried="it leads to NundbQueriesSlow, whose cure was tried"),
    exporter.REQUESTS_REFUSED.name: Cure(
        by_hand="of 20 requests at once about a node that hung, --web.max-requests=2 refused 18, and 64 none",
        untried="finding out who asks",
    ),
    exporter.SAMPLES_LOST.name: Cure(untried="there is nothing to do but to report it"),
    exporter.RELOAD_FAILED.name: Cure(embedded=("settings with an error",)),
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
    oplog.RESOLVE_STORM.name: Cure(real=("storm",), embedded=("resolve-storm",)),
    host.DESCRIPTORS_RUNNING_OUT.name: Cure(real=("few descriptors",), untried="repairing clients"),
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
    files.RESTART_UNSAFE.name: Cure(
        real=("restart that is not safe", "panic at each start"),
        embedded=("unsafe-restart",),
        by_hand="without `oplog-nun.op` a node that had panicked joined, and its database had no strategy",
    ),
    files.SNAPSHOT_NOT_DONE.name: Cure(
        real=("dead snapshot thread",),
        embedded=("disk-full",),
        untried="copying keys over the network, or letting a replica take over",
    ),
    files.FILES_DAMAGED.name: Cure(
        real=("damaged keys",),
        embedded=("reclaim-damage",),
        untried="copying a database, and putting back the files of a backup",
    ),
    files.NEVER_SAVED.name: Cure(real=("database that was never saved",), embedded=("never saved",)),
    files.UNSAVED.name: Cure(real=("old snapshots",), embedded=("unsaved for days",)),
    files.DISK_NEARLY_FULL.name: Cure(
        embedded=("nearly full disk",),
        by_hand="in a file system of 16 MiB that was nearly full, what is not Nun-db's and the two oldest segments "
        "were deleted; then snapshot, SIGINT and start lost nothing",
        untried="`snapshot true`",
    ),
    files.DISK_FILLING.name: Cure(
        embedded=("filling disk",),
        by_hand="room was made as under NundbDiskNearlyFull",
        untried="a larger disk",
    ),
    files.OPLOG_INVALID.name: Cure(
        embedded=("new key and no snapshot",),
        by_hand="the log was valid again as soon as a snapshot was on the disk",
    ),
    log.COMMANDS_SLOW.name: Cure(real=("slow commands",), untried="many small databases"),
    log.SNAPSHOT_THREAD_DEAD.name: Cure(
        real=("dead snapshot thread",), embedded=("dead snapshot thread",), untried="copying keys over the network"
    ),
    log.THREAD_PANICKED.name: Cure(real=("lost HTTP workers", "panic at each start"), embedded=("lost-worker",)),
    log.LOG_ERRORS.name: Cure(
        embedded=("acknowledgements of a stranger",),
        by_hand="`replicated_op_failed` stood still once the database was created; the next `set` reached each node",
        untried="what else may fail",
    ),
    log.WATCHERS_DEAD.name: Cure(real=("dead watchers",), embedded=("dead-watchers",), untried="repairing clients"),
    log.REPLICA_REFUSES_WRITES.name: Cure(
        embedded=("refused-writes",),
        by_hand="a plain `set` brought the key to every node; the alert goes on for the hour that it looks back",
    ),
    log.LOG_SILENT.name: Cure(
        embedded=("lost-log",),
        by_hand="an exporter that followed the new file after a rename read nothing, and each line once it was given "
        "the file of descriptor 1",
        untried="another NUN_LOG_LEVEL, and a pipe without a reader",
    ),
    log.LOG_NOT_READ.name: Cure(
        embedded=("exporter without CPU",),
        by_hand="a thousand requests made 374 kB of log, and nothing at that NUN_LOG_LEVEL",
    ),
}
"""By the alert's name."""
