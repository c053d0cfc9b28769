"""How a lane's cluster is used and watched."""

from dataclasses import dataclass

from nundb_exporter.collectors import COLLECTORS

WRITES_PER_SECOND = 20.0
"""What the demo's clients write without haste, roughly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The load, and what the exporters ask."""

    writes_per_second: float = WRITES_PER_SECOND
    """Roughly."""
    has_every_collector: bool = False
    """Or those that are on by default, as with most users. The limit of pending operations is the default always."""
    reads_files: bool = False
    """Whether the exporters read their nodes' data directories. Where nodes are killed unsaved, that shows, too."""

    has_one_exporter: bool = False
    """Prometheus finds the nodes at /sd of one exporter and asks them at its /probe; else each node has an exporter."""
    has_canaries: bool = False
    """Whether they write as well."""
    follows_logs: bool = False
    """Whether they follow their nodes' logs."""

    @property
    def haste(self) -> float:
        """How many times as fast as in the demo clients act."""
        return self.writes_per_second / WRITES_PER_SECOND

    @property
    def collectors(self) -> tuple[str, ...]:
        """The names of those that are on."""
        return tuple(each.name for each in COLLECTORS if self.has_every_collector or each.is_default)


DEFAULTS = Setting()
