"""What a drill on real nodes has shown."""

from dataclasses import dataclass, field

from nundb_exporter.monitoring.alerts import ALERTS

from .drill import RealDrill

PROMPT_SECONDS = 120.0
CRITICAL = frozenset(alert.name for alert in ALERTS if alert.severity == "critical")


@dataclass
class RealOutcome:
    """What one drill has shown; times in seconds since the fault, or since the cure was done."""

    drill: RealDrill
    healthy: set[str] = field(default_factory=set)
    """Alerts that fired before anything was broken."""
    fired: dict[str, float] = field(default_factory=dict)
    cured_after: float | None = None
    """How long the cure took."""
    has_restarted_primary: bool = False
    """Whether operations of a dead member were left, and the primary was restarted for them."""
    silent_after: float | None = None
    has_gap: bool = False
    """Whether nothing critical fired at some moment after the first time, where that is watched."""
    found: set[str] = field(default_factory=set)
    """What `check` found when all had fired."""
    before: str = "not asked"
    """What `compare` said before the cure."""
    after: str = ""
    """What it said after it."""
    error: str = ""

    @property
    def first_critical(self) -> float | None:
        """When the first critical alert fired."""
        return min((moment for name, moment in self.fired.items() if name in CRITICAL), default=None)

    @property
    def summary(self) -> str:
        """What it has shown, in one line."""
        fired = ", ".join(f"{name} {moment:.0f}" for name, moment in self.fired.items())
        missed = ", ".join(sorted(self.drill.found_by_check - self.found)) or "nothing"
        said = f"check misses {missed}; values {self.before}, {self.after}"
        return f"{fired or 'nothing fired'}; {said}; {self.silent_after}; {self.error}"

    @property
    def is_good(self) -> bool:
        """Whether all is as it should be."""
        first = self.first_critical
        return (
            not self.error
            and not self.has_gap
            and self.drill.found_by_check <= self.found
            and not self.healthy
            and {alert.name for alert in self.drill.fires} <= self.fired.keys()
            and (bool(self.drill.fires) or first is None)
            and (not self.drill.is_prompt or (first is not None and first <= PROMPT_SECONDS))
            and self.silent_after is not None
            and self.after == "equal"
        )
