"""The log: what it tells of slow commands, errors and threads that have died, and whether it is read at all."""

from typing import Final

from nundb_exporter.collectors.cluster import ROLE
from nundb_exporter.log import families as log
from nundb_exporter.metrics import UP
from nundb_exporter.monitoring.rule import (
    CHECK_COMMAND,
    COMPARE_COMMAND,
    NODE,
    SAME_TARGET,
    Alert,
    Group,
    ask,
    promql,
    prose,
    told,
)
from nundb_exporter.problems import log as problems

SLOW_SECONDS: Final = 0.1
"""One of the histogram's bounds: commands take microseconds."""
SLOW_COMMANDS: Final = 5
"""In five minutes: fewer may have met a machine that was busy for a moment."""
_OF_THE_CLUSTER: Final = "debug|election|join|leave|replicate-join|replicate-leave|rp|set-primary|set-secoundary"  # sic
"""Verbs that hold an election, or wait for one, for a second each; of what `rp` replicates, the log also has the verb
itself."""
ERROR_LINES: Final = 10
"""In five minutes: a join, a leave or an election makes a few."""
_PANICS: Final = 'event=~"panic_main|panic_other"'
_ERRORS: Final = (
    'event=~"ack_foreign|ack_twice|ack_unknown|http_body|link_write_failed|oplog_unreadable|replicated_op_failed|s3_failed|'
    'slow_tcp_client"'
)
_JOINS: Final = 'event=~"full_sync|member_added|start"'
"""What the synchronisation of a join sends again is refused as well, where the replica has it already."""
LAG_BYTES: Final = 64 << 20
"""What Nun-db can write within two seconds at most."""

_PAGE: Final = "curl --silent http://EXPORTER:9898/metrics | grep nundb_log"
_SLOW: Final = "nundb-exporter slow --nundb.log.path nun-db.log"
_NEEDS: Final = "--collector.log"
_NOT_OF_CLUSTER: Final = f'command!~"{_OF_THE_CLUSTER}"'

COMMANDS_SLOW: Final = Alert(
    name="NundbCommandsSlow",
    expression=promql(f"""
        sum by (job, instance, command) (increase({log.DURATION.count.where(_NOT_OF_CLUSTER)}[5m]))
          -
        sum by (job, instance, command) (
          increase({log.DURATION.bucket.where(_NOT_OF_CLUSTER, le=str(SLOW_SECONDS))}[5m])
        )
          > {SLOW_COMMANDS}
    """),
    wait="1m",
    severity="warning",
    summary="A command is slow on a Nun-db node.",
    description=prose(f"""
        {{{{ $value | humanize }}}} commands `{{{{ $labels.command }}}}` within five minutes took longer than
        {SLOW_SECONDS:g} s on the node behind {{{{ $labels.instance }}}} (job {{{{ $labels.job }}}}).
    """),
    meaning=prose("""
        Commands take microseconds. Over HTTP a slow one occupies one of four workers; over WebSocket all clients wait
        for it. `keys` builds its reply in quadratic time: 140 ms for 20,000 keys, 2.5 s for 100,000. With storage in
        S3, `snapshot` waits for an upload in progress, without a limit; four of them block HTTP.
    """),
    confirm=(_SLOW,),
    evidence=prose("""
        It lists the slowest commands of the last ten minutes with their keys, and which verbs and keys took most time.
        The exporter's page has the same lists, and so has its path `/slow`.
    """),
    remedy=prose("""
        Change the client that sends it: `keys` with a pattern is linear, many small databases are quicker than a large
        one. More nodes do not help, because each runs every write. Raising timeouts makes it worse: what waits occupies
        a worker.
    """),
    other_causes=prose("""
        If all verbs are slow at once, the machine lacks CPU, or the log blocks (NundbHung). Commands of the cluster
        itself, such as `join`, wait for elections and are left out.
    """),
    needs=_NEEDS,
)
SNAPSHOT_THREAD_DEAD: Final = Alert(
    **told(
        problems.SNAPSHOT_THREAD_DEAD,
        node=NODE,
        reason="its log tells of a panic, or has no sign of life of it for 15 minutes while other lines follow",
    ),
    expression=promql(f"""
        max by (job, instance) (
          {log.LAST_LINE} - {log.HEARTBEAT} > {problems.SILENT_SECONDS}
          or
          increase({log.EVENTS.where(event="panic_timer")}[15m]) > 0
        )
    """),
    wait="30s",
    meaning=prose("""
        The thread that writes snapshots has panicked: the disk was full, a database has `/` in its name, the directory
        is gone or read-only, or an upload to S3 failed. From then on `snapshot` answers success and does nothing, the
        operation log is not pruned, and SIGINT neither saves nor ends the process.
    """),
    confirm=(
        "grep 'queue_len ==' nun-db.log | tail -3",
        "grep -A 1 \"'Timer thread'\" nun-db.log",
        CHECK_COMMAND,
    ),
    evidence=prose("""
        The newest line `queue_len ==` is older than NUN_DECLUTTER_INTERVAL, and `thread 'Timer thread' panicked` says
        why. `check` does not read the log; the exporter's page says the same.
    """),
    remedy=prose("""
        Freeing the disk does not heal it: only a new process has a new thread, and all that was not saved is lost with
        the old one. What a replica has is safe there; copy the rest over the network. Remove the cause, then kill the
        process and start it. Sending `snapshot` again makes nothing better, and SIGINT only half ends the process.
    """),
    other_causes=prose(f"""
        NUN_DECLUTTER_INTERVAL is more than {problems.SILENT_SECONDS // 60} minutes: change the number in the rule. A
        log whose level leaves these lines out has no sign of life at all, and does not fire.
    """),
    needs=_NEEDS,
)
THREAD_PANICKED: Final = Alert(
    name="NundbThreadPanicked",
    expression=f"increase({log.EVENTS.where(_PANICS)}[15m]) > 0",
    wait="15s",
    severity="warning",
    summary="A thread of a Nun-db node has panicked.",
    description=prose("""
        A thread of the node behind {{ $labels.instance }} (job {{ $labels.job }}) has panicked: {{ $labels.event }}.
    """),
    meaning=prose("""
        `panic_main` ends the process with exit code 101, and nothing is saved. `panic_other` is an HTTP worker, a TCP
        connection, a replication link or the loop of all WebSocket clients: after four workers HTTP refuses new
        connections, and open ones hang. Lost workers do not come back before a restart.
    """),
    confirm=(
        "grep -A 1 'panicked at' nun-db.log | tail -20",
        "nundb-exporter check --collector.transports http://NODE:3013",
    ),
    evidence="The place in the source and the message tell which thread it was. A lost HTTP worker may print two.",
    remedy=prose("""
        Take a snapshot and restart the node when HTTP workers are lost. Until then scrape over TCP: each
        `metrics-state` over HTTP that meets a missing directory or no free descriptor ends one more worker. If
        `panic_main` repeats at each start in `replication_ops.rs`, do not let the node join again: each failed join
        makes the primary hold an election and may end it too. `nundb-exporter files DIR` says what to do first.
    """),
    other_causes=prose("""
        A client can provoke panics, even without a login (`election candidate x`). A TCP client that does not read what
        it is sent ends its own connection's thread, and its watchers stay (NundbWatchersDead).
    """),
    needs=_NEEDS,
)
LOG_ERRORS: Final = Alert(
    name="NundbLogErrors",
    expression=f"increase({log.EVENTS.where(_ERRORS)}[5m]) > {ERROR_LINES}",
    wait="1m",
    severity="warning",
    summary="A Nun-db node logs many errors.",
    description=prose("""
        The node behind {{ $labels.instance }} (job {{ $labels.job }}) has logged {{ $value | humanize }} lines
        {{ $labels.event }} within five minutes.
    """),
    meaning=prose("""
        What each event means is in docs/metrics.md. `replicated_op_failed`: a replica could not carry out what it
        confirmed, most often because it lacks the database. `link_write_failed`: operations do not reach a member.
        `ack_foreign`, `ack_twice` and `ack_unknown`: confirmations that fit nothing. `slow_tcp_client`: a client does
        not read. `oplog_unreadable` and `s3_failed`: the node cannot write what it must.
    """),
    confirm=(_PAGE, "tail -1000 nun-db.log | grep -v 'Server processed message'", CHECK_COMMAND),
    evidence="The counter of one event rises quickly; the log has its lines.",
    remedy=prose("""
        Create the database that a replica lacks, restart a replica that refuses what it is sent, or stop the client.
        Nothing of what failed is sent again: write the keys concerned once more on the primary.
    """),
    other_causes=prose("""
        A join, a leave or an election makes a few of these lines; the rule needs more than ten of a kind. A replica
        that resumes after a pause confirms late.
    """),
    needs=_NEEDS,
)
WATCHERS_DEAD: Final = Alert(
    name="NundbWatchersDead",
    expression=f"increase({log.EVENTS.where(event='dead_watcher')}[15m]) > {ERROR_LINES}",
    wait="5m",
    severity="warning",
    summary="A Nun-db node notifies watchers that are gone.",
    description=prose("""
        The node behind {{ $labels.instance }} (job {{ $labels.job }}) has failed {{ $value | humanize }} times within
        15 minutes to notify a watcher that is gone.
    """),
    meaning=prose("""
        A watcher was never removed: its client sent `watch` over HTTP and then selected another database, or watched
        over TCP without reading. Each write of the key logs two such lines for each of them, for as long as the process
        runs; writes become slower, and memory and the log grow.
    """),
    confirm=(_PAGE, "grep 'receiver is gone' nun-db.log | tail -3", ask("metrics-state")),
    evidence='`nundb_log_events_total{event="dead_watcher"}` rises with every write of the key.',
    remedy=prose("""
        Change the client: watch over WebSocket, and read what is sent. Only a restart removes the watchers; take a
        snapshot first. More watching over HTTP adds more of them.
    """),
    other_causes="A client that is killed while a write is under way makes a line or two, once.",
    needs=_NEEDS,
)
REPLICA_REFUSES_WRITES: Final = Alert(
    name="NundbReplicaRefusesWrites",
    expression=promql(f"""
        max_over_time(
          (
            increase({log.EVENTS.where(event="conflict_none")}[3m]) > 0
            unless {SAME_TARGET} sum by (job, instance) (increase({log.EVENTS.where(_JOINS)}[6m])) > 0
          )[1h:1m]
        )
        and {SAME_TARGET} {ROLE.where(role="secondary")} == 1
    """),
    wait="15s",
    severity="critical",
    summary="A Nun-db replica refuses replicated writes and holds other values than the primary.",
    description=prose("""
        The replica behind {{ $labels.instance }} (job {{ $labels.job }}) has refused {{ $value | humanize }} writes
        within three minutes of the last hour: it holds other values than the primary.
    """),
    meaning=prose("""
        A plain `set` on a secondary counts there twice, so its version of the key is ahead for ever. Each `set-safe` on
        the primary is then refused by this replica and acknowledged all the same: the primary has the new value, the
        replica the old one, and nothing is pending. If the replica takes over, the old value wins.
    """),
    confirm=("grep 'using None' nun-db.log | tail -5", COMPARE_COMMAND),
    evidence="The log names the keys. `compare` finds them different, in databases whose token is configured.",
    remedy=prose("""
        Write each of the keys with a plain `set` on the primary: that heals it, and the alert ends an hour later,
        because it looks back as long. Let clients write on the primary alone. `set-safe` with the version of the
        primary makes it worse each time: only the primary takes it. Do not restart the replica for it: a rejoin damages
        values of more than one word.
    """),
    other_causes=prose("""
        A client that sends `set-safe` with an old version to the secondary itself gets `Invalid version!`, and the
        write is still carried out on the primary: the values differ as well. On a primary the line is an ordinary
        refusal and does not fire. A join refuses numbers that it is sent again: what comes within six minutes of one
        does not fire. Whether a node is a primary is on the page of its exporter: where its log is read apart from it,
        by `nundb-exporter log` or by an exporter of several nodes, this does not fire.
    """),
    needs=_NEEDS,
)
LOG_SILENT: Final = Alert(
    **told(problems.LOG_SILENT, node=NODE),
    expression=promql(f"""
        increase({log.LINES}[15m]) == 0
        and {log.LINES} offset 15m
        unless {SAME_TARGET} {UP} == 0
    """),
    wait="1m",
    meaning=prose("""
        A node writes a line for each command, scrapes included, and one every NUN_DECLUTTER_INTERVAL. If none arrives,
        the exporter follows the wrong file, the level of the log is too high, or the log's disk is full. All that
        depends on the log sees nothing meanwhile.
    """),
    confirm=(_PAGE, "ls -l /proc/$(pidof nun-db)/fd/1", "tail -1 nun-db.log", CHECK_COMMAND),
    evidence="Descriptor 1 is where the log goes: its newest line is old, or the exporter follows another file.",
    remedy=prose("""
        Give --nundb.log.path that file. Nun-db never opens its log again: after a rename it writes into the renamed
        file, and SIGHUP or SIGUSR1 would kill it unsaved. NUN_LOG_LEVEL must be `info`, in a spelling that exists: any
        other word silences everything, and only a restart changes it. If the reader of a pipe is gone or the disk is
        full, SIGINT will not save: free the disk, or take a snapshot and wait for NUN_DECLUTTER_INTERVAL before you
        restart.
    """),
    other_causes=prose("""
        At a level without requests, only elections and the snapshot thread write lines: then this is the sign that the
        thread has died (NundbSnapshotThreadDead). A node whose log is a pipe that nobody reads hangs: NundbHung. Where
        the log is read apart from its node, by `nundb-exporter log` or by an exporter of several nodes, the node may
        also be down: NundbDown fires then, too.
    """),
    needs=_NEEDS,
)
LOG_NOT_READ: Final = Alert(
    name="NundbLogNotRead",
    expression=promql(f"""
        max by (job, instance) (min_over_time({log.LAG}[5m]) > {LAG_BYTES} or increase({log.DROPPED}[5m]) > 0)
    """),
    wait="5m",
    severity="warning",
    summary="The exporter does not keep up with the log of a Nun-db node.",
    description=prose("""
        The exporter is behind the log of the node at {{ $labels.instance }} (job {{ $labels.job }}), or throws parts of
        it away: {{ $value | humanize1024 }}B.
    """),
    meaning=prose("""
        The log grows faster than it is read, for minutes. Counts and latencies are late or, of a pipe, incomplete. The
        node is not affected: a pipe is emptied, whatever becomes of the text.
    """),
    confirm=(_PAGE, "top -b -n 1 | grep -e nun-db -e nundb"),
    evidence="`nundb_log_lag_bytes` stays high or rises, or `nundb_log_dropped_bytes_total` rises.",
    remedy=prose("""
        Give the exporter more CPU. Let the node log less: with NUN_LOG_LEVEL=info,nundb::process_request=warn it writes
        events and no commands. Stop whoever sends `debug pending-ops`, which logs every value that is pending. Never
        pause the exporter where the log is a pipe: the node would stop.
    """),
    other_causes="After a start with --nundb.log.from-start the exporter reads all that was there before; this ends.",
    needs=_NEEDS,
)
GROUP: Final = Group(
    "nundb-log",
    "The log",
    (
        COMMANDS_SLOW,
        SNAPSHOT_THREAD_DEAD,
        THREAD_PANICKED,
        LOG_ERRORS,
        WATCHERS_DEAD,
        REPLICA_REFUSES_WRITES,
        LOG_SILENT,
        LOG_NOT_READ,
    ),
)
