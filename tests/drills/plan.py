"""The drills: each fault, the alerts that must fire, and those that may fire because they are true as well."""

from dataclasses import dataclass

from nundb_devserver import FAULTS
from nundb_exporter.monitoring.alerts import cluster, databases, exporter, host, node, oplog, replication
from nundb_exporter.monitoring.rule import Alert
from nundb_exporter.problems import PROBLEMS

from .breaks import (
    Break,
    changed_token,
    debts_of_the_dead,
    elections_without_end,
    flood_of_requests,
    hung_replica_under_load,
    leaking_connections,
    of_devserver,
    oplog_of,
    overlapping_snapshots,
    page_in_its_place,
    primary_that_steps_back,
    restarted,
    slow_commands,
    slower_commands,
    slower_link,
    stopped_exporter,
    vanished_member,
    vanished_targets,
)

OF_ONE_MOMENT = frozenset(problem.name for problem in PROBLEMS if problem.has_alert)
"""What `check` can say, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One fault and its repair."""

    name: str
    """A fault of the devserver, or what an operator would call it."""
    about: str
    fires: tuple[Alert, ...]
    """All of these must fire; if there are none, no alert may fire for QUIET_SECONDS."""
    may_fire: tuple[Alert, ...] = ()
    """Consequences that may fire, depending on timing."""
    run: Break
    """Entering injects the fault, leaving repairs it."""

    @property
    def found_by_check(self) -> frozenset[str]:
        """The alerts that `check`, which is given all nodes, must name: those that one moment shows."""
        return frozenset(alert.name for alert in self.fires if alert.name in OF_ONE_MOMENT)

    @property
    def found_by_page(self) -> frozenset[str]:
        """The alerts that the landing pages must name: those that one node shows as well."""
        return self.found_by_check - {alert.name for alert in TAKES_SEVERAL_NODES}


# Only the reports of several nodes show these; a landing page has that of one.
TAKES_SEVERAL_NODES = (
    cluster.NO_PRIMARY,
    cluster.SEVERAL_PRIMARIES,
    cluster.SEVERAL_ACTING_PRIMARIES,
    cluster.NO_ACTING_PRIMARY,
    cluster.MEMBERS_DISAGREE,
    databases.MISSING,
    databases.STRATEGY_DIFFERS,
)
# A replica that does not acknowledge for long enough makes all of these true, one after another.
UNACKNOWLEDGED = (
    replication.NOT_ACKNOWLEDGING,
    replication.PENDING_GROWING,
    replication.PENDING_BACKLOG,
    replication.SNAPSHOT_STUCK,
)
# A repair that restarts the primary may leave two for a while, as with the real server (protocol notes 6.6).
FAILOVER = (
    cluster.SEVERAL_PRIMARIES,
    cluster.SEVERAL_ACTING_PRIMARIES,
    cluster.MEMBERS_DISAGREE,
    cluster.ELECTIONS_FLAPPING,
)
# A node that dies may leave operations unacknowledged.
LEFT_BEHIND = (replication.LEAKED, replication.LEFTOVER, replication.SNAPSHOT_STUCK)


def fault(
    name: str,
    *fires: Alert,
    may_fire: tuple[Alert, ...] = (),
    about: str = "",
    run: Break | None = None,
) -> Drill:
    """A drill of one of the devserver's faults, at the node where it shows best."""
    return Drill(
        name=name,
        about=about or FAULTS[name].description,
        fires=fires,
        may_fire=may_fire,
        run=run or of_devserver(name),
    )


LANES: dict[str, tuple[Drill, ...]] = {
    "replicas": (
        fault("restart", run=restarted),
        fault("dead-node", node.DOWN, may_fire=LEFT_BEHIND, run=of_devserver("dead-node", at_primary=False)),
        fault("hung-node", node.HUNG, may_fire=UNACKNOWLEDGED, run=of_devserver("hung-node", at_primary=False)),
        Drill(
            name="dead primary",
            about="The primary is killed, and a replica takes over.",
            fires=(node.DOWN,),
            run=of_devserver("dead-node", at_primary=True),
        ),
        Drill(
            name="hung primary",
            about="The primary hangs, and no other node notices.",
            fires=(node.HUNG,),
            run=of_devserver("hung-node", at_primary=True),
        ),
        fault(
            "hung-replica",
            replication.NOT_ACKNOWLEDGING,
            replication.PENDING_GROWING,
            replication.PENDING_BACKLOG,
            may_fire=(replication.SNAPSHOT_STUCK,),
            run=hung_replica_under_load,
        ),
    ),
    "split": (
        fault(
            "two-primaries",
            cluster.SEVERAL_PRIMARIES,
            cluster.SEVERAL_ACTING_PRIMARIES,
            cluster.MEMBERS_DISAGREE,
            may_fire=LEFT_BEHIND,
        ),
        fault("no-primary", cluster.NO_PRIMARY, cluster.NO_ACTING_PRIMARY, may_fire=LEFT_BEHIND),
    ),
    "isolated": (
        fault(
            "isolated-member",
            cluster.SEVERAL_PRIMARIES,
            cluster.SEVERAL_ACTING_PRIMARIES,
            cluster.MEMBERS_DISAGREE,
            may_fire=LEFT_BEHIND,
        ),
    ),
    "forgotten": (
        fault(
            "missing-database",
            databases.MISSING,
            cluster.MEMBERS_DISAGREE,
            may_fire=LEFT_BEHIND,
        ),
    ),
    "damaged": (
        Drill(
            name="primary that steps back",
            about="The primary hears of an older node that does not exist, and keeps reporting itself as primary.",
            fires=(cluster.ROLE_NOT_ACTED, cluster.NO_ACTING_PRIMARY),
            may_fire=LEFT_BEHIND,
            run=primary_that_steps_back,
        ),
        fault("sync-damage", databases.STRATEGY_DIFFERS, may_fire=LEFT_BEHIND),
    ),
    "strategies": (fault("strategy-mismatch", databases.STRATEGY_DIFFERS, may_fire=LEFT_BEHIND),),
    "listeners": (
        fault("wrong-password", node.CREDENTIALS_REFUSED),
        fault("http-dead", node.DOWN, node.TRANSPORT_DOWN),
        fault("websocket-dead", node.TRANSPORT_DOWN),
        fault("tcp-dead", node.TRANSPORT_DOWN),
        fault("few-descriptors", host.DESCRIPTORS_RUNNING_OUT),
        Drill(
            name="web page",
            about="Something else answers at the node's address.",
            fires=(node.ANSWER_UNREADABLE,),
            may_fire=(node.TRANSPORT_DOWN,),
            run=page_in_its_place,
        ),
        Drill(
            name="stopped exporter",
            about="The primary's exporter stops, and its node keeps running.",
            fires=(exporter.DOWN,),
            run=stopped_exporter,
        ),
        Drill(
            name="changed token",
            about="A database's token is changed, and the exporters keep the old one.",
            fires=(exporter.COLLECTOR_FAILING,),
            run=changed_token,
        ),
    ),
    "clocks": (
        fault("wrong-clock", node.CLOCKS_APART, may_fire=LEFT_BEHIND),
        # One of the joins may come while the node is still listed, which crashes the primary (protocol notes 6.3).
        fault("restart-loop", node.RESTART_LOOP, may_fire=(*LEFT_BEHIND, cluster.ELECTIONS_FLAPPING, node.DOWN)),
        fault("flapping-elections", cluster.ELECTIONS_FLAPPING, run=elections_without_end),
    ),
    "leaks": (fault("connection-leak", databases.CONNECTIONS_LEAKING, may_fire=LEFT_BEHIND, run=leaking_connections),),
    "debts": (
        fault("dead-replica", replication.LEAKED, node.DOWN, run=debts_of_the_dead),
        fault("snapshot-leak", replication.SNAPSHOT_STUCK, run=overlapping_snapshots),
        fault("unresolved-conflicts", databases.CONFLICTS_UNRESOLVED),
    ),
    "speed": (
        fault("slow-link"),
        Drill(
            name="slower link",
            about="Messages from other nodes reach a replica four seconds late.",
            fires=(replication.SLOW,),
            may_fire=(replication.PENDING_GROWING, replication.PENDING_BACKLOG),
            run=slower_link,
        ),
        fault(
            "slow-command",
            exporter.COLLECTOR_FAILING,
            exporter.SCRAPE_SLOW,
            may_fire=(node.QUERIES_SLOW,),
            run=slow_commands,
        ),
        Drill(
            name="slower commands",
            about="Commands on data take most of a second, and clients wait for them.",
            fires=(exporter.COLLECTOR_FAILING, exporter.SCRAPE_SLOW, node.QUERIES_SLOW),
            run=slower_commands,
        ),
    ),
    "discovery": (
        Drill(
            name="nearly full oplog",
            about="The operation log holds 95 % of 1 GiB, and has never been pruned.",
            fires=(oplog.NEAR_LIMIT,),
            run=oplog_of(0.95),
        ),
        Drill(
            name="oplog that is not pruned",
            about="The operation log holds 130 % of 1 GiB.",
            fires=(oplog.OVER_LIMIT,),
            run=oplog_of(1.3),
        ),
        fault(
            "oplog-near-limit",
            about="The operation log's limit is small and nearly reached, which no command reports.",
        ),
        Drill(
            name="flood of requests",
            about="More clients than an exporter allows scrape a node that hangs.",
            fires=(exporter.REQUESTS_REFUSED,),
            may_fire=(exporter.DOWN, node.HUNG, *UNACKNOWLEDGED),
            run=flood_of_requests,
        ),
        Drill(
            name="vanished targets",
            about="Service discovery finds no exporter of the cluster any more.",
            fires=(exporter.ABSENT,),
            run=vanished_targets,
        ),
        Drill(
            name="vanished member",
            about="A replica dies, and service discovery drops its exporter as well.",
            fires=(cluster.MEMBER_MISSING,),
            may_fire=LEFT_BEHIND,
            run=vanished_member,
        ),
    ),
    "storm": (fault("resolve-storm", oplog.RESOLVE_STORM),),
}
"""The drills by job of Prometheus: those of one cluster take place one after another, the clusters all at once."""

DRILLS = {drill.name: drill for drills in LANES.values() for drill in drills}
