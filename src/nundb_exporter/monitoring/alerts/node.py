"""One node: whether it answers, how long it has run, its clock, its speed."""

from typing import Final

from nundb_exporter.collectors import pending, process, queries, transports
from nundb_exporter.errors import Reason
from nundb_exporter.metrics import SCRAPE_FAILURE, UP, Family
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
from nundb_exporter.problems import node as problems


def _failed(reason: Reason) -> str:
    return f"{SCRAPE_FAILURE.where(reason=reason)} == 1"


_OTHER_REASONS: Final = SCRAPE_FAILURE.where(f'reason!="{Reason.CONNECT}"')

DOWN: Final = Alert(
    **told(problems.DOWN, node=NODE, reason="for two minutes there has been no connection, or none that lasted"),
    # A reason that persists has an alert of its own. If reasons alternate, none of those would ever fire.
    expression=promql(f"""
        {UP} == 0
        unless {SAME_TARGET} min_over_time({_OTHER_REASONS}[1m]) == 1
    """),
    wait="2m",
    meaning=prose("""
        The exporter cannot connect to the node's port: the process has exited, its listener has died, or the network
        between them is down. If the process has exited, writes that were not snapshotted are lost. If it was the
        primary, another node has taken over after about a second, without what the dead one had not replicated.
    """),
    confirm=(CHECK_COMMAND, ask("cluster-state")),
    evidence=prose("""
        `check` reports the node as down with the reason `connect`, and says whether the lookup of its name, the
        connection or TLS has failed, with the addresses tried. Ask the other nodes for `cluster-state`: a dead node
        disappears from their lists within milliseconds; a node that only the exporter cannot reach is still listed.
    """),
    remedy=prose(f"""
        If it is not running, read the end of its log, and start it when no other node lists it: a node that joins while
        it is still listed crashes the primary. After it has joined, do not trust its values, nor those of secondaries
        that asked it for a sync in turn: they may lack their first word, or be missing or old. No alert compares
        values, but the canary's own (NundbReplicaDamaged): `{COMPARE_COMMAND}` does, and names what differs. Copy the
        primary's files, as under NundbDatabaseStrategyDiffers, and write each key again, until it finds no difference.
    """),
    other_causes=prose("""
        A firewall, a host that is off, a name that is not resolved, a proxy that has no node behind it, a wrong address
        in NUN_URL, or an HTTP listener that died while TCP and WebSocket still work: with the collector `transports`,
        which is off by default, NundbTransportDown fires then as well, and `check --collector.transports` says so. A
        node or network so unreliable that each scrape fails for another reason. A restart takes seconds and does not
        fire the alert.
    """),
)
HUNG: Final = Alert(
    **told(problems.HUNG, node=NODE, reason="for two minutes no answer has come in time"),
    expression=_failed(Reason.TIMEOUT),
    wait="2m",
    meaning=prose("""
        The process is stopped, is swapping, or all four of its HTTP workers are busy. Nun-db has no heartbeat: the
        other nodes list it as connected indefinitely. If it is a replica, the primary keeps every write for it in
        memory. If it is the primary, no other node takes over, and the writes that others accept reach it only when it
        resumes.
    """),
    confirm=(CHECK_COMMAND, "ps -o stat,pcpu,rss,wchan:20 -C nun-db", ask("metrics-state")),
    evidence=prose("""
        `check` reports the reason `timeout`; curl hangs. In ps the state `T` is a stopped process, `D` one that waits
        for its disk.
    """),
    remedy=prose("""
        If its workers are busy, stop the clients whose commands take so long (NundbCommandsSlow): it answers as soon as
        they are done. When it is killed its links break, and the other nodes drop it or elect a primary.
    """),
    other_causes=prose("""
        A scrape timeout that is too short for a slow node (see NundbScrapeSlow), or a firewall that drops packets of
        connections that stand.
    """),
)
CREDENTIALS_REFUSED: Final = Alert(
    **told(
        problems.CREDENTIALS_REFUSED, node=NODE, reason="it answers `invalid auth`, and nothing else is known about it"
    ),
    expression=_failed(Reason.AUTH),
    wait="2m",
    meaning=prose("""
        NUN_USER or NUN_PWD of the exporter differ from those that the node was started with. The node itself may be
        healthy, but it is not monitored. Nodes of one cluster need the same credentials, or they cannot join each
        other.
    """),
    confirm=(CHECK_COMMAND, ask("metrics-state")),
    evidence="`check` reports the reason `auth`; curl prints `invalid auth`, with HTTP status 200 nevertheless.",
    other_causes="Another Nun-db listens at that address.",
)
ANSWER_UNREADABLE: Final = Alert(
    **told(
        problems.ANSWER_UNREADABLE,
        node=NODE,
        reason="something else answers, or a Nun-db that the exporter does not know",
    ),
    expression=_failed(Reason.PROTOCOL),
    wait="5m",
    meaning=prose("""
        Something else listens at the address, a proxy answers instead of the node, an HTTP worker of the node has
        panicked (status 500), or this Nun-db is newer than the exporter.
    """),
    confirm=(CHECK_COMMAND, ask("metrics-state")),
    evidence="curl should print `valid auth`, then `;metrics-state pending_ops: …`. Anything else is the cause.",
    remedy=prose("""
        Correct NUN_URL, or bypass the proxy. If the reply is Nun-db's, report it with the output of curl, without the
        values of your data.
    """),
    other_causes="NUN_URL has the scheme http:// and the WebSocket or TCP port.",
)
TRANSPORT_DOWN: Final = Alert(
    **told(problems.TRANSPORT_DOWN, transport="{{ $labels.transport }}", node=NODE),
    expression=f"{transports.UP} == 0 and {SAME_TARGET} max by (job, instance) ({transports.UP}) == 1",
    wait="2m",
    meaning=prose("""
        HTTP, TCP and WebSocket are served by different threads and fail independently: HTTP after four panics,
        WebSocket after one frame that is not UTF-8, any of them if its port is in use at start. The process keeps
        running without it. Without TCP no other node can reach the node; most drivers use only WebSocket.
    """),
    confirm=("nundb-exporter check --collector.transports http://NODE:3013", "ss -ltn"),
    evidence="ss does not list the port, or a connection to it gets no answer.",
    remedy="Before you do, look for a panic or `Bind error` in its log.",
    other_causes=prose("""
        The node's ports do not follow each other as Nun-db's default ports do: set them with
        --collector.transports.ports. A firewall lets only one port through. One to three of the four HTTP workers that
        have died do not show: the others answer everything, only fewer at a time. Each leaves a panic in the node's
        log, which nundb_log_events_total counts as `panic_other` if the exporter reads it.
    """),
    needs="--collector.transports",
)
RESTART_LOOP: Final = Alert(
    name="NundbRestartLoop",
    expression=f"changes({process.START_TIME}[15m]) > 2",
    wait="1m",
    severity="critical",
    summary="A Nun-db node restarts repeatedly.",
    description=prose("""
        The node behind {{ $labels.instance }} (job {{ $labels.job }}) has started {{ $value }} times within 15 minutes.
    """),
    meaning=prose("""
        The process exits and its supervisor starts it. Each time, what was not snapshotted is lost, and every start
        makes the primary hold an election. A node that joins while the primary still lists it crashes the primary: in
        that case it is the primary that restarts.
    """),
    confirm=(ask("debug process-info"),),
    evidence="`process_id` is the start time in milliseconds since the epoch: ask twice, it has changed.",
    remedy=prose("""
        Stop the supervisor. Read the end of the log before each start: a panic names its cause. If a joining replica
        crashes the primary, start that replica when the primary no longer lists it. If a replica panics at each start
        in `replication_ops.rs`, its log of operations names what it never saved, or its clock was set back: empty its
        directory, or copy the primary's files into it as under NundbDatabaseStrategyDiffers.
    """),
    other_causes=prose("""
        One address for several nodes, such as a load balancer or a Kubernetes service: each scrape may reach another
        node. Scrape each node at its own address. Two restarts, as in an upgrade, do not fire the alert.
    """),
)


def _lead(family: Family) -> str:
    """Return when the family's time is ahead of the time of the scrape by more than the tolerance."""
    lead = f"max by (job, instance) ({family} - timestamp({family}))"
    return f"max_over_time(({lead})[10m:15s]) > {problems.CLOCK_TOLERANCE_SECONDS}"


_OLD_START: Final = 5 * 60 + problems.CLOCK_TOLERANCE_SECONDS
CLOCKS_APART: Final = Alert(
    **told(
        problems.CLOCKS_APART,
        node=NODE,
        observer="Prometheus",
        reason="its answers carry another time, or it reports times in the future, or a start time before its last "
        "restart",
    ),
    # A start time that changed within five minutes cannot be older than that, unless the node's clock is behind.
    expression=promql(f"""
        {_lead(process.START_TIME)}
        or
        {_lead(pending.OLDEST)}
        or
        max by (job, instance) (abs({process.CLOCK_OFFSET})) > {problems.CLOCK_TOLERANCE_SECONDS}
        or
        (time() - {process.START_TIME} > {_OLD_START} and {SAME_TARGET} changes({process.START_TIME}[5m]) > 0)
    """),
    wait="1m",
    meaning=prose("""
        Operation ids are the node's clock in nanoseconds. If clocks differ, a replica that joins is sent too much or
        too little, because its time is compared with the primary's, and the age of pending operations is wrong. If a
        clock is set back, the strategy `newer` keeps older writes. The node that seems to have started first wins
        elections.
    """),
    confirm=(
        "date --utc +%s.%N",
        "curl --silent --head http://NODE:3013",
        ask("debug process-info"),
        "timedatectl timesync-status",
    ),
    evidence=prose("""
        Compare `date` on every node, and on the machines of the exporter and of Prometheus; curl shows the node's time
        in the header `Date`. The alert fires when the clock is more than 5 seconds from the exporter's, when another
        time is as much ahead of Prometheus', or when a node that has just restarted reports a start minutes ago.
    """),
    remedy=prose("""
        Slew the clock, do not step it. A node's start time stays as wrong as the clock was at its start, until it
        restarts. After a clock was set back, a node may panic at each start (`replication_ops.rs` in its log): empty
        its directory then, or copy the primary's files into it.
    """),
    other_causes=prose("""
        Over TCP and WebSocket nobody tells the time, and a clock that is behind shows only when the node restarts. The
        wrong clock may be the exporter's, Prometheus' or that of a proxy before the node. One address for several
        nodes: see NundbRestartLoop.
    """),
)
QUERIES_SLOW: Final = Alert(
    name="NundbQueriesSlow",
    expression=f"min_over_time({queries.DURATION}[10m]) > {queries.SLOW_SECONDS}",
    wait="5m",
    severity="warning",
    summary="Commands on a Nun-db node are slow.",
    description=prose("""
        Commands on the node behind {{ $labels.instance }} (job {{ $labels.job }}) have taken at least
        {{ $value | humanizeDuration }} on average for 15 minutes.
    """),
    meaning=prose("""
        This is the node's moving average over 100 commands. Most commands take microseconds and count as 0. The time
        grows with the number of keys (`keys` builds its reply in quadratic time), with the number of watchers, and on a
        machine that has no CPU left.
    """),
    confirm=(ask("metrics-state"), "grep 'Server processed message' nun-db.log | tail -50"),
    evidence="`get_query_time_moving_avg` is in milliseconds. The log has the time of each command.",
    remedy=prose("""
        Find the slow command in the log. Use `keys` with a pattern instead of listing all keys; spread clients over the
        nodes.
    """),
    other_causes=prose("""
        An election counts as a command: it adds one sample of 150 ms to a second. The rule needs the average to stay
        high for 10 minutes; after an election the scrapes alone lower it sooner.
    """),
)
GROUP: Final = Group(
    "nundb-node",
    "One node",
    (DOWN, HUNG, CREDENTIALS_REFUSED, ANSWER_UNREADABLE, TRANSPORT_DOWN, RESTART_LOOP, CLOCKS_APART, QUERIES_SLOW),
)
