"""What the nodes of a cluster say of each other, joined: expressions that rules and panels share.

Each node's page is one `instance`, and one `job` is one cluster. Members are named by their external address, which is
not the instance: a node's own name is the one in its list that it says nothing of being connected to.
"""

from typing import Final

from nundb_exporter.collectors.cluster import CONNECTED, MEMBER, ROLE
from nundb_exporter.collectors.databases import INFO
from nundb_exporter.collectors.pending import OLDEST
from nundb_exporter.collectors.process import START_TIME

SELF: Final = f"({MEMBER} unless on (job, instance, member) {CONNECTED}) and on (job, instance) {ROLE}"
"""The line about itself in each node's list. Before 2023-11 a node told neither links nor which line it was."""

MEMBER_START: Final = f"max by (job, member) ({START_TIME} * on (job, instance) group_right () ({SELF}))"
"""When each member started, as far as it is scraped itself."""

OUTLIVED: Final = f"{OLDEST} < on (job, member) group_left () {MEMBER_START}"
"""Members that started after the oldest operation they owe was made: they will never acknowledge it.

Nothing is sent again to a member that comes back (protocol notes 6.8)."""

NODES_WITH_LIST: Final = f"count by (job) (group by (job, instance) ({MEMBER}))"
NODES_WITH_DATABASES: Final = f"count by (job) (group by (job, instance) ({INFO}))"
MEMBERS: Final = f"max by (job) (count by (job, instance) ({MEMBER}))"
"""The size of the cluster: of the longest list, so that a name that one node keeps does not add to it twice."""

PRIMARIES: Final = f"count by (job) (group by (job, member) ({MEMBER.where(role='primary')}))"
"""How many members somebody takes for the primary."""
