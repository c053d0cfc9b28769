"""Replication: which member has not acknowledged which operations."""

from typing import Final

from nundb_exporter.collectors import cluster, pending, replication
from nundb_exporter.monitoring.rule import (
    CHECK_ALL_COMMAND,
    CHECK_COMMAND,
    FORGET_COMMAND,
    NODE,
    PENDING_COMMAND,
    SAME_TARGET,
    Alert,
    Group,
    ask,
    counted,
    promql,
    prose,
    told,
)
from nundb_exporter.monitoring.views import KNOWN_OVERDUE, NONE_ACKNOWLEDGED, OUTLIVED, STANDING, STORM
from nundb_exporter.problems import replication as problems

_SAME_MEMBER: Final = "on (job, instance, member)"
_ALL_OVERDUE: Final = f"sum by (job, instance, member) ({pending.OVERDUE})"
_ABOUT_DATA: Final = f"{pending.OVERDUE.where(about='data')} > 0"
_LEFT: Final = f"{pending.UNACKNOWLEDGED} and {SAME_TARGET} {cluster.MEMBER} unless {_SAME_MEMBER} {cluster.MEMBER}"
_LOST: Final = f"({_LEFT}) or ({OUTLIVED})"
"""Members that are no longer listed, or that have started since the newest of their overdue operations."""

NOT_ACKNOWLEDGING: Final = Alert(
    **told(
        problems.NOT_ACKNOWLEDGING,
        member="{{ $labels.member }}",
        operations=counted("operation"),
        node=NODE,
    ),
    expression=f"{KNOWN_OVERDUE} > 0\nand {_SAME_MEMBER} {cluster.MEMBER}\nunless {_SAME_MEMBER} ({OUTLIVED})",
    wait="30s",
    meaning=prose("""
        The replica hangs, or has lost the operation: a value that arrives in two reads is dropped. It still counts as
        connected, because nothing in Nun-db times out. The primary keeps every operation for it in memory until it
        answers. What it owed before its last start it will never acknowledge: that alone fires NundbOperationsLeaked,
        and hides nothing that it has owed since.
    """),
    confirm=(PENDING_COMMAND, CHECK_COMMAND),
    evidence=prose("""
        `pending` lists the member with a growing age. If it owes many operations, it hangs; if it owes few and
        acknowledges newer ones, these were lost in transit.
    """),
    remedy=prose("""
        If it answers and acknowledges nothing, the link to it is dead: see NundbPendingBacklog. If single operations
        were lost: write those keys again; the entries stay until the primary restarts.
    """),
    other_causes=prose("""
        If a node's clock is behind the exporter's and no HTTP reply tells so, operations look old from the start
        (NundbClocksApart). Operations from before a restart of the member fire this alert as well if the member is not
        scraped under the same job, and was not within a day. When it owes too many operations to list, the alert stays
        as it was until fewer are pending.
    """),
)
PENDING_GROWING: Final = Alert(
    name="NundbPendingGrowing",
    # Not a slope: under load the number of pending operations varies. The minute between the two windows keeps a sample
    # on the border from being in both.
    expression=promql(f"""
        min_over_time({replication.PENDING}[5m])
          >
        max_over_time({replication.PENDING}[5m] offset 6m)
        and {replication.PENDING} > 100
    """),
    wait="5m",
    severity="warning",
    summary="Pending operations of a Nun-db node keep growing.",
    description=prose("""
        At least {{ $value }} operations have been pending on the node behind {{ $labels.instance }} (job
        {{ $labels.job }}) for five minutes, more than at any time in the five minutes before.
    """),
    meaning=prose("""
        Operations are made faster than replicas acknowledge them, or a replica acknowledges none. Every pending
        operation is kept in memory with its value.
    """),
    confirm=(PENDING_COMMAND, ask("metrics-state")),
    evidence=prose("""
        `pending` shows which members owe them. If there are very many, this takes long, and the node writes all values
        to its log: use only `pending_ops` in metrics-state then.
    """),
    remedy="If one member owes them all, see NundbReplicaNotAcknowledging. If all do, reduce the write load.",
    other_causes=prose("""
        A bulk load varies and ends: it fires the alert only if the replicas keep falling behind for ten minutes.
    """),
)
PENDING_BACKLOG: Final = Alert(
    **told(
        problems.PENDING_BACKLOG,
        operations="{{ $value }} operations",
        node=NODE,
        reason=f"more than {problems.BACKLOG:,} or all that was written in the last minute",
    ),
    # Neither of the two needs the list, which may be too long to ask for. A storm is told as what it is.
    expression="\n".join(
        (
            f"{replication.PENDING}",
            f"and ({NONE_ACKNOWLEDGED} or {STANDING})",
            f"unless {SAME_TARGET} ({STORM})",
        )
    ),
    wait="30s",
    meaning=prose("""
        Whatever is written stays pending, or what is pending does not become less: some replica acknowledges nothing.
        It hangs, or its link has died, which no node notices. Above 1,000 operations, by default, the exporter does not
        ask which member owes what, because the node would copy every value into its reply and its log.
    """),
    confirm=(ask("metrics-state"), PENDING_COMMAND, CHECK_ALL_COMMAND),
    evidence=prose("""
        `pending_ops` grows with every write, or is large and stays. `pending` names the member, unless the list is too
        long. `check` on each replica shows which one does not answer.
    """),
    remedy=prose(f"""
        If all replicas answer, the link to the one that owes them is dead, and only a new link is a living one. Stop
        that replica, and let each other node drop it, which by itself does so only when TCP gives up, after a quarter
        of an hour: `{FORGET_COMMAND}`, with its name as `cluster-state` has it. Then start it with the primary's files,
        as under NundbDatabaseStrategyDiffers, because it has missed what was written. If the number stays although all
        replicas are healthy, the operations were made for a member that has left: only a restart of the node that holds
        them removes them. Take a snapshot first.
    """),
    other_causes=prose("""
        A large number of operations for a member that has left: they only cost memory, and fire the alert while nothing
        is written that the others could acknowledge. A resolve that goes round fires NundbResolveStorm instead.
    """),
)
LEAKED: Final = Alert(
    **told(
        problems.LEAKED,
        node=NODE,
        operations=counted("operation"),
        member="{{ $labels.member }}",
        reason="has left the cluster, or has restarted since",
    ),
    expression=f"{_ALL_OVERDUE} > 0\nand {_SAME_MEMBER} ({_ABOUT_DATA})\nand {_SAME_MEMBER} ({_LOST})",
    wait="5m",
    meaning=prose("""
        The operations that a member has not acknowledged stay pending when it leaves, and are not sent again when it
        comes back: only a restart of the node that holds these entries removes them. New operations are not affected:
        the alert ends, and NundbReplicaNotAcknowledging fires, while the member does not acknowledge them either.
    """),
    confirm=(PENDING_COMMAND, ask("cluster-state")),
    evidence=prose("""
        `pending` lists operations for a member that `cluster-state` does not list, or only operations that are older
        than the member's start.
    """),
    remedy=prose("""
        `pending` names them. A member that has restarted since has missed more than these, and what it was sent when it
        joined may be damaged: see NundbDown. If the member is gone for good, nothing is lost. The number returns to 0
        when the primary restarts: take a snapshot first; an election follows.
    """),
    other_causes="A member is leaving at this moment. A member's clock is minutes ahead of the primary's.",
)
LEFTOVER: Final = Alert(
    **told(
        problems.LEFTOVER,
        node=NODE,
        operations=counted("operation"),
        member="{{ $labels.member }}",
        reason="has left the cluster, or has restarted since",
    ),
    expression=f"{_ALL_OVERDUE} > 0\nunless {_SAME_MEMBER} ({_ABOUT_DATA})\nand {_SAME_MEMBER} ({_LOST})",
    wait="5m",
    meaning=prose("""
        In about one start of ten the join fails: the primary has sent the newcomer `set-primary` before the link was
        up, and waits for the answer for ever. An election that a member did not live to see leaves the same. The entry
        is harmless: the total of pending operations is a little higher than it should be.
    """),
    confirm=(PENDING_COMMAND, CHECK_ALL_COMMAND),
    evidence=prose("""
        `pending` lists operations `other` without a database. `check` of all nodes shows whether the member has joined
        since, or is alone.
    """),
    remedy=prose("""
        If the member is alone, and NundbSeveralPrimaries fires, start it once more. The entry itself ends with the
        process of the node that holds it.
    """),
    other_causes="None that matters: a member that misses data as well fires NundbOperationsLeaked instead.",
)
SNAPSHOT_STUCK: Final = Alert(
    **told(
        problems.SNAPSHOT_STUCK,
        snapshots="a snapshot",
        node=NODE,
        reason="a replica has not acknowledged it, or it has overlapped another one",
    ),
    expression=f"{pending.STUCK} > 0",
    wait="10m",
    meaning=prose("""
        All snapshots share the operation id 0. Two that overlap become one entry that is never fully acknowledged, and
        from then on every snapshot sends the first one's message: the replicas no longer write other databases to disk,
        and lose them when they restart.
    """),
    confirm=(PENDING_COMMAND,),
    evidence="A line with the operation `snapshot` and no age.",
    remedy=prose("""
        Until then snapshot the replicas one by one. Run the next `snapshot` only when `pending` no longer shows the
        last one: a second apart they have overlapped.
    """),
    other_causes=prose("""
        A replica that hangs also keeps a snapshot pending: see NundbReplicaNotAcknowledging. A snapshot in progress is
        acknowledged within milliseconds and does not fire the alert.
    """),
)
SLOW: Final = Alert(
    name="NundbReplicationSlow",
    expression=promql(f"""
        min_over_time({replication.DURATION}[10m]) > {replication.SLOW_SECONDS:g}
        and changes({replication.DURATION}[10m]) > 0
    """),
    wait="10m",
    severity="warning",
    summary="Replicas of a Nun-db node acknowledge slowly.",
    description=prose("""
        Acknowledgements to the node behind {{ $labels.instance }} (job {{ $labels.job }}) have taken at least
        {{ $value | humanizeDuration }} on average for 20 minutes.
    """),
    meaning=prose("""
        This is the node's moving average over 100 acknowledgements of all replicas: one slow replica among fast ones
        shows only in part. About 40 ms is normal even on one machine, because of delayed TCP acknowledgements. The
        average is constant while nothing is replicated; the alert does not fire then.
    """),
    confirm=(ask("metrics-state"), PENDING_COMMAND),
    evidence="`replication_time_moving_avg` is in milliseconds. `pending` shows whether one member is behind.",
    remedy=prose("""
        Ask `pending` several times: a member that it lists each time is behind. Check the network to that member
        (`ping`), and the load of its machine; if all are listed, those of the primary. Nothing is lost meanwhile, and
        once the cause is gone the average falls within a hundred acknowledgements. The more keys were ever written, the
        longer each write takes on the primary.
    """),
    other_causes=prose("""
        A replica that hung and resumed adds all of that time at once. It takes a hundred operations to fade, which is
        long where little is written.
    """),
)
GROUP: Final = Group(
    "nundb-replication",
    "Replication",
    (NOT_ACKNOWLEDGING, PENDING_GROWING, PENDING_BACKLOG, LEAKED, LEFTOVER, SNAPSHOT_STUCK, SLOW),
)
