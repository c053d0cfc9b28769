"""The faults that can be switched while the demo runs, and where each shows."""

from collections.abc import Callable
from typing import Final

from nundb_devserver import FAULTS, Cluster, FaultError, NotReadyError
from nundb_exporter.collectors import acting_role, pending, queries, replication
from nundb_exporter.log import families as log

RESUME: Final = "resume"
CHOICES: Final = {**{fault.name: fault.description for fault in FAULTS.values()}, RESUME: "All faults end."}
"""Descriptions by name."""

KEYS: Final = {
    "h": "hung-replica",
    "d": "dead-replica",
    "s": "snapshot-leak",
    "t": "two-primaries",
    "l": "slow-link",
    "c": "slow-command",
    "r": RESUME,
}
"""Keys of the faults that show best."""

_WATCH: Final = {
    "hung-replica": f"No node notices: it stays listed as connected, and {replication.PENDING} grows with every write.",
    "dead-replica": f"{replication.PENDING} stays: only an acknowledgement removes an operation, and none will come.",
    "snapshot-leak": f"{pending.STUCK} is 1 and stays.",
    "two-primaries": f"{acting_role.ACTING_PRIMARY} is 1 on two nodes.",
    "slow-link": f"{replication.DURATION} rises.",
    "slow-command": f"{queries.DURATION} rises, and the page of this node names the slow commands.",
    "lost-log": f"{log.LINES} stands still, while the node answers.",
    "lost-worker": f"{log.EVENTS} counts panics.",
    "dead-watchers": f"{log.EVENTS} counts dead_watcher at every write.",
    "refused-writes": f"{log.EVENTS} counts conflict_none, and nothing is pending.",
}


class Faults:
    """Switches faults of a cluster; `tell` receives what happens, and what to watch."""

    def __init__(self, cluster: Cluster, tell: Callable[[str], None]) -> None:
        self._cluster = cluster
        self._tell = tell

    async def switch(self, name: str, node: int | None = None) -> None:
        """Switch a fault on, at a node if one is named, or off where it is on; RESUME switches all off."""
        try:
            if name == RESUME:
                await self._cluster.cure_all()
                self._tell(f"{name}: all faults have ended. What a dead process knew, and what waits for it, stays so.")
            elif any(name == active for active, _ in self._cluster.faults):
                await self._cluster.cure(name)
                self._tell(f"{name}: has ended")
            else:
                index = await self._cluster.fault(name, node)
                self._tell(" ".join((f"{name} at node{index}: {CHOICES[name]}", _WATCH.get(name, ""))).rstrip())
        except (FaultError, NotReadyError, OSError) as error:
            self._tell(f"{name}: not now ({str(error) or 'no answer'})")
