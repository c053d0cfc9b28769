"""Drills of what the log tells, and of the log itself: the exporters of two clusters follow their nodes' logs."""

from nundb_exporter.monitoring.alerts import exporter, log, node

from .breaks import of_devserver, saved_before_the_cure, strange_acknowledgements
from .drill import LEFT_BEHIND, UNACKNOWLEDGED, Drill, Lane
from .forms import fault
from .setting import Setting

_FOLLOWED = Setting(follows_logs=True)

LOGS = Lane(
    (
        Drill(
            name="slow commands in the log",
            about="Every command on data takes a quarter of a second, and the log has each.",
            fires=(log.COMMANDS_SLOW,),
            may_fire=(node.QUERIES_SLOW, exporter.COLLECTOR_FAILING, exporter.SCRAPE_SLOW),
            run=of_devserver("slow-command"),
        ),
        Drill(
            name="dead snapshot thread",
            about="A snapshot meets a full disk, and the thread that does snapshots dies.",
            fires=(log.SNAPSHOT_THREAD_DEAD,),
            # Its cure is SIGINT, of which another thread dies, and a new process.
            may_fire=(*LEFT_BEHIND, log.THREAD_PANICKED),
            run=of_devserver("disk-full"),
        ),
        fault("lost-worker", log.THREAD_PANICKED, may_fire=LEFT_BEHIND, run=saved_before_the_cure("lost-worker")),
        fault("metrics-panic", log.THREAD_PANICKED, node.ANSWER_UNREADABLE, may_fire=LEFT_BEHIND),
        Drill(
            name="acknowledgements of a stranger",
            about="A client acknowledges operations that do not exist.",
            fires=(log.LOG_ERRORS,),
            run=strange_acknowledgements,
        ),
        fault("dead-watchers", log.WATCHERS_DEAD, may_fire=LEFT_BEHIND, run=saved_before_the_cure("dead-watchers")),
        fault("lost-log", log.LOG_SILENT),
        fault("blocked-log", node.HUNG, may_fire=UNACKNOWLEDGED),
    ),
    _FOLLOWED,
)
REFUSALS = Lane((fault("refused-writes", log.REPLICA_REFUSES_WRITES),), _FOLLOWED)
