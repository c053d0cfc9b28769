"""Expressions that rules and panels share: what the nodes of a cluster report about each other, joined.

Each node's page is one `instance`, and one `job` is one cluster. Members are named by their external address, which is
not the instance: a node's own name is the one in its list for which it reports no link.

A function takes how families are narrowed: `Family.where` for a rule, which is about every node, and `Family.select`
for a panel, whose reader chooses nodes.
"""

from collections.abc import Callable
from typing import Final

from nundb_exporter.collectors.cluster import CONNECTED, MEMBER, ROLE
from nundb_exporter.collectors.databases import INFO
from nundb_exporter.collectors.pending import OLDEST
from nundb_exporter.collectors.process import START_TIME

FIRING: Final = 'ALERTS{alertname=~"Nundb.*",alertstate="firing",job=~"$job",instance=~"$instance|"}'
"""For dashboards: alerts of the shipped rules. One about a whole cluster has no instance."""

SELF: Final = f"({MEMBER} unless on (job, instance, member) {CONNECTED}) and on (job, instance) {ROLE}"
"""Each node's own entry in its list. Before 2023-11 a node reported neither links nor which entry is its own."""

MEMBER_START: Final = f"max by (job, member) ({START_TIME} * on (job, instance) group_right () ({SELF}))"
"""When each member started, if it is scraped itself."""

OUTLIVED: Final = f"{OLDEST} < on (job, member) group_left () {MEMBER_START}"
"""Members that started after the oldest operation that they have not acknowledged: they never will.

Operations are not sent again to a member that comes back (protocol notes 6.8)."""


Narrow = Callable[..., str]
"""`Family.where` or `Family.select`."""


def primaries(narrow: Narrow) -> str:
    """How many members at least one node lists as primary, by job."""
    return f"count by (job) (group by (job, member) ({narrow(MEMBER, role='primary')}))"


def members(narrow: Narrow) -> str:
    """The size of the cluster, by job: the longest list, so that an outdated name in one is not added to the others."""
    return f"max by (job) (count by (job, instance) ({narrow(MEMBER)}))"


def nodes_listing(narrow: Narrow) -> str:
    """How many nodes list each member."""
    return f"count by (job, member) (group by (job, instance, member) ({narrow(MEMBER)}))"


def nodes_with_list(narrow: Narrow) -> str:
    """How many nodes list members at all, by job."""
    return f"count by (job) (group by (job, instance) ({narrow(MEMBER)}))"


def nodes_holding(narrow: Narrow) -> str:
    """How many nodes have each database."""
    return f"count by (job, database) (group by (job, instance, database) ({narrow(INFO)}))"


def nodes_with_databases(narrow: Narrow) -> str:
    """How many nodes list databases at all, by job."""
    return f"count by (job) (group by (job, instance) ({narrow(INFO)}))"
