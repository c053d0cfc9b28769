"""The drills on real nodes: each fault, the alerts that must fire, and the cure."""

from nundb_exporter.monitoring.alerts import cluster, databases, exporter, node, oplog, replication

from .clocks import off_by
from .conflicts import storm, unresolved_conflict
from .drill import RealDrill
from .faults import (
    alone,
    dead_http,
    dead_websocket,
    does_not_act,
    emptied_replica,
    ended_primaries,
    ghost,
    killed,
    large_oplog,
    leak_and_stop,
    leaked,
    listed_twice,
    missed_database,
    overlapping_snapshots,
    removed_on_replica,
    restarted,
    steps_back,
    stopped,
)
from .network import dead_link, slow_link
from .plan_beside import BESIDE_NODES

DRILLS = (
    RealDrill(
        name="unresolved conflict",
        about="A conflict waits for an arbiter that has left.",
        fires=(databases.CONFLICTS_UNRESOLVED,),
        cure="the record is removed, the key is removed, the key is set",
        run=unresolved_conflict,
    ),
    RealDrill(
        name="oplog over its limit",
        about="The operation log of a replica has 1.3 GiB, and is not pruned.",
        fires=(oplog.OVER_LIMIT,),
        cure="an empty directory with the primary's files, and each key again",
        run=large_oplog,
    ),
    RealDrill(
        name="overlapping snapshots",
        about="Two snapshots overlap.",
        fires=(replication.SNAPSHOT_STUCK,),
        cure="a snapshot on every replica itself, then the primary restarts, and each key again",
        run=overlapping_snapshots,
    ),
    RealDrill(
        name="dead replica",
        about="A replica is killed.",
        fires=(node.DOWN,),
        cure="the primary's files, and each key again",
        run=killed(),
    ),
    RealDrill(
        name="dead primary",
        about="The primary is killed.",
        fires=(node.DOWN,),
        cure="the new primary's files, and each key again",
        run=killed(is_primary=True),
    ),
    *(
        RealDrill(
            name=f"hung replica, {rate} writes/s",
            about="A replica is stopped with SIGSTOP under load.",
            fires=(node.HUNG,),
            is_prompt=True,
            cure="SIGCONT",
            writes_per_second=rate,
            run=stopped(),
        )
        for rate in (2, 25, 200)
    ),
    RealDrill(
        name="leak, then hung replica",
        about="A replica has old debts, then hangs at 2 writes a second.",
        fires=(node.HUNG,),
        is_prompt=True,
        cure="SIGCONT, then the primary restarts, and each key again",
        run=leak_and_stop,
    ),
    *(
        RealDrill(
            name=f"dead link, {rate} writes/s",
            about="A firewall forgets the connections to a replica, and nobody notices.",
            fires=(alert,),
            is_prompt=True,
            cure="`replicate-leave` on the other nodes, the primary's files, and each key again",
            writes_per_second=rate,
            has_links=True,
            run=dead_link(),
        )
        for rate, alert in ((2, replication.NOT_ACKNOWLEDGING), (25, replication.PENDING_BACKLOG))
    ),
    RealDrill(
        name="leak, then dead link",
        about="A replica has old debts, then a firewall forgets the connections to it, at 2 writes a second.",
        fires=(replication.NOT_ACKNOWLEDGING,),
        is_prompt=True,
        cure="the same, and the primary restarts",
        has_links=True,
        run=dead_link(has_leak=True),
    ),
    RealDrill(
        name="hung primary",
        about="The primary is stopped with SIGSTOP.",
        fires=(node.HUNG,),
        cure="SIGCONT",
        run=stopped(is_primary=True),
    ),
    RealDrill(
        name="dead HTTP",
        about="Four panics have ended the HTTP listener.",
        fires=(node.DOWN, node.TRANSPORT_DOWN),
        cure="snapshot, restart, each key again",
        run=dead_http,
    ),
    RealDrill(
        name="dead WebSocket",
        about="A frame that is not UTF-8 has ended the WebSocket listener.",
        fires=(node.TRANSPORT_DOWN,),
        cure="snapshot, restart, each key again",
        run=dead_websocket,
    ),
    RealDrill(
        name="leak",
        about="A replica dies with operations unacknowledged.",
        fires=(node.DOWN, replication.LEAKED),
        cure="the primary's files, then the primary restarts, and each key again",
        run=leaked,
    ),
    RealDrill(
        name="isolated member",
        about="A replica starts alone and elects itself.",
        fires=(cluster.SEVERAL_PRIMARIES, cluster.SEVERAL_ACTING_PRIMARIES, cluster.MEMBERS_DISAGREE),
        cure="stopped, started with the primary's files, and each key again",
        run=alone,
    ),
    RealDrill(
        name="emptied replica",
        about="A replica joins with an empty directory.",
        fires=(databases.STRATEGY_DIFFERS,),
        cure="the primary's files, and each key again",
        run=emptied_replica,
    ),
    RealDrill(
        name="missed database",
        about="The primary forgets a replica, and a database is created then.",
        fires=(databases.MISSING, cluster.MEMBERS_DISAGREE),
        cure="the primary's files, and each key again",
        run=missed_database,
    ),
    RealDrill(
        name="primary that steps back",
        about="The primary hears of an older node that does not exist.",
        fires=(cluster.ROLE_NOT_ACTED, cluster.NO_ACTING_PRIMARY),
        cure="debug force-election",
        run=steps_back,
    ),
    RealDrill(
        name="primary that does not act",
        about="The same.",
        fires=(cluster.ROLE_NOT_ACTED, cluster.NO_ACTING_PRIMARY),
        cure="snapshot, restart, each key again",
        run=does_not_act,
    ),
    RealDrill(
        name="no primary",
        about="Every node follows a primary that does not exist.",
        fires=(cluster.NO_PRIMARY, cluster.NO_ACTING_PRIMARY),
        cure="debug force-election",
        run=ghost,
    ),
    *BESIDE_NODES,
    *(
        RealDrill(
            name=name,
            about=f"A replica's clock is set {what}.",
            fires=(node.CLOCKS_APART,),
            cure=cure,
            has_own_clocks=True,
            run=off_by(seconds),
        )
        for name, what, seconds, cure in (
            ("clock that is ahead", "30 seconds ahead", 30, "slewing"),
            ("clock that is behind", "30 seconds back", -30, "slewing"),
            ("clock that was set back", "an hour back", -3600, "set again, the primary's files, and each key again"),
        )
    ),
    RealDrill(
        name="slow link",
        about="What the primary and a replica say to each other arrives three seconds late.",
        fires=(replication.SLOW,),
        cure="the link that `pending` shows is mended",
        has_links=True,
        run=slow_link,
    ),
    RealDrill(
        name="member that is listed twice",
        about="A replica is told of a member whose name reads like that of two.",
        fires=(exporter.SAMPLES_LOST,),
        cure="replicate-leave",
        run=listed_twice,
    ),
    RealDrill(
        name="ended primaries",
        about="Whatever runs the nodes ends the one that is primary, again and again, and starts it.",
        fires=(cluster.ELECTIONS_FLAPPING,),
        cure="it is told not to, and each key again",
        run=ended_primaries,
    ),
    RealDrill(
        name="restart",
        about="A replica is saved and restarts.",
        cure="each key again",
        run=restarted,
    ),
    RealDrill(
        name="removal on a replica",
        about="A key is removed on a secondary.",
        cure="each key again",
        run=removed_on_replica,
    ),
    RealDrill(
        name="storm",
        about="One resolved conflict goes round between three nodes.",
        fires=(oplog.RESOLVE_STORM,),
        cure="all secondaries stop, get the primary's files, and start; the primary restarts; each key again",
        takes_all_cores=True,
        run=storm(),
    ),
    RealDrill(
        name="storm between two nodes",
        about="The same, while one replica is down.",
        fires=(oplog.RESOLVE_STORM, node.DOWN),
        cure="the same",
        takes_all_cores=True,
        run=storm(nodes_left=2),
    ),
)
