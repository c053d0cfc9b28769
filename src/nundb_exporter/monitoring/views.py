"""Expressions that rules and panels share: what the nodes of a cluster report about each other, joined.

Each node's page is one `instance`, and one `job` is one cluster. Members are named by their external address, which is
not the instance: a node's own name is the one in its list for which it reports no link.

A function takes how families are narrowed: `Family.where` for a rule, which is about every node, and `Family.select`
for a panel, whose reader chooses nodes.
"""

import textwrap
from collections.abc import Callable
from typing import Final

from nundb_exporter.collectors.cluster import CONNECTED, MEMBER, ROLE
from nundb_exporter.collectors.databases import INFO
from nundb_exporter.collectors.oplog import RECORDS
from nundb_exporter.collectors.pending import DATABASE, NEWEST_OVERDUE, OVERDUE, UNACKNOWLEDGED
from nundb_exporter.collectors.process import START_TIME
from nundb_exporter.collectors.replication import PENDING
from nundb_exporter.problems.oplog import FAST_RECORDS, FEW_RECORDS
from nundb_exporter.problems.replication import BACKLOG

FIRING: Final = 'ALERTS{alertname=~"Nundb.*",alertstate="firing",job=~"$job",instance=~"$instance|"}'
"""For dashboards: alerts of the shipped rules. One about a whole cluster has no instance."""

SELF: Final = f"({MEMBER} unless on (job, instance, member) {CONNECTED}) and on (job, instance) {ROLE}"
"""Each node's own entry in its list. Before 2023-11 a node reported neither links nor which entry is its own."""

_NAMED_START: Final = f"{START_TIME} * on (job, instance) group_right () ({SELF})"
MEMBER_START: Final = (
    f"(max by (job, member) ({_NAMED_START}) or max by (job, member) (last_over_time(({_NAMED_START})[1d:5m])))"
)
"""When each member started, if it is scraped itself, or was within a day: an exporter that stops changes nothing."""

OUTLIVED: Final = f"last_over_time({NEWEST_OVERDUE}[6h]) < on (job, member) group_left () {MEMBER_START}"
"""Members that started after the newest of their overdue operations: they will acknowledge none of them.

Operations are not sent again to a member that comes back (protocol notes 6.8). Where the list has become too long to
ask for, the last one counts, as in KNOWN_OVERDUE. A member that has overdue operations from both before and after its
start is not among these: it owes what it could acknowledge."""

_NEW_PENDING: Final = f"({PENDING} - {PENDING} offset 1m)"
_NEW_RECORDS: Final = f"({RECORDS} - {RECORDS} offset 1m)"
NONE_ACKNOWLEDGED: Final = f"({_NEW_PENDING} > 0.8 * {_NEW_RECORDS} and {_NEW_RECORDS} > {FEW_RECORDS})"
"""Nodes on which all that was written in the last minute is pending: each write is one record and one operation.

It does not depend on the list of pending operations, which may be too long to ask for, nor on old operations in it that
nobody will ever acknowledge: those are in both counts. The share allows for an operation that arrives in between."""

_LATER_PENDING: Final = f"({PENDING} - {PENDING} offset 5m)"
_LATER_RECORDS: Final = f"({RECORDS} - {RECORDS} offset 5m)"
_ACKNOWLEDGED: Final = f"({_LATER_RECORDS} > 5 * {FEW_RECORDS} and {_LATER_PENDING} < 0.1 * {_LATER_RECORDS})"
_FALLING: Final = f"(deriv({PENDING}[2m]) < 0)"
STANDING: Final = f"(min_over_time({PENDING}[2m]) > {BACKLOG} unless {_FALLING} unless {_ACKNOWLEDGED})"
"""Nodes with a long list that does not get shorter. What was written lately must not be acknowledged either: otherwise
what is left is old."""

_RESOLVING: Final = DATABASE.where('database!=""', operation="other")
STORM: Final = textwrap.dedent(f"""
    (
      deriv({RECORDS}[2m]) > 50
      and on (job, instance)
      max by (job, instance) (count_over_time({_RESOLVING}[1m]))
        > on (job, instance)
      0.4 * count_over_time({PENDING}[1m])
    )
    or
    (deriv({RECORDS}[2m]) > {FAST_RECORDS} and {PENDING} > {BACKLOG})
""").strip()
"""Nodes on which a resolve goes round.

Of all operations on a database, only a resolve is pending as `other`; a single one is so for milliseconds. Three nodes
make so many records that the list is soon too long to ask for. A healthy cluster that writes as fast has a few hundred
operations pending (at 40 ms each)."""

KNOWN_OVERDUE: Final = textwrap.dedent(f"""
    (
      sum by (job, instance, member) ({OVERDUE})
      or
      (sum by (job, instance, member) (last_over_time({OVERDUE}[6h])) and on (job, instance) {PENDING} > 0
       unless on (job, instance) {UNACKNOWLEDGED} unless on (job, instance) {_FALLING}
       unless on (job, instance) ({STORM}))
    )
""").strip()
"""The overdue operations of each member, as long as the list is asked for; then those of the last list, unless it gets
shorter or a resolve goes round: a replica that hangs does not begin to answer because it owes too much."""


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
