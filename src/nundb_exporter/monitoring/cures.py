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


_COPIED: Final = (
    "300 keys that `keys` had listed were read with `get` and written to another node with `set`, and `compare` found "
    "no difference"
)
_TAKEN_OVER: Final = "a replica that took over had all that a primary with a dead snapshot thread could not save"

CURES: Final[Mapping[str, Cure]] = {
    node.DOWN.name: Cure(real=("dead replica", "dead primary", "panic at each start"), embedded=("dead-node",)),
    node.HUNG.name: Cure(
        real=("hung replica, 2 writes/s", "hung replica, 25 writes/s", "hung replica, 200 writes/s", "hung primary"),
        embedded=("hung-node", "hung primary"),
        by_hand="six clients that listed 40,000 keys again and again let `check` wait in vain, and it found the node "
        "healthy as soon as they had stopped",
        untried="a node that swaps",
    ),
    node.CREDENTIALS_REFUSED.name: Cure(embedded=("wrong-password",)),
    node.ANSWER_UNREADABLE.name: Cure(embedded=("web page",)),
    node.TRANSPORT_DOWN.name: Cure(real=("dead WebSocket", "dead HTTP")),
    node.RESTART_LOOP.name: Cure(real=("panic at each start",), embedded=("restart-loop",)),
    node.CLOCKS_APART.name: Cure(
        real=("clock that is ahead", "clock that is behind", "clock that was set back", "panic at each start"),
        embedded=("wrong-clock",),
    ),
    node.QUERIES_SLOW.name: Cure(
        by_hand="`keys` of 40,000 keys took 1.7 s on a busy machine and the average to 72 ms, `keys` with a pattern "
        "35 to 170 ms and the average to 3 ms",
        untried="spreading clients over the nodes",
    ),
    exporter.DOWN.name: Cure(embedded=("stopped exporter",)),
    exporter.ABSENT.name: Cure(embedded=("vanished targets",)),
    exporter.COLLECTOR_FAILING.name: Cure(
        embedded=("changed token",), by_hand="--no-collector.keys left out a collector that took too long"
    ),
    exporter.SCRAPE_SLOW.name: Cure(
        by_hand="with 40,000 keys and a scrape_timeout of one second a scrape took 0.7 of 0.75 s; without the "
        "collector `keys`, 0.01 s; with a scrape_timeout of ten seconds, 0.3 of 9.75 s",
    ),
    exporter.REQUESTS_REFUSED.name: Cure(
        by_hand="of 20 requests at once about a node that hung, --web.max-requests=2 refused 18, and 64 none",
        untried="finding out who asks",
    ),
    exporter.SAMPLES_LOST.name: Cure(real=("member that is listed twice",)),
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
        real=("ended primaries",),
        by_hand="over links that take 1.5 s, both nodes that were left claimed to be primary in 7 of 10 failovers with "
        "a NUN_ELECTION_TIMEOUT of 1000, and in none of 10 with one of 10000",
    ),
    replication.NOT_ACKNOWLEDGING.name: Cure(
        real=("hung replica, 2 writes/s", "dead link, 2 writes/s", "leak, then dead link"), embedded=("hung-replica",)
    ),
    replication.PENDING_GROWING.name: Cure(
        real=("hung replica, 25 writes/s",),
        embedded=("hung-replica, 25 a second", "hung-replica, 200 a second"),
        untried="reducing the load",
    ),
    replication.PENDING_BACKLOG.name: Cure(
        real=("hung replica, 25 writes/s", "hung replica, 200 writes/s", "dead link, 25 writes/s"),
        embedded=("hung-replica, 25 a second", "hung-replica, 200 a second"),
    ),
    replication.LEAKED.name: Cure(real=("leak", "leak, then hung replica"), embedded=("dead-replica",)),
    replication.LEFTOVER.name: Cure(embedded=("failed join",)),
    replication.SNAPSHOT_STUCK.name: Cure(real=("overlapping snapshots",), embedded=("snapshot-leak",)),
    replication.SLOW.name: Cure(
        real=("slow link",),
        by_hand="a replica that was let run for a fiftieth of the time was the one that `pending` listed each time; "
        "the average was up to 547 ms then, and 7 ms half a minute later",
    ),
    oplog.NEAR_LIMIT.name: Cure(
        real=("emptied replica",),
        by_hand="a log that was pruned at 5000 bytes grew on once the node had started with a hundred times that",
    ),
    oplog.OVER_LIMIT.name: Cure(
        real=("oplog over its limit",),
        by_hand=f"{_TAKEN_OVER}; for a disk that was freed see NundbDiskNearlyFull",
    ),
    oplog.RESOLVE_STORM.name: Cure(real=("storm",), embedded=("resolve-storm",)),
    host.DESCRIPTORS_RUNNING_OUT.name: Cure(real=("few descriptors",), untried="repairing clients"),
    canary.FAILING.name: Cure(
        embedded=("hung primary and canaries",),
        by_hand="with the token that was refused corrected, the next word was written",
        untried="another database",
    ),
    canary.DIVERGED.name: Cure(embedded=("forgotten replica",)),
    canary.DAMAGED.name: Cure(embedded=("damaged replica",)),
    canary.LATE.name: Cure(embedded=("forgotten replica",), untried="finding what is slow"),
    databases.MISSING.name: Cure(
        real=("missed database",),
        by_hand="a database that the primary lacked was created there, and 50 keys that a replica listed were written; "
        "`compare` found the three nodes equal",
    ),
    databases.STRATEGY_DIFFERS.name: Cure(real=("emptied replica",)),
    databases.CONFLICTS_UNRESOLVED.name: Cure(
        real=("unresolved conflict",),
        by_hand="an arbiter that came back to a node without replicas was asked again, and its answer was taken",
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
        by_hand=f"{_COPIED}; {_TAKEN_OVER}",
    ),
    files.FILES_DAMAGED.name: Cure(
        real=("damaged keys",),
        embedded=("reclaim-damage",),
        by_hand=f"{_COPIED}; with the files of a backup a node started that had not with its own",
    ),
    files.NEVER_SAVED.name: Cure(real=("database that was never saved",), embedded=("never saved",)),
    files.UNSAVED.name: Cure(real=("old snapshots",), embedded=("unsaved for days",)),
    files.DISK_NEARLY_FULL.name: Cure(
        embedded=("nearly full disk",),
        by_hand="in a file system of 16 MiB that was nearly full, what is not Nun-db's and the two oldest segments "
        "were deleted; then snapshot, SIGINT and start lost nothing; `snapshot true` made a file of values that had "
        "been written four times a quarter as long, and a start after SIGKILL had them all",
    ),
    files.INODES_RUNNING_OUT.name: Cure(
        embedded=("few inodes",),
        by_hand="in a file system of 60 files, all used, a first snapshot and `snapshot true` ended their thread; "
        "after files of something else were deleted and the node was restarted, databases old and new were saved",
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
    log.COMMANDS_SLOW.name: Cure(
        real=("slow commands",),
        by_hand="ten databases of 2,000 keys listed theirs in 0.24 s, one of 20,000 in 0.79 s",
    ),
    log.SNAPSHOT_THREAD_DEAD.name: Cure(
        real=("dead snapshot thread",), embedded=("dead snapshot thread",), by_hand=_COPIED
    ),
    log.THREAD_PANICKED.name: Cure(real=("lost HTTP workers", "panic at each start"), embedded=("lost-worker",)),
    log.LOG_ERRORS.name: Cure(
        embedded=("acknowledgements of a stranger",),
        by_hand="`replicated_op_failed` stood still once the database was created; the next `set` reached each node",
        untried="what else may fail",
    ),
    log.WATCHERS_DEAD.name: Cure(real=("dead watchers",), embedded=("dead-watchers",), untried="repairing clients"),
    log.REPLICA_REFUSES_WRITES.name: Cure(
        real=("refused writes",),
        embedded=("refused-writes",),
    ),
    log.LOG_SILENT.name: Cure(
        embedded=("lost-log",),
        by_hand="an exporter that followed the new file after a rename read nothing, and each line once it was given "
        "the file of descriptor 1; a node whose NUN_LOG_LEVEL was misspelt wrote its lines after a start with `info`; "
        "one whose pipe had no reader saved what it was asked to, and had it after SIGKILL",
    ),
    log.LOG_NOT_READ.name: Cure(
        embedded=("exporter without CPU",),
        by_hand="a thousand requests made 374 kB of log, and nothing at that NUN_LOG_LEVEL",
    ),
}
"""By the alert's name."""
