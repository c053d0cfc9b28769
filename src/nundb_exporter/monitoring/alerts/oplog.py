"""The operation log: how large it is, and who writes it."""

from nundb_exporter.collectors import oplog, pending, replication
from nundb_exporter.monitoring.alert import PENDING, SAME_TARGET, Alert, Group, ask, promql

NEAR_LIMIT = Alert(
    name="NundbOplogNearLimit",
    # A node that has pruned before lives between nine and ten tenths of the limit for ever: nothing to tell.
    expression=promql(f"""
        {oplog.SIZE} > {oplog.NEAR} * {oplog.LIMIT_BYTES}
        unless {SAME_TARGET} resets({oplog.SIZE}[1w]) > 0
    """),
    wait="15m",
    severity="info",
    summary="The operation log of a Nun-db node is about to be pruned for the first time.",
    description="The operation log of the node behind {{ $labels.instance }} (job {{ $labels.job }}) holds {{ $value | "
    "humanize1024 }}B, close to the limit of 1 GiB.",
    meaning="At the limit the oldest tenth is deleted. A replica that was away for longer than the log reaches back is "
    "brought up to date from what is left, and misses the rest without a word.",
    confirm=(ask("metrics-state"), 'ls -l "${NUN_DBS_DIR:-dbs}/oplog"'),
    evidence="`op_log_file_size`, and the files' dates: how long back the log reaches.",
    remedy="Know how long a replica may be away. If that is too short, raise NUN_MAX_OP_LOG_SIZE on every node. A "
    "replica that was away for longer: empty its data directory before it starts, so that it asks for everything.",
    confusion=f"No command tells NUN_MAX_OP_LOG_SIZE; the rule assumes the default of {oplog.LIMIT_BYTES} bytes. If "
    "you set another, change the number in the rule.",
)
OVER_LIMIT = Alert(
    name="NundbOplogOverLimit",
    expression=f"{oplog.SIZE} > {oplog.OVER} * {oplog.LIMIT_BYTES}",
    wait="15m",
    severity="warning",
    summary="The operation log of a Nun-db node is not pruned any more.",
    description="The operation log of the node behind {{ $labels.instance }} (job {{ $labels.job }}) holds {{ $value | "
    "humanize1024 }}B, well over the limit of 1 GiB.",
    meaning="Old segments are deleted by the task that also writes snapshots, every NUN_DECLUTTER_INTERVAL seconds "
    "(300). If the log grows on, that task has died, perhaps on a full disk, or the file system has no times of "
    "creation. Then snapshots are not written either, and the disk fills.",
    confirm=(ask("metrics-state"), "grep 'queue_len ==' nun-db.log | tail -3", 'ls -l "${NUN_DBS_DIR:-dbs}/oplog"'),
    evidence="No line `queue_len ==` in the log within five minutes: the task is dead. More than ten files in oplog/.",
    remedy="Free the disk. Restart the node; note that what was not snapshotted is lost, so copy it to a replica "
    "first.",
    confusion=f"NUN_MAX_OP_LOG_SIZE set to more than {oplog.LIMIT_BYTES} bytes: change the number in the rule. A load "
    "of more than 25,000 writes a second between two runs of the task.",
)
_RESOLVING = pending.DATABASE.where('database!=""', operation="other")
RESOLVE_STORM = Alert(
    name="NundbResolveStorm",
    # Of all operations on a database, only a resolve is pending as `other`. It takes some 40 ms, so that one scrape in
    # five meets one only where five a second are made, without a pause.
    expression=promql(f"""
        deriv({oplog.RECORDS}[5m]) > 100
        and {SAME_TARGET}
        max by (job, instance) (count_over_time({_RESOLVING}[5m]))
          > {SAME_TARGET}
        0.2 * count_over_time({replication.PENDING}[5m])
    """),
    wait="5m",
    severity="warning",
    summary="A resolved conflict goes round between Nun-db nodes for ever.",
    description="The operation log of the node behind {{ $labels.instance }} (job {{ $labels.job }}) grows by {{ "
    "$value | humanize }} records a second, and a resolve is pending all the time.",
    meaning="A secondary sends the replicated `resolve` back to the primary, which resolves and replicates it again, "
    "without end: some 450 records a second, a core busy on both nodes, the key's version climbing. The secondary "
    "never gets the value.",
    confirm=(PENDING, ask("metrics-state")),
    evidence="`pending` shows an operation `other` in one database each time; `op_log_count` rises while no client "
    "writes.",
    remedy="Restart the secondary once it is gone from the primary's list: the circle breaks. Write the key again "
    "afterwards, on the primary. Do not resolve conflicts in a cluster of two or more nodes with this Nun-db.",
    confusion="An arbiter that resolves more than five conflicts a second for ten minutes, while more than a hundred "
    "writes a second are made: the number of resolved conflicts then rises, in a storm it stands still. Writes alone, "
    "however many and however steady, do not fire it. It is deaf while more operations are pending than may be listed.",
)
GROUP = Group("nundb-oplog", "The operation log", (NEAR_LIMIT, OVER_LIMIT, RESOLVE_STORM))
