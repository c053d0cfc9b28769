"""Situations that the log tells of."""

from typing import Final

from nundb_exporter.collectors.cluster import ROLE
from nundb_exporter.log import families as log
from nundb_exporter.metrics import UP
from nundb_exporter.monitoring.alerts import log as alerts
from nundb_exporter.monitoring.alerts import node
from nundb_exporter.monitoring.cases.case import Case, Series, of, on
from nundb_exporter.monitoring.cases.situations import merged
from nundb_exporter.monitoring.cases.values import Values, held, rising

_SOME: Final = 20
"""More than the rules allow."""


def _commands(command: str, quick: Values, all_: Values) -> Series:
    """How many commands took no longer than what is slow, and how many there were."""
    return merged(
        of(log.DURATION.bucket, quick, command=command, le=str(alerts.SLOW_SECONDS)),
        of(log.DURATION.count, all_, command=command),
    )


def _event(event: str, values: Values) -> Series:
    return of(log.EVENTS, values, event=event)


def _role(role: str) -> Series:
    return of(ROLE, held(1), role=role)


CASES: Final = (
    Case(
        about="a client lists all keys of a large database again and again",
        series=(
            of(UP, held(1)),
            _commands("keys", held(0), rising(0, 0.1)),
            _commands("get", rising(0, 100), rising(0, 100)),
        ),
        at="10m",
        fires=(
            on(
                alerts.COMMANDS_SLOW,
                text="30 commands `keys` within five minutes took longer than 0.1 s on the node behind a (job nundb).",
                command="keys",
            ),
        ),
    ),
    Case(
        about="the machine of a node is busy for a moment, and a join waits for its election",
        series=(
            of(UP, held(1)),
            _commands("get", held(100, "2m") + held(200), held(100, "2m") + held(204)),
            _commands("join", held(0), held(0, "2m") + held(_SOME)),
        ),
        at="4m",
        misses=(alerts.COMMANDS_SLOW,),
    ),
    Case(
        about="the snapshot thread has given no sign of life for long, and other lines follow",
        series=(
            of(UP, held(1)),
            of(log.LINES, rising(0, 1)),
            of(log.HEARTBEAT, rising(0, 1, "5m") + held(300)),
            of(log.LAST_LINE, rising(0, 1)),
        ),
        at="22m",
        fires=(
            on(
                alerts.SNAPSHOT_THREAD_DEAD,
                text="The snapshot thread of the node behind a (job nundb) is dead, so nothing is saved any more: its "
                "log tells of a panic, or has no sign of life of it for 15 minutes while other lines follow.",
            ),
        ),
        misses=(alerts.LOG_SILENT,),
    ),
    Case(
        about="the snapshot thread panics",
        series=(of(UP, held(1)), _event("panic_timer", held(0, "2m") + held(1))),
        at="4m",
        fires=(on(alerts.SNAPSHOT_THREAD_DEAD),),
        misses=(alerts.THREAD_PANICKED,),
    ),
    Case(
        about="the snapshot thread shows itself every five minutes",
        series=(
            of(UP, held(1)),
            of(log.LINES, rising(0, 1)),
            of(log.HEARTBEAT, held(0, "5m") + held(300, "5m") + held(600, "5m") + held(900)),
            of(log.LAST_LINE, rising(0, 1)),
            _event("panic_timer", held(1)),
        ),
        at="19m",
        misses=(alerts.SNAPSHOT_THREAD_DEAD,),
    ),
    Case(
        about="an HTTP worker panics",
        series=(of(UP, held(1)), _event("panic_other", held(0, "2m") + held(1))),
        at="4m",
        fires=(
            on(
                alerts.THREAD_PANICKED,
                text="A thread of the node behind a (job nundb) has panicked: panic_other.",
                event="panic_other",
            ),
        ),
        misses=(alerts.SNAPSHOT_THREAD_DEAD,),
    ),
    Case(
        about="a thread panicked an hour ago, and the event that counts all panics with it",
        series=(
            of(UP, held(1)),
            _event("panic_other", held(0, "2m") + held(1)),
            _event("panic", held(0, "2m") + held(1)),
        ),
        at="1h",
        misses=(alerts.THREAD_PANICKED,),
    ),
    Case(
        about="a replica cannot carry out what it confirms",
        series=(of(UP, held(1)), _event("replicated_op_failed", rising(0, 0.2))),
        at="10m",
        fires=(
            on(
                alerts.LOG_ERRORS,
                text="The node behind a (job nundb) has logged 60 lines replicated_op_failed within five minutes.",
                event="replicated_op_failed",
            ),
        ),
    ),
    Case(
        about="nodes join and leave: elections, closed links, full syncs, a few late confirmations",
        series=(
            of(UP, held(1)),
            *(
                _event(event, rising(0, 1))
                for event in ("election_started", "election_won", "link_closed", "full_sync", "write_during_election")
            ),
            _event("ack_unknown", held(0, "2m") + held(5)),
        ),
        at="10m",
        misses=(alerts.LOG_ERRORS,),
    ),
    Case(
        about="each write notifies a watcher that is gone",
        series=(of(UP, held(1)), _event("dead_watcher", rising(0, 0.1))),
        at="20m",
        fires=(
            on(
                alerts.WATCHERS_DEAD,
                text="The node behind a (job nundb) has failed 90 times within 15 minutes to notify a watcher that is "
                "gone.",
                event="dead_watcher",
            ),
        ),
    ),
    Case(
        about="a client is killed while a write is under way",
        series=(of(UP, held(1)), _event("dead_watcher", held(0, "2m") + held(2))),
        at="10m",
        misses=(alerts.WATCHERS_DEAD,),
    ),
    Case(
        about="a replica refuses what the primary replicates",
        series=(of(UP, held(1)), _role("secondary"), _event("conflict_none", rising(0, 1 / 60))),
        at="62m",
        fires=(
            on(
                alerts.REPLICA_REFUSES_WRITES,
                text="The replica behind a (job nundb) has refused 3 writes within three minutes of the last hour: it "
                "holds other values than the primary.",
                event="conflict_none",
            ),
        ),
    ),
    Case(
        about="a replica joins, and refuses what it is sent and has already",
        series=(
            of(UP, held(1)),
            _role("secondary"),
            _event("full_sync", held(0, "2m") + held(2)),
            _event("conflict_none", held(0, "2m") + held(99)),
        ),
        at="9m",
        misses=(alerts.REPLICA_REFUSES_WRITES,),
    ),
    Case(
        about="a primary refuses stale writes of its clients",
        series=(of(UP, held(1)), _role("primary"), _event("conflict_none", rising(0, 1 / 60))),
        at="62m",
        misses=(alerts.REPLICA_REFUSES_WRITES,),
    ),
    Case(
        about="a node works and its log stands still",
        series=(of(UP, held(1)), of(log.LINES, held(1000)), of(log.LAST_LINE, held(0))),
        at="18m",
        fires=(
            on(
                alerts.LOG_SILENT,
                text="The log of the node behind a (job nundb) has had no new line for more than 15 minutes, although "
                "the node answers.",
            ),
        ),
    ),
    Case(
        about="a log that is read apart from its node stands still",
        series=(of(log.LINES, held(1000), instance="exporter"), of(log.LAST_LINE, held(0), instance="exporter")),
        at="18m",
        fires=(on(alerts.LOG_SILENT, instance="exporter"),),
    ),
    Case(
        about="a node is down, so that its log stands still",
        series=(
            of(UP, held(0)),
            of(log.LINES, held(1000)),
            of(log.LAST_LINE, held(0)),
        ),
        at="18m",
        fires=(on(node.DOWN),),
        misses=(alerts.LOG_SILENT,),
    ),
    Case(
        about="the exporter cannot keep up with a log",
        series=(of(UP, held(1)), of(log.LAG, held(0, "5m") + held(1 << 30))),
        at="20m",
        fires=(
            on(
                alerts.LOG_NOT_READ,
                text="The exporter is behind the log of the node at a (job nundb), or throws parts of it away: 1GiB.",
            ),
        ),
    ),
    Case(
        about="the exporter reads a long log from its beginning, and has soon done so",
        series=(of(UP, held(1)), of(log.LAG, held(1 << 30, "4m") + held(0))),
        at="12m",
        misses=(alerts.LOG_NOT_READ,),
    ),
)
