"""The drills: each fault, the alerts that must fire, and those that may fire because they are true as well."""

from nundb_exporter.monitoring.alerts import cluster, databases, exporter, host, node, oplog, replication

from .breaks import (
    changed_token,
    debts_of_the_dead,
    elections_without_end,
    failed_join,
    failed_join_and_hung_replica,
    leaking_connections,
    of_devserver,
    oplog_of,
    overlapping_snapshots,
    page_in_its_place,
    primary_that_steps_back,
    resolve_storm,
    restarted,
    slow_commands,
    slower_commands,
    slower_link,
)
from .canaries import CANARIES
from .drill import LEFT_BEHIND, UNACKNOWLEDGED, Drill, Lane
from .exporting import PROGRAMS
from .forms import FEW, fault, hung
from .logs import LOGS, REFUSALS
from .setting import Setting
from .stored import DISKS, INVALID, STORED
from .watchers import flood_of_requests, stopped_exporter, vanished_member, vanished_targets

LANES: dict[str, Lane] = {
    "replicas": Lane(
        (
            fault("restart", may_fire=LEFT_BEHIND, run=restarted),
            fault("dead-node", node.DOWN, may_fire=LEFT_BEHIND, run=of_devserver("dead-node", at_primary=False)),
            fault(
                "hung-node",
                node.HUNG,
                may_fire=(*UNACKNOWLEDGED, *LEFT_BEHIND),
                run=of_devserver("hung-node", at_primary=False),
            ),
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
        ),
        Setting(writes_per_second=50),
    ),
    "hanging": Lane(
        (
            hung(FEW, replication.NOT_ACKNOWLEDGING),
            hung(25, replication.PENDING_BACKLOG, replication.PENDING_GROWING),
            hung(200, replication.PENDING_BACKLOG, replication.PENDING_GROWING),
        ),
        Setting(writes_per_second=0.5),
    ),
    "joins": Lane(
        (
            Drill(
                name="failed join",
                about="The primary has told a replica in vain that it belongs to it; its next start succeeds.",
                fires=(replication.LEFTOVER,),
                may_fire=LEFT_BEHIND,
                run=failed_join,
            ),
            Drill(
                name="failed join, then hung-replica",
                about="The replica that still owes what a failed join left behind stops acknowledging, at 2 writes a "
                "second.",
                fires=(replication.NOT_ACKNOWLEDGING,),
                may_fire=(*LEFT_BEHIND, replication.PENDING_GROWING, replication.PENDING_BACKLOG),
                run=failed_join_and_hung_replica,
            ),
        ),
        Setting(writes_per_second=0.5),
    ),
    "split": Lane(
        (
            fault(
                "two-primaries",
                cluster.SEVERAL_PRIMARIES,
                cluster.SEVERAL_ACTING_PRIMARIES,
                cluster.MEMBERS_DISAGREE,
                may_fire=LEFT_BEHIND,
            ),
            fault(
                "no-primary",
                cluster.NO_PRIMARY,
                cluster.NO_ACTING_PRIMARY,
                may_fire=LEFT_BEHIND,
            ),
        ),
        Setting(has_every_collector=True, has_one_exporter=True),
    ),
    "isolated": Lane(
        (
            fault(
                "isolated-member",
                cluster.SEVERAL_PRIMARIES,
                cluster.SEVERAL_ACTING_PRIMARIES,
                cluster.MEMBERS_DISAGREE,
                may_fire=LEFT_BEHIND,
            ),
        ),
        Setting(has_every_collector=True),
    ),
    "forgotten": Lane(
        (
            fault(
                "missing-database",
                databases.MISSING,
                cluster.MEMBERS_DISAGREE,
                may_fire=LEFT_BEHIND,
            ),
        ),
    ),
    "damaged": Lane(
        (
            Drill(
                name="primary that steps back",
                about="The primary hears of an older node that does not exist, and keeps reporting itself as primary.",
                fires=(cluster.ROLE_NOT_ACTED, cluster.NO_ACTING_PRIMARY),
                may_fire=LEFT_BEHIND,
                run=primary_that_steps_back,
            ),
            fault("sync-damage", databases.STRATEGY_DIFFERS, may_fire=LEFT_BEHIND),
        ),
        Setting(has_every_collector=True),
    ),
    "strategies": Lane(
        (
            fault("http-stall"),
            fault("strategy-mismatch", databases.STRATEGY_DIFFERS, may_fire=LEFT_BEHIND),
        )
    ),
    "listeners": Lane(
        (
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
        Setting(writes_per_second=2, has_every_collector=True),
    ),
    "clocks": Lane(
        (
            fault("wrong-clock", node.CLOCKS_APART, may_fire=LEFT_BEHIND),
            # One of the joins may come while the node is still listed, which crashes the primary (protocol notes 6.3).
            fault("restart-loop", node.RESTART_LOOP, may_fire=(*LEFT_BEHIND, cluster.ELECTIONS_FLAPPING, node.DOWN)),
            fault("flapping-elections", cluster.ELECTIONS_FLAPPING, may_fire=LEFT_BEHIND, run=elections_without_end),
        ),
        Setting(has_every_collector=True),
    ),
    "leaks": Lane(
        (fault("connection-leak", databases.CONNECTIONS_LEAKING, may_fire=LEFT_BEHIND, run=leaking_connections),)
    ),
    "debts": Lane(
        (
            fault("dead-replica", replication.LEAKED, node.DOWN, run=debts_of_the_dead),
            fault("snapshot-leak", replication.SNAPSHOT_STUCK, run=overlapping_snapshots),
            fault("unresolved-conflicts", databases.CONFLICTS_UNRESOLVED),
        ),
    ),
    "speed": Lane(
        (
            fault("slow-link"),
            Drill(
                name="slower link",
                about="Messages from other nodes reach a replica four seconds late.",
                fires=(replication.SLOW,),
                may_fire=(replication.PENDING_GROWING, replication.PENDING_BACKLOG),
                run=slower_link,
            ),
        ),
        Setting(has_every_collector=True),
    ),
    "commands": Lane(
        (
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
        Setting(has_every_collector=True),
    ),
    "oplog": Lane(
        (
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
        ),
    ),
    "discovery": Lane(
        (
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
    ),
    "canaries": CANARIES,
    "logs": LOGS,
    "refusals": REFUSALS,
    "files": STORED,
    "invalid": INVALID,
    "disks": DISKS,
    "programs": PROGRAMS,
    "storm": Lane(
        (
            fault(
                "resolve-storm",
                oplog.RESOLVE_STORM,
                # The cure stops two nodes for longer than an alert waits here, and what was pending stays meanwhile.
                may_fire=(node.DOWN, *UNACKNOWLEDGED, replication.SLOW, *LEFT_BEHIND),
                run=resolve_storm,
            ),
        ),
        Setting(writes_per_second=2),
    ),
}
"""The drills by job of Prometheus: those of one cluster take place one after another, and several clusters at once."""

DRILLS = {drill.name: drill for lane in LANES.values() for drill in lane.drills}
UNDRILLED = {"NundbExporterSamplesDropped": "no embedded node lists anything twice, as real ones can"}
"""Alerts that no drill fires, and why: tests/monitoring covers them with promtool."""
