"""What a drill is: a fault, the alerts that must fire, and those that may fire because they are true as well."""

from collections.abc import Iterable
from dataclasses import dataclass

from nundb_exporter.monitoring.alerts import canary, cluster, databases, files, log, replication
from nundb_exporter.monitoring.rule import Alert

from .breaks import Break
from .findings import ALERTING
from .setting import DEFAULTS, Setting
from .shortened import longest_range, wait_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One fault and its repair."""

    name: str
    """A fault of the devserver, or what an operator would call it."""
    about: str
    fires: tuple[Alert, ...]
    """All of these must fire; if there are none, no alert may fire for QUIET_SECONDS."""
    may_fire: tuple[Alert, ...] = ()
    """Consequences that may fire, depending on timing."""
    run: Break
    """Entering injects the fault, leaving repairs it."""
    lasts_seconds: float = 0.0
    """How long the fault lasts at least, at the fastest pace: no alert that has fired may resolve before its end."""

    @property
    def wait_seconds(self) -> float:
        """How long its alerts wait, at the fastest pace."""
        return max((wait_seconds(alert.wait) for alert in self.fires), default=0.0)

    @property
    def memory_seconds(self) -> float:
        """How far its alerts look back, at the fastest pace."""
        return max((longest_range(alert.expression) for alert in self.fires), default=0.0)

    @property
    def found_by_check(self) -> frozenset[str]:
        """The alerts that `check`, which is given all nodes, must name: those that one moment shows to a reader.

        It writes nothing, and of several nodes it does not read the files.
        """
        return found_by_check(self.fires)

    def found_by_page(self, setting: Setting) -> frozenset[str]:
        """The alerts that the landing pages must name: those that one node shows as well, where each has a page."""
        found = _of_one_moment(self.fires)
        return found if setting.has_one_exporter else found - {alert.name for alert in TAKES_SEVERAL_NODES}


def found_by_check(alerts: Iterable[Alert]) -> frozenset[str]:
    """Return those that `check` must name, of several nodes: it writes nothing, and reads no files."""
    return _of_one_moment(alerts) - {alert.name for alert in (*TAKES_CANARY, *TAKES_FILES)}


def _of_one_moment(alerts: Iterable[Alert]) -> frozenset[str]:
    return frozenset(alert.name for alert in alerts if alert.name in ALERTING and alert not in TAKES_MANY_MINUTES)


# Only the reports of several nodes show these; the landing page of one exporter beside one node has that of one.
TAKES_SEVERAL_NODES = (
    cluster.NO_PRIMARY,
    cluster.SEVERAL_PRIMARIES,
    cluster.SEVERAL_ACTING_PRIMARIES,
    cluster.NO_ACTING_PRIMARY,
    cluster.MEMBERS_DISAGREE,
    databases.MISSING,
    databases.STRATEGY_DIFFERS,
)
# Only an exporter that writes shows these; `check` writes nothing.
TAKES_CANARY = (canary.FAILING, canary.DIVERGED, canary.DAMAGED)
# Only an exporter beside the node shows these, or `check` of that node alone.
TAKES_FILES = files.GROUP.alerts
# Their findings wait for minutes that no drill shortens; the alerts also know a panic, or count lines.
TAKES_MANY_MINUTES = (log.SNAPSHOT_THREAD_DEAD, log.LOG_SILENT)
# A replica that does not acknowledge for long enough makes all of these true, one after another.
UNACKNOWLEDGED = (
    replication.NOT_ACKNOWLEDGING,
    replication.PENDING_GROWING,
    replication.PENDING_BACKLOG,
    replication.SNAPSHOT_STUCK,
)
# A repair that restarts the primary may leave two for a while, as with the real server (protocol notes 6.6).
FAILOVER = (
    cluster.SEVERAL_PRIMARIES,
    cluster.SEVERAL_ACTING_PRIMARIES,
    cluster.MEMBERS_DISAGREE,
    cluster.ELECTIONS_FLAPPING,
)
# A node that dies may leave operations unacknowledged.
LEFT_BEHIND = (replication.LEAKED, replication.LEFTOVER, replication.SNAPSHOT_STUCK)


@dataclass(frozen=True, slots=True)
class Lane:
    """The drills of one cluster, one after another."""

    drills: tuple[Drill, ...]
    setting: Setting = DEFAULTS
