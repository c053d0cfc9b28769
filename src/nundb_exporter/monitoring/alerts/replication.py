"""Replication: who has not acknowledged what."""

from nundb_exporter.collectors import cluster, pending, replication
from nundb_exporter.monitoring.alert import CHECK, PENDING, SAME_TARGET, Alert, Group, ask, promql
from nundb_exporter.monitoring.views import OUTLIVED

_SAME_MEMBER = "on (job, instance, member)"

NOT_ACKNOWLEDGING = Alert(
    name="NundbReplicaNotAcknowledging",
    expression=promql(f"""
        (time() - {pending.OLDEST} > {pending.OLD_SECONDS})
        and {_SAME_MEMBER} {cluster.MEMBER}
        unless {_SAME_MEMBER} ({OUTLIVED})
    """),
    wait="1m",
    severity="critical",
    summary="A Nun-db replica does not acknowledge operations.",
    description="{{ $labels.member }} has owed {{ $labels.instance }} (job {{ $labels.job }}) an acknowledgement for "
    "{{ $value | humanizeDuration }}.",
    meaning="The replica hangs, or has lost the operation: a value that arrives in two reads is dropped. It still "
    "counts as connected, since nothing in Nun-db times out. The primary keeps every operation for it in memory until "
    "it answers.",
    confirm=(PENDING, CHECK),
    evidence="`pending` lists the member with a growing age. If it has many operations, it hangs; if few, and younger "
    "ones are acknowledged, these were lost on the way.",
    remedy="If it hangs: resume it, or end it and start it again once it is gone from the primary's list. If single "
    "operations were lost: write those keys again; the entries stay until the primary restarts.",
    confusion="Where more than some eight writes a second are made, a replica that hangs owes more operations than may "
    "be listed before two minutes have passed: then NundbPendingBacklog rings in its place. A node's clock that is "
    "behind Prometheus' makes operations look old from the start (NundbClocksApart). "
    "What a restarted member owed before is told as NundbOperationsLeaked, if that member is scraped under the same "
    "job.",
)
PENDING_GROWING = Alert(
    name="NundbPendingGrowing",
    # No slope: under load the number of pending operations swings. The minute between the two windows keeps a sample
    # on the border from being in both.
    expression=promql(f"""
        min_over_time({replication.PENDING}[5m])
          >
        max_over_time({replication.PENDING}[5m] offset 6m)
        and {replication.PENDING} > 100
    """),
    wait="5m",
    severity="warning",
    summary="Pending operations of a Nun-db node grow without end.",
    description="At least {{ $value }} operations are pending on the node behind {{ $labels.instance }} (job {{ "
    "$labels.job }}), more at any moment of five minutes than at any of the five before that.",
    meaning="Operations are made faster than replicas acknowledge them, or a replica acknowledges none. Every pending "
    "operation is held in memory with its value.",
    confirm=(PENDING, ask("metrics-state")),
    evidence="`pending` tells who owes them. With very many it takes long, and the node writes all values to its log: "
    "look at `pending_ops` in metrics-state alone then.",
    remedy="If one member owes them all, see NundbReplicaNotAcknowledging. If all do, slow the writers down.",
    confusion="A bulk load swings and ends; it is silent unless the replicas fall behind for ten minutes on end.",
)
PENDING_BACKLOG = Alert(
    name="NundbPendingBacklog",
    # Quick, because it stands in for NundbReplicaNotAcknowledging, which is deaf above this number.
    expression=f"min_over_time({replication.PENDING}[2m]) > {replication.BACKLOG}",
    wait="3m",
    severity="critical",
    summary="So many operations are pending on a Nun-db node that they are not listed any more.",
    description="At least {{ $value }} operations are pending on the node behind {{ $labels.instance }} (job {{ "
    "$labels.job }}), for five minutes.",
    meaning="Above this number the exporter does not ask who owes what, because the node would copy every value into "
    "its answer and into its log. The alerts about single members are deaf meanwhile; most likely a replica hangs.",
    confirm=(ask("metrics-state"), CHECK),
    evidence="`pending_ops` is large. `check` on each replica shows which one does not answer.",
    remedy="Find the replica that hangs: resume it, or end it. If the number stays although all replicas are well, the "
    "operations were made for a member that left: only a restart of the node that holds them removes them. Take a "
    "snapshot first.",
    confusion="Operations for a member that left, in large number: they do no more harm than their memory.",
)
LEAKED = Alert(
    name="NundbOperationsLeaked",
    expression=promql(f"""
        ({pending.UNACKNOWLEDGED} > 0 and {SAME_TARGET} {cluster.MEMBER} unless {_SAME_MEMBER} {cluster.MEMBER})
        or
        ({pending.UNACKNOWLEDGED} > 0 and {_SAME_MEMBER} ({OUTLIVED}))
    """),
    wait="5m",
    severity="warning",
    summary="Operations wait for a Nun-db member that will never acknowledge them.",
    description="{{ $value }} operations on the node behind {{ $labels.instance }} (job {{ $labels.job }}) wait for {{ "
    "$labels.member }}, which has left the cluster or has restarted since.",
    meaning="A member that leaves takes its debts with it, and one that comes back is not sent them again: nothing but "
    "a restart of the node that holds these entries removes them. New operations are not concerned. Their number hides "
    "new trouble from whoever looks at the sum alone.",
    confirm=(PENDING, ask("cluster-state")),
    evidence="`pending` lists operations for a member that `cluster-state` does not, or older than its start.",
    remedy="If the member came back: write the keys that `pending` names again, since it has missed them. If it is "
    "gone for good, nothing is lost. The number returns to 0 when the primary restarts: take a snapshot first; an "
    "election follows.",
    confusion="A member that leaves at this moment. A member's clock that is ahead of the primary's by minutes.",
)
SNAPSHOT_STUCK = Alert(
    name="NundbSnapshotStuck",
    expression=f"{pending.STUCK} > 0",
    wait="10m",
    severity="warning",
    summary="The replication of a Nun-db snapshot is stuck.",
    description="The node behind {{ $labels.instance }} (job {{ $labels.job }}) has waited ten minutes for replicas to "
    "acknowledge a snapshot.",
    meaning="All snapshots share the operation id 0. Two that overlap become one entry that is never fully "
    "acknowledged, and from then on every snapshot sends the first one's message: other databases are no longer "
    "written to disk on the replicas, and are lost when those restart.",
    confirm=(PENDING,),
    evidence="A line of operation `snapshot` without an age.",
    remedy="Call `snapshot` on every replica itself for all databases. Restart the primary when it suits; until then "
    "snapshot the replicas one by one. Never call `snapshot` twice within a second.",
    confusion="A replica that hangs keeps a snapshot waiting as well: see NundbReplicaNotAcknowledging. A snapshot in "
    "progress is acknowledged within milliseconds and stays silent.",
)
SLOW = Alert(
    name="NundbReplicationSlow",
    expression=promql(f"""
        min_over_time({replication.DURATION}[10m]) > {replication.SLOW_SECONDS:g}
        and changes({replication.DURATION}[10m]) > 0
    """),
    wait="10m",
    severity="warning",
    summary="Replicas of a Nun-db node take long to acknowledge.",
    description="Acknowledgements to the node behind {{ $labels.instance }} (job {{ $labels.job }}) have taken {{ "
    "$value | humanizeDuration }} on average, at the least, for 20 minutes.",
    meaning="The node's moving average over 100 acknowledgements, those of all replicas: one slow replica among quick "
    "ones shows only in part. About 40 ms is usual even on one machine, because of delayed TCP acknowledgements. The "
    "average stands still while nothing is replicated; then this alert is silent.",
    confirm=(ask("metrics-state"), PENDING),
    evidence="`replication_time_moving_avg` is in milliseconds. `pending` shows whether one member is behind.",
    remedy="Look at the network between the nodes and at the load of the replicas. The more keys were ever written, "
    "the longer each write takes the primary.",
    confusion="A replica that has hung and resumed adds its whole absence at once; a hundred operations later that is "
    "forgotten, which takes long where little is written.",
)
GROUP = Group(
    "nundb-replication",
    "Replication",
    (NOT_ACKNOWLEDGING, PENDING_GROWING, PENDING_BACKLOG, LEAKED, SNAPSHOT_STUCK, SLOW),
)
