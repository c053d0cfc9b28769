"""What a drill on real nodes is: a fault, the alerts that must fire, and the cure."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from nundb_exporter.monitoring.rule import Alert
from tests.drills.drill import found_by_check

from .cluster import RealCluster

Break = Callable[[RealCluster], AbstractAsyncContextManager[None]]
"""Entering breaks a cluster; leaving cures it as the runbook says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RealDrill:
    """One fault, on three nodes."""

    name: str
    about: str
    fires: tuple[Alert, ...] = ()
    """All must fire; with none, no critical alert may fire while the fault is watched."""
    is_prompt: bool = False
    """Whether something critical must fire within two minutes."""
    cure: str
    """What the runbook says, in short."""
    writes_per_second: float = 2.0
    takes_all_cores: bool = False
    """Whether no other cluster should be judged meanwhile."""
    is_beside_nodes: bool = False
    """Whether the exporters also read the logs, the directories and the processes of their nodes."""
    has_links: bool = False
    """Whether there is a relay before each node, which passes on what other nodes say, or does not."""
    has_own_clocks: bool = False
    """Whether the nodes have clocks that can be set."""
    looks_back_seconds: float = 0.0
    """For how long its alert goes on after the last sign of what was wrong, where that is long."""
    run: Break

    @property
    def found_by_check(self) -> frozenset[str]:
        """The alerts that `check`, which is given all nodes, must name; a storm leaves it no time."""
        return found_by_check(() if self.takes_all_cores else self.fires)
