"""The families of the log, their panels, and what they are called together."""

from typing import Final

from nundb_exporter.log.durations import BOUNDS
from nundb_exporter.log.settings import HELP, NAME
from nundb_exporter.metrics import Family, Panel, Subject, histogram

_SOURCE: Final = "log"
_REQUESTS: Final = "log: Server processed message"

COMMANDS: Final = Family(
    "nundb_commands_total",
    "counter",
    "Commands that Nun-db has processed, by verb; verbs that it does not know, or has masked, are `other`",
    _REQUESTS,
    since=None,
    labels=("command",),
    caveat="Commands that Nun-db cannot parse are not logged. Nun-db masks the administrator's name and password "
    "wherever they occur in a line: short ones make verbs unreadable, which then count as `other`.",
)
DURATION: Final = histogram(
    "nundb_command_duration_seconds",
    "How long Nun-db took to process commands, by verb, without the time to read and to answer them; a verb appears "
    "with its first command",
    _REQUESTS,
    since=None,
    labels=("command",),
    bounds=BOUNDS,
)
EVENTS: Final = Family(
    "nundb_log_events_total",
    "counter",
    "Lines in which Nun-db tells what happens in it, by kind",
    _SOURCE,
    since=None,
    labels=("event",),
    caveat="At NUN_LOG_LEVEL=warn, Nun-db logs neither elections nor removed members, heartbeats and conflicts.",
)
HEARTBEAT: Final = Family(
    "nundb_log_heartbeat_timestamp_seconds",
    "gauge",
    "When the snapshot thread last said that it is alive, in seconds since the epoch; absent until it does, and again "
    "after a start",
    "log: snapshot_all_pendding_dbs",  # sic
    since=None,
    caveat="If it is older than NUN_DECLUTTER_INTERVAL, 300 s by default, the thread is dead and nothing is saved.",
)
LAST_LINE: Final = Family(
    "nundb_log_last_line_timestamp_seconds",
    "gauge",
    "The time of the newest line of the log, by Nun-db's clock, in seconds since the epoch; absent without one",
    _SOURCE,
    since=None,
)
LINES: Final = Family(
    "nundb_log_lines_total",
    "counter",
    "Lines of the log that were read, those within values included",
    _SOURCE,
    since=None,
)
UNPARSED: Final = Family(
    "nundb_log_unparsed_lines_total",
    "counter",
    "Lines of the log that are none that Nun-db is known to write",
    _SOURCE,
    since=None,
)
LAG: Final = Family(
    "nundb_log_lag_bytes",
    "gauge",
    "Bytes of the log that are written, but not read yet",
    _SOURCE,
    since=None,
)
DROPPED: Final = Family(
    "nundb_log_dropped_bytes_total",
    "counter",
    "Bytes of a pipe that were thrown away unread, so that Nun-db need not wait for the exporter",
    _SOURCE,
    since=None,
)
FAMILIES: Final = (COMMANDS, DURATION.family, EVENTS, HEARTBEAT, LAST_LINE, LINES, UNPARSED, LAG, DROPPED)

_NEEDS: Final = "Needs --collector.log, which is off by default."
_BY_COMMAND: Final = "{{command}}"
_BUCKETS: Final = f"rate({DURATION.bucket.selected}[$__rate_interval])"

SUBJECT: Final = Subject(
    name=NAME,
    help=HELP,
    families=FAMILIES,
    panels=(
        Panel(
            "Commands by verb",
            f"sum by (command) (rate({COMMANDS.selected}[$__rate_interval]))",
            "ops",
            f"Commands that the nodes process, by verb. Each HTTP request ends with `unwatch-all`. {_NEEDS}",
            _BY_COMMAND,
        ),
        Panel(
            "Command duration, median",
            f"histogram_quantile(0.5, sum by (command, le) ({_BUCKETS}))",
            "s",
            f"Half of all commands took no longer, by verb. {_NEEDS}",
            _BY_COMMAND,
        ),
        Panel(
            "Command duration, slowest hundredth",
            f"histogram_quantile(0.99, sum by (command, le) ({_BUCKETS}))",
            "s",
            f"One of a hundred commands took longer, by verb. Which ones: `nundb-exporter slow`. {_NEEDS}",
            _BY_COMMAND,
        ),
        Panel(
            "Command durations",
            f"sum by (le) (increase({DURATION.bucket.selected}[$__rate_interval]))",
            "s",
            f"How many commands took how long: a slow kind of command is a row of its own, high up. {_NEEDS}",
            "{{le}}",
            kind="heatmap",
        ),
        Panel(
            "Slowest verbs",
            f"topk(20, sum by (instance, command) (rate({DURATION.sum.selected}[$__rate_interval])) / "
            f"sum by (instance, command) (rate({DURATION.count.selected}[$__rate_interval])))",
            "s",
            f"The mean duration by node and verb. `nundb-exporter slow` lists single commands and keys. {_NEEDS}",
            value_title="Mean duration",
            kind="table",
        ),
        Panel(
            "Time in commands",
            f"sum by (command) (rate({DURATION.sum.selected}[$__rate_interval]))",
            "percentunit",
            "Share of the time that nodes spend in commands, by verb; with several threads it may exceed one. "
            f"{_NEEDS}",
            _BY_COMMAND,
        ),
        Panel(
            "Events in the log",
            f"sum by (event) (increase({EVENTS.selected}[$__rate_interval])) > 0",
            "short",
            f"Lines in which nodes tell what happens in them. Joins, leaves and elections are normal events. {_NEEDS}",
            "{{event}}",
        ),
        Panel(
            "Panics",
            f"sum by (instance, event) (increase({EVENTS.select(event='panic_main')}[$__rate_interval]) or "
            f"increase({EVENTS.select(event='panic_timer')}[$__rate_interval]) or "
            f"increase({EVENTS.select(event='panic_other')}[$__rate_interval]))",
            "short",
            "Threads that have ended by an error. Without the timer thread nothing is saved any more; without the main "
            f"thread the process ends. {_NEEDS}",
            "{{event}} of {{instance}}",
            critical=1,
        ),
        Panel(
            "Snapshot thread, last sign of life",
            f"time() - {HEARTBEAT.selected}",
            "s",
            "Grows to NUN_DECLUTTER_INTERVAL, 300 s by default. Beyond that, it is dead and nothing is saved. "
            f"{_NEEDS}",
        ),
        Panel(
            "Log not read yet",
            LAG.selected,
            "bytes",
            f"Bytes that are written but not read. If it grows, the exporter cannot keep up. {_NEEDS}",
        ),
        Panel(
            "Log lines",
            f"rate({LINES.selected}[$__rate_interval])",
            "short",
            "Lines a second. None at all from a node that works: its log is blocked, or its level is too high. "
            f"{_NEEDS}",
        ),
        Panel(
            "Log lines not understood",
            f"rate({UNPARSED.selected}[$__rate_interval])",
            "short",
            f"Lines a second that are none that Nun-db is known to write. {_NEEDS}",
        ),
        Panel(
            "Age of the newest log line",
            f"time() - {LAST_LINE.selected}",
            "s",
            f"How long a node has logged nothing, or how far the exporter is behind. {_NEEDS}",
        ),
    ),
)
