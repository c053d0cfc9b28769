"""Replication: which member has not acknowledged which operations."""

from typing import Final

from nundb_exporter.config.settings import DEFAULT_MAX_PENDING_OPERATIONS
from nundb_exporter.problems.problem import Problem

OLD_SECONDS: Final = 60
"""Acknowledgements take milliseconds and elections about a second: an operation older than this is stuck."""
BACKLOG: Final = DEFAULT_MAX_PENDING_OPERATIONS
"""Pending operations. Above this the exporter does not list them by default. At 40 ms per acknowledgement that takes
25,000 writes per second."""

NOT_ACKNOWLEDGING: Final = Problem(
    name="NundbReplicaNotAcknowledging",
    severity="critical",
    title="A Nun-db replica does not acknowledge operations.",
    sentence="{member} has not acknowledged {operations} of {node} for more than a minute.",
    advice="If it hangs, resume it, or kill it and start it when the primary no longer lists it.",
)
PENDING_BACKLOG: Final = Problem(
    name="NundbPendingBacklog",
    severity="critical",
    title="Operations pile up on a Nun-db node.",
    sentence="{operations} are pending on {node}, {reason}: most likely a replica hangs.",
    advice="Find the replica that hangs: resume it, or kill it.",
)
PENDING_NOT_LISTED: Final = Problem(
    name="NundbPendingNotListed",
    severity="info",
    title="Too many operations are pending on a Nun-db node to list them by member.",
    sentence="{operations} are pending on {node}, too many to list by member: the limit is {limit}.",
    advice="The limit is --collector.pending.max-operations, because a long list is expensive for the node.",
    has_alert=False,
)
LEAKED: Final = Problem(
    name="NundbOperationsLeaked",
    severity="warning",
    title="Operations wait for a Nun-db member that will never acknowledge them.",
    sentence="{node} keeps {operations} that {member} will never acknowledge: it {reason}.",
    advice="Write their keys again if the member is still in use, because it has missed them.",
)
"""`reason` is a verb with what belongs to it, as in `has left the cluster`."""
LEFTOVER: Final = Problem(
    name="NundbJoinLeftover",
    severity="info",
    title="A failed join or an election has left operations behind on a Nun-db node.",
    sentence="{node} keeps {operations} of a join or an election, which {member} will never acknowledge: it {reason}.",
    advice="Nothing is to be done: no data is among them, and the node forgets them when it restarts.",
)
SNAPSHOT_STUCK: Final = Problem(
    name="NundbSnapshotStuck",
    severity="warning",
    title="The replication of a Nun-db snapshot is stuck.",
    sentence="The replication of {snapshots} of {node} has not ended, and later ones may not reach the replicas: "
    "{reason}.",
    advice="Run `snapshot` for all databases on every replica itself, and restart the primary when convenient.",
)

PROBLEMS: Final = (NOT_ACKNOWLEDGING, PENDING_BACKLOG, PENDING_NOT_LISTED, LEAKED, LEFTOVER, SNAPSHOT_STUCK)
