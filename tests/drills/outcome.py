"""What drills have shown."""

from collections import Counter
from dataclasses import dataclass, field

from .drill import FAILOVER, Drill
from .plan import DRILLS
from .setting import Setting


@dataclass
class Outcome:
    """The result of one drill; times in seconds since the fault, or since the repair, as of the fastest pace."""

    name: str
    setting: Setting
    """How the cluster was watched."""
    fired: dict[str, float] = field(default_factory=dict)
    lasted: float = 0.0
    """When the cure began."""
    has_restarted_primary: bool = False
    """Whether that was part of the cure."""
    found: dict[str, set[str]] = field(default_factory=dict)
    """The problems that `check` and the pages found while the fault lasted, by who found them."""
    silent_after: float | None = None
    resolved_early: set[str] = field(default_factory=set)
    """Expected alerts that ended, if only for a moment, while the fault lasted."""
    error: str | None = None

    @property
    def drill(self) -> Drill:
        """What was done."""
        return DRILLS[self.name]

    @property
    def missing(self) -> set[str]:
        """Alerts that should have fired and did not."""
        return {alert.name for alert in self.drill.fires} - self.fired.keys()

    @property
    def wrong(self) -> set[str]:
        """Unrelated alerts that fired."""
        right = {alert.name for alert in (*self.drill.fires, *self.drill.may_fire)}
        by_cure = {alert.name for alert in FAILOVER} if self.has_restarted_primary else set[str]()
        return {
            name
            for name, moment in self.fired.items()
            if name not in right and not (name in by_cure and moment > self.lasted)
        }

    @property
    def unsaid(self) -> dict[str, set[str]]:
        """Alerts whose finding is missing, by who should have found it."""
        by_page = self.drill.found_by_page(self.setting)
        expected = {"check": self.drill.found_by_check, "page": by_page}
        missing = {voice: set(names) - self.found.get(voice, set()) for voice, names in expected.items()}
        return {voice: names for voice, names in missing.items() if names}

    @property
    def needless(self) -> dict[str, set[str]]:
        """What was found although the fault is to be borne in silence, by who found it."""
        return {voice: names for voice, names in self.found.items() if names and not self.drill.fires}

    @property
    def is_right(self) -> bool:
        """Whether the expected alerts fired, no others did, and all resolved."""
        faults = (self.error, self.missing, self.wrong, self.unsaid, self.needless, self.resolved_early)
        return not any(faults) and self.silent_after is not None


@dataclass
class Report:
    """The results of some lanes."""

    healthy: dict[str, dict[str, float]] = field(default_factory=dict)
    """Alerts that fired while all was healthy, by job."""
    found: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    """What `check` and the pages found while all was healthy, by job."""
    recorded: Counter[str] = field(default_factory=Counter)
    """Series of each recording rule while all was healthy."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    """Alerts whose texts Prometheus could not fill in."""
    queries: Counter[str] = field(default_factory=Counter)
    """Series of each query of the panels, over the whole run."""
    repeated: list[str] = field(default_factory=list)
    """Why drills were carried out once more, a sentence each."""

    def add(self, other: "Report") -> None:
        """Take in the results of other lanes."""
        self.healthy |= other.healthy
        self.found |= other.found
        self.recorded.update(other.recorded)
        self.outcomes |= other.outcomes
        self.unreadable |= other.unreadable
        self.queries.update(other.queries)
        self.repeated += other.repeated
