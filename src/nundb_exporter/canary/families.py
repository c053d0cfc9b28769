"""The families of the canary, and their panels."""

from typing import Final

from nundb_exporter.metrics import Family, Panel, ShownAs, Subject, histogram

_SOURCE: Final = "canary"
_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

SUCCESS: Final = Family(
    "nundb_canary_success",
    "gauge",
    "Whether the last word was written on the acting primary and read back; absent while the canary has stopped",
    _SOURCE,
    since=None,
)
REASONS: Final = ("no_primary", "unreachable", "refused", "foreign_keys", "not_read_back")
FAILURE: Final = Family(
    "nundb_canary_failure",
    "gauge",
    "Why the last word was not written: 1 for the reason, 0 for all others",
    _SOURCE,
    since=None,
    labels=("reason",),
)
PAUSED: Final = Family(
    "nundb_canary_paused",
    "gauge",
    "Whether the canary has stopped, because a member hangs for which the primary would keep each write",
    _SOURCE,
    since=None,
)
ROUND: Final = Family(
    "nundb_canary_round_timestamp_seconds",
    "gauge",
    "When the canary last looked at all members, in seconds since the epoch",
    _SOURCE,
    since=None,
)
OPERATION: Final = histogram(
    "nundb_canary_operation_duration_seconds",
    "How long the acting primary took to answer the canary, the way there and back included",
    _SOURCE,
    since=None,
    labels=("operation",),
    bounds=_BOUNDS,
)
DELAY: Final = histogram(
    "nundb_canary_replication_delay_seconds",
    "How long a word took from the command on the primary to the notice of the member that it has changed",
    _SOURCE,
    since=None,
    labels=("member",),
    bounds=_BOUNDS,
)
MISSED: Final = Family(
    "nundb_canary_missed_total",
    "counter",
    "Words that had not come at the deadline to a member that answers",
    _SOURCE,
    since=None,
    labels=("member",),
)
WATCHED: Final = Family(
    "nundb_canary_member_watched",
    "gauge",
    "Whether the member answers the canary over WebSocket: of others nothing is known",
    _SOURCE,
    since=None,
    labels=("member",),
)
DIVERGED: Final = Family(
    "nundb_canary_diverged",
    "gauge",
    "Whether the member holds another value than was written, also at a second look",
    _SOURCE,
    since=None,
    labels=("member",),
    caveat="Absent while it cannot be told: for one round after a member has joined or the primary has changed, while "
    "the member does not answer, and while the canary has stopped. Values are compared, never versions.",
)
DAMAGED: Final = Family(
    "nundb_canary_damaged",
    "gauge",
    "Whether the member has lost words of a value that was written once and never again, as a faulty sync does",
    _SOURCE,
    since=None,
    labels=("member",),
)
FAMILIES: Final = (
    SUCCESS,
    FAILURE,
    PAUSED,
    ROUND,
    OPERATION.family,
    DELAY.family,
    MISSED,
    WATCHED,
    DIVERGED,
    DAMAGED,
)
_NEEDS: Final = "Needs the section canary of the configuration file, and is off by default."
_DELAYS: Final = f"rate({DELAY.bucket.selected}[$__rate_interval])"

SUBJECT: Final = Subject(
    name="canary",
    help="A word written on the primary and watched on every member: whether writes work, how long they take to "
    "replicas, and whether replicas hold what was written.",
    section="canary",
    asks="the primary and every member, over WebSocket, and **writes**: [security.md](security.md) lists what",
    families=FAMILIES,
    panels=(
        Panel(
            "Canary",
            SUCCESS.selected,
            "short",
            f"Whether a word can be written and read on the primary. {_NEEDS}",
            kind="states",
            shown_as=(ShownAs(0, "failed", "red"), ShownAs(1, "ok", "green")),
        ),
        Panel(
            "Replicas that hold other values",
            f"max by (job, member) ({DIVERGED.selected} or {DAMAGED.selected})",
            "short",
            f"Members that do not hold what was written on the primary. {_NEEDS}",
            "{{member}}",
            kind="states",
            shown_as=(ShownAs(0, "equal", "green"), ShownAs(1, "differs", "red")),
        ),
        Panel(
            "Members that are watched",
            f"min by (job, member) ({WATCHED.selected})",
            "short",
            f"Members that answer the canary over WebSocket. Nothing is known of the others. {_NEEDS}",
            "{{member}}",
            kind="states",
            shown_as=(ShownAs(0, "unknown", "yellow"), ShownAs(1, "watched", "green")),
        ),
        Panel(
            "Replication delay, slowest tenth",
            f"histogram_quantile(0.9, sum by (job, member, le) ({_DELAYS}))",
            "s",
            f"One of ten words took longer from the primary to the member. {_NEEDS}",
            "{{member}}",
            warning=0.5,
            critical=1,
        ),
        Panel(
            "Words that came late or not at all",
            f"sum by (job, member) (increase({MISSED.selected}[$__rate_interval]))",
            "short",
            f"Words that had not reached the member at the deadline. {_NEEDS}",
            "{{member}}",
        ),
        Panel(
            "Time of a write and a read, slowest tenth",
            "histogram_quantile(0.9, sum by (job, operation, le) "
            f"(rate({OPERATION.bucket.selected}[$__rate_interval])))",
            "s",
            f"One of ten took longer, the way there and back included. {_NEEDS}",
            "{{operation}}",
        ),
        Panel(
            "Canary has stopped",
            PAUSED.selected,
            "short",
            f"The canary writes nothing while a member hangs. {_NEEDS}",
            kind="states",
            shown_as=(ShownAs(0, "writes", "green"), ShownAs(1, "stopped", "yellow")),
        ),
        Panel(
            "Why the canary cannot write",
            f"max by (instance, reason) ({FAILURE.selected})",
            "short",
            f"1 for the reason. {_NEEDS}",
            "{{reason}} at {{instance}}",
        ),
        Panel(
            "Age of the canary's last round",
            f"time() - {ROUND.selected}",
            "s",
            f"Grows to the interval. {_NEEDS}",
        ),
    ),
)
