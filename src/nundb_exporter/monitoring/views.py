"""Expressions that rules and panels share: what the nodes of a cluster report about each other, joined.

Each node's page is one `instance`, and one `job` is one cluster. Members are named by their external address, which is
not the instance: a node's own name is the one in its list for which it reports no link.
"""

from typing import Final

from nundb_exporter.collectors.cluster import CONNECTED, MEMBER, ROLE
from nundb_exporter.collectors.databases import INFO
from nundb_exporter.collectors.pending import OLDEST
from nundb_exporter.collectors.process import START_TIME

SELF: Final = f"({MEMBER} unless on (job, instance, member) {CONNECTED}) and on (job, instance) {ROLE}"
"""Each node's own entry in its list. Before 2023-11 a node reported neither links nor which entry is its own."""

MEMBER_START: Final = f"max by (job, member) ({START_TIME} * on (job, instance) group_right () ({SELF}))"
"""When each member started, if it is scraped itself."""

OUTLIVED: Final = f"{OLDEST} < on (job, member) group_left () {MEMBER_START}"
"""Members that started after the oldest operation that they have not acknowledged: they never will.

Operations are not sent again to a member that comes back (protocol notes 6.8)."""

NODES_WITH_LIST: Final = f"count by (job) (group by (job, instance) ({MEMBER}))"
NODES_WITH_DATABASES: Final = f"count by (job) (group by (job, instance) ({INFO}))"
MEMBERS: Final = f"max by (job) (count by (job, instance) ({MEMBER}))"
"""The size of the cluster: the longest list, so that an outdated name in one list is not added to the others."""

PRIMARIES: Final = f"count by (job) (group by (job, member) ({MEMBER.where(role='primary')}))"
"""How many members at least one node lists as primary."""
