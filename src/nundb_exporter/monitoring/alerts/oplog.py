"""The operation log: its size, and what writes to it."""

from typing import Final

from nundb_exporter.collectors import oplog
from nundb_exporter.monitoring.rule import (
    NODE,
    PENDING_COMMAND,
    SAME_TARGET,
    Alert,
    Group,
    ask,
    promql,
    prose,
    told,
)
from nundb_exporter.monitoring.views import STORM
from nundb_exporter.problems import oplog as problems

NEAR_LIMIT: Final = Alert(
    name="NundbOplogNearLimit",
    # A node that has pruned before is always between nine and ten tenths of the limit: nothing to report.
    expression=promql(f"""
        ({oplog.SIZE} > {problems.NEAR} * {problems.LIMIT_BYTES} <= {problems.OVER} * {problems.LIMIT_BYTES})
        unless {SAME_TARGET} resets({oplog.SIZE}[1w]) > 0
    """),
    wait="15m",
    severity="info",
    summary="The operation log of a Nun-db node is about to be pruned for the first time.",
    description=prose("""
        The operation log of the node behind {{ $labels.instance }} (job {{ $labels.job }}) holds
        {{ $value | humanize1024 }}B, close to the limit of 1 GiB.
    """),
    meaning=prose("""
        At the limit the oldest tenth is deleted. A replica that was away for longer than the log covers is synchronised
        from what is left, and misses the rest without an error.
    """),
    confirm=(ask("metrics-state"), 'ls -l "${NUN_DBS_DIR:-dbs}/oplog"'),
    evidence="`op_log_file_size`, and the dates of the files: they show how far back the log goes.",
    remedy=prose("""
        Decide how long a replica may be away. If the log covers less, raise NUN_MAX_OP_LOG_SIZE on every node. If a
        replica was away for longer, empty its data directory before it starts, so that it requests a full sync.
    """),
    other_causes=prose(f"""
        NUN_MAX_OP_LOG_SIZE is set to another value: no command reports it, and the rule assumes the default of
        {problems.LIMIT_BYTES} bytes. Change the number in the rule.
    """),
)
OVER_LIMIT: Final = Alert(
    **told(problems.OVER_LIMIT, node=NODE, size="{{ $value | humanize1024 }}B", limit="1 GiB"),
    expression=f"{oplog.SIZE} > {problems.OVER} * {problems.LIMIT_BYTES}",
    wait="15m",
    meaning=prose("""
        Old segments are deleted by the task that also writes snapshots, every NUN_DECLUTTER_INTERVAL seconds (300). If
        the log keeps growing, that task has died, perhaps because of a full disk, or the file system does not record
        creation times. Snapshots are then not written either, and the disk fills up.
    """),
    confirm=(ask("metrics-state"), "grep 'queue_len ==' nun-db.log | tail -3", 'ls -l "${NUN_DBS_DIR:-dbs}/oplog"'),
    evidence=prose("""
        No line `queue_len ==` in the log for more than five minutes: the task is dead. More than ten files in oplog/.
    """),
    remedy=prose("""
        Copy it to a replica: it is lost when the node restarts. A replica's log begins anew when it is given an empty
        directory with the primary's files, as under NundbDatabaseStrategyDiffers.
    """),
    other_causes=prose(f"""
        NUN_MAX_OP_LOG_SIZE is set to more than {problems.LIMIT_BYTES} bytes: change the number in the rule. More than
        25,000 writes per second between two runs of the task.
    """),
)
RESOLVE_STORM: Final = Alert(
    name="NundbResolveStorm",
    expression=STORM,
    wait="15s",
    severity="critical",
    summary="A resolved conflict loops endlessly between Nun-db nodes.",
    description=prose("""
        The operation log of the node behind {{ $labels.instance }} (job {{ $labels.job }}) grows by
        {{ $value | humanize }} records per second, and a resolve is pending all the time, or more operations than can
        be listed.
    """),
    meaning=prose("""
        A secondary sends the replicated `resolve` back to the primary, which resolves and replicates it again,
        endlessly. Between two nodes that makes some 450 records per second, with one or two operations pending. With
        each further secondary it multiplies: between three nodes thousands to tens of thousands of records per second
        and hundreds of thousands of pending operations within half a minute, until the threads of the links panic;
        replication is dead then, and memory full of operations that nobody will acknowledge.
    """),
    confirm=(ask("metrics-state"), PENDING_COMMAND),
    evidence=prose("""
        `op_log_count` rises although no client writes. Between two nodes `pending` shows an operation `other` in one
        database each time. Between three do not ask for the list: the node would copy all of it.
    """),
    remedy=prose("""
        Stop all secondaries at once, and not one of them: each sends the resolves back. Wait until `cluster-state` on
        the primary lists none of them, which takes seconds to minutes. Take a snapshot on the primary, of one database
        after another, seconds apart, because the list that would show the last one is too long. Give each secondary the
        primary's files in an empty directory, as under NundbDatabaseStrategyDiffers, and start it: with its own files
        some have panicked (`replication_ops.rs`), and with none it loses the strategies. What is pending stays until
        the primary restarts, and an election follows that. At the end write each key again on the primary, that of the
        conflict as under NundbConflictsUnresolved, until `nundb-exporter compare` finds no difference. Do not resolve
        conflicts in a cluster of two or more nodes with this Nun-db.
    """),
    other_causes=prose(f"""
        More than {problems.FAST_RECORDS:,} writes per second, for longer than a few seconds, that a replica does not
        keep up with or does not acknowledge at all: `check` on each replica shows whether one hangs. Slower writes to a
        replica that hangs fire NundbPendingBacklog instead.
    """),
)
GROUP: Final = Group("nundb-oplog", "The operation log", (NEAR_LIMIT, OVER_LIMIT, RESOLVE_STORM))
