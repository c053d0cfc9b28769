"""One node: whether it answers, since when it runs, what its clock says, how fast it is."""

from nundb_exporter.collectors import pending, process, queries, transports
from nundb_exporter.errors import Reason
from nundb_exporter.metrics import SCRAPE_FAILURE, UP, Family
from nundb_exporter.monitoring.alert import CHECK, SAME_TARGET, Alert, Group, ask, promql


def _failed(reason: Reason) -> str:
    return f"{SCRAPE_FAILURE.where(reason=reason)} == 1"


_TOLD_APART = SCRAPE_FAILURE.where(f'reason!="{Reason.CONNECT}"')

DOWN = Alert(
    name="NundbDown",
    # A reason that stays has an alert of its own. Where reasons take turns none of those would ever ring.
    expression=promql(f"""
        {UP} == 0
        unless {SAME_TARGET} min_over_time({_TOLD_APART}[1m]) == 1
    """),
    wait="2m",
    severity="critical",
    summary="A Nun-db node cannot be reached.",
    description="No connection to the node behind {{ $labels.instance }} (job {{ $labels.job }}), or none that lasts, "
    "for two minutes.",
    meaning="The exporter cannot connect to the node's port: the process has ended, its listener has died, or the way "
    "to it is cut. Writes that were not snapshotted are lost when the process has ended. If it was the primary, "
    "another node has taken over after about a second; it does not know what the dead one had not replicated.",
    confirm=(CHECK, ask("cluster-state")),
    evidence="`check` prints the node as down with the reason `connect`. Ask the other nodes for `cluster-state`: a "
    "dead node has vanished from their lists within milliseconds; one that is merely out of the exporter's reach is "
    "still there.",
    remedy="Look at the node's log for the last lines before the end. Start it again. Let it be gone from the other "
    "nodes' lists first: a node that joins while it is still listed ends the primary's process. After it has joined, "
    "compare the nodes with `check`: a rejoined replica may hold damaged values until each key is written again.",
    confusion="A firewall, a wrong address in NUN_URL, or an HTTP listener that died alone while TCP and WebSocket "
    "live (the collector `transports` tells them apart). A node or a way to it so bad that each scrape fails for "
    "another reason. A restart takes seconds and stays silent.",
)
HUNG = Alert(
    name="NundbHung",
    expression=_failed(Reason.TIMEOUT),
    wait="2m",
    severity="critical",
    summary="A Nun-db node accepts connections but does not answer.",
    description="The node behind {{ $labels.instance }} (job {{ $labels.job }}) has not answered in time for two "
    "minutes.",
    meaning="The process is stopped, swaps, or all four of its HTTP workers are held. Nun-db has no heartbeat: the "
    "other nodes list it as connected for ever. If it is a replica, the primary keeps every write for it in memory; if "
    "it is the primary, nobody takes over, and what the others accept reaches it only when it resumes.",
    confirm=(CHECK, "ps -o stat,pcpu,rss,wchan:20 -C nun-db", ask("metrics-state")),
    evidence="`check` prints the reason `timeout`; curl hangs. The state `T` in ps is a stopped process, `D` one that "
    "waits for its disk.",
    remedy="Resume the process if it is stopped (`kill -CONT`). Otherwise end it: its links break, and the others "
    "leave it out or elect a primary. Then start it again.",
    confusion="A scrape timeout that is too short for a slow node (see NundbScrapeSlow), a firewall that drops "
    "packets, or an address where nothing is and nothing answers.",
)
CREDENTIALS_REFUSED = Alert(
    name="NundbCredentialsRefused",
    expression=_failed(Reason.AUTH),
    wait="2m",
    severity="critical",
    summary="A Nun-db node refuses the exporter's credentials.",
    description="The node behind {{ $labels.instance }} (job {{ $labels.job }}) answers `invalid auth`: nothing else "
    "is known of it.",
    meaning="NUN_USER or NUN_PWD of the exporter are not those that the node was started with. The node itself may be "
    "well, but nobody sees it. Nodes of one cluster need the same credentials, or they cannot join each other.",
    confirm=(CHECK, ask("metrics-state")),
    evidence="`check` prints the reason `auth`; curl prints `invalid auth`, with HTTP status 200 all the same.",
    remedy="Give the exporter the node's user and password: NUN_USER, and NUN_PWD or NUN_PWD_FILE.",
    confusion="Another Nun-db at that address.",
)
UNREADABLE = Alert(
    name="NundbAnswerUnreadable",
    expression=_failed(Reason.PROTOCOL),
    wait="5m",
    severity="critical",
    summary="What answers at a Nun-db node's address is not understood.",
    description="The answers of the node behind {{ $labels.instance }} (job {{ $labels.job }}) are not Nun-db's.",
    meaning="Something else listens at the address, a proxy answers in the node's place, an HTTP worker of the node "
    "has panicked (status 500), or this Nun-db is newer than the exporter.",
    confirm=(CHECK, ask("metrics-state")),
    evidence="curl should print `valid auth`, then `;metrics-state pending_ops: …`. Anything else is the cause.",
    remedy="Correct NUN_URL, or take the proxy out of the way. If it is Nun-db's answer, report it with the output of "
    "curl, without the values of your data.",
    confusion="The WebSocket or TCP port under an http:// address.",
)
TRANSPORT_DOWN = Alert(
    name="NundbTransportDown",
    expression=f"{transports.UP} == 0",
    wait="2m",
    severity="warning",
    summary="One of the transports of a Nun-db node does not answer.",
    description="The {{ $labels.transport }} listener of the node behind {{ $labels.instance }} (job {{ $labels.job "
    "}}) does not answer, while another one does.",
    meaning="HTTP, TCP and WebSocket are served by different threads and die one by one: HTTP after four panics, "
    "WebSocket after one frame that is not UTF-8, each of them when its port is taken at start. The process goes on "
    "without. Without TCP no other node can reach it; most drivers use WebSocket alone.",
    confirm=("nundb-exporter check --collector.transports http://NODE:3013", "ss -ltn"),
    evidence="ss does not list the port, or a connection to it is not answered.",
    remedy="Look for a panic or `Bind error` in the node's log. Take a snapshot, then restart the node.",
    confusion="Ports that are not neighbours of the URL's, as Nun-db's own are: tell them with "
    "--collector.transports.ports. A firewall that lets one port through.",
    needs="--collector.transports",
)
RESTART_LOOP = Alert(
    name="NundbRestartLoop",
    expression=f"changes({process.START_TIME}[15m]) > 2",
    wait="1m",
    severity="critical",
    summary="A Nun-db node restarts again and again.",
    description="The node behind {{ $labels.instance }} (job {{ $labels.job }}) has started {{ $value }} times within "
    "15 minutes.",
    meaning="The process ends and its supervisor starts it. Each time what was not snapshotted is lost, and every "
    "start makes the primary hold an election. A node that joins while the primary still lists it ends the primary: "
    "then it is the primary that restarts.",
    confirm=(ask("debug process-info"),),
    evidence="`process_id` is the start in milliseconds since the epoch: ask twice, it has changed.",
    remedy="Read the last lines of the log before each start: a panic names its cause. Stop the supervisor while you "
    "do. If a joining replica ends the primary, start that replica once the primary no longer lists it.",
    confusion="One address for several nodes, such as a load balancer or a Kubernetes service: each scrape may meet "
    "another node. Scrape the nodes one by one. Two restarts, as in an upgrade, stay silent.",
)
_FORESEEN = 5
"""Seconds. Scrapes take milliseconds, and machines with NTP agree to milliseconds."""


def _lead(family: Family) -> str:
    """How far ahead of the scrape's moment the family's time lies."""
    return f"max_over_time((max by (job, instance) ({family} - timestamp({family})))[10m:15s]) > {_FORESEEN}"


CLOCKS_APART = Alert(
    name="NundbClocksApart",
    # A node whose start changed within five minutes cannot have started before them: its clock is behind.
    expression=promql(f"""
        {_lead(process.START_TIME)}
        or
        {_lead(pending.OLDEST)}
        or
        (time() - {process.START_TIME} > {5 * 60 + _FORESEEN} and {SAME_TARGET} changes({process.START_TIME}[5m]) > 0)
    """),
    wait="1m",
    severity="warning",
    summary="The clock of a Nun-db node and that of Prometheus are apart.",
    description="Times that the node behind {{ $labels.instance }} (job {{ $labels.job }}) reports lie in the future, "
    "or before its own start.",
    meaning="Ids of operations are the node's clock in nanoseconds. With clocks apart a replica that joins is sent too "
    "much or too little, since its time is compared with the primary's, and the age of pending operations is wrong; a "
    "clock that is set back makes the strategy `newer` keep older writes. The node that seems to have started first "
    "wins elections.",
    confirm=("date --utc +%s.%N", ask("debug process-info"), "timedatectl timesync-status"),
    evidence="Compare `date` on every node and on the machine of Prometheus. Here apart is: more than 5 seconds ahead, "
    "or a restart that says it was minutes ago.",
    remedy="Run NTP on every machine, Prometheus' among them. Let the clock be slewed, not stepped; a node's start "
    "time stays as wrong as the clock was then until it restarts.",
    confusion="A clock that is behind shows only when the node restarts. The wrong clock may be Prometheus'. One "
    "address for several nodes: see NundbRestartLoop.",
)
QUERIES_SLOW = Alert(
    name="NundbQueriesSlow",
    expression=f"min_over_time({queries.DURATION}[10m]) > {queries.SLOW_SECONDS}",
    wait="5m",
    severity="warning",
    summary="Commands take a Nun-db node too long.",
    description="Commands have taken the node behind {{ $labels.instance }} (job {{ $labels.job }}) {{ $value | "
    "humanizeDuration }} on average, at the least, for 15 minutes.",
    meaning="The node's moving average over 100 commands. Usual commands take microseconds and count as 0. Its cost "
    "grows with the number of keys (`keys` builds its answer in quadratic time), with watchers, and with a machine "
    "that has no CPU left.",
    confirm=(ask("metrics-state"), "grep 'Server processed message' nun-db.log | tail -50"),
    evidence="`get_query_time_moving_avg` is in milliseconds. The log tells each command's time.",
    remedy="Find the slow command in the log. Use patterns in place of `keys` on everything; spread clients.",
    confusion="Elections are commands, too: each adds 150 ms to a second once. This rule waits until 10 minutes have "
    "no lower value, which scrapes alone would bring about.",
)
GROUP = Group(
    "nundb-node",
    "One node",
    (DOWN, HUNG, CREDENTIALS_REFUSED, UNREADABLE, TRANSPORT_DOWN, RESTART_LOOP, CLOCKS_APART, QUERIES_SLOW),
)
