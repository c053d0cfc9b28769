"""How a lane's cluster is used and watched."""

from dataclasses import dataclass

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.monitoring.alerts import files

WRITES_PER_SECOND = 20.0
"""What the demo's clients write without haste, roughly."""
OF_THIS_MACHINE = frozenset(
    alert.name for alert in (files.DISK_NEARLY_FULL, files.INODES_RUNNING_OUT, files.DISK_FILLING)
)
"""What may fire and be found at any time: whoever else uses the machine that runs the drills fills its disk."""


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
    has_programs: bool = False
    """Whether the exporters are programs of their own, as users have them; else they are parts of the lane's process,
    which is quicker."""
    has_own_disk: bool = False
    """Whether the nodes' files are in a file system of their own, which the lane may fill."""
    takes_snapshots: bool = True
    """Whether an application takes snapshots, one each 20 seconds."""

    @property
    def haste(self) -> float:
        """How many times as fast as in the demo clients act."""
        return self.writes_per_second / WRITES_PER_SECOND

    @property
    def ignored(self) -> frozenset[str]:
        """Alerts and findings that say nothing about the lane."""
        return frozenset() if self.has_own_disk else OF_THIS_MACHINE

    @property
    def collectors(self) -> tuple[str, ...]:
        """The names of those that are on."""
        return tuple(each.name for each in COLLECTORS if self.has_every_collector or each.is_default)


DEFAULTS = Setting()
