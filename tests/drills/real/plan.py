"""The drills on real nodes: each fault, the alerts that must fire, and the cure."""

from dataclasses import dataclass

from nundb_exporter.monitoring.alerts import cluster, databases, node, oplog, replication
from nundb_exporter.monitoring.rule import Alert

from .conflicts import storm, unresolved_conflict
from .faults import (
    Break,
    alone,
    dead_http,
    dead_websocket,
    does_not_act,
    emptied_replica,
    ghost,
    killed,
    large_oplog,
    leak_and_stop,
    leaked,
    missed_database,
    overlapping_snapshots,
    panics_at_each_start,
    removed_on_replica,
    restarted,
    steps_back,
    stopped,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RealDrill:
    """One fault, on three nodes."""

    name: str
    about: str
    fires: tuple[Alert, ...] = ()
    """All must fire; with none, no critical alert may fire while the fault is watched."""
    is_prompt: bool = False
    """Whether something critical must fire within two minutes."""
    cure: str
    """What the runbook says, in short."""
    writes_per_second: float = 2.0
    takes_all_cores: bool = False
    """Whether no other cluster should be judged meanwhile."""
    run: Break


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
    RealDrill(
        name="panic at each start",
        about="A replica's operation log names a database that it never saved.",
        fires=(node.DOWN,),
        cure="an empty directory with the primary's files, and each key again",
        writes_per_second=0.02,  # the last record must be that of the database
        run=panics_at_each_start,
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
        run=storm,
    ),
)
