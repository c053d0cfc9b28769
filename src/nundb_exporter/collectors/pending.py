"""Pending operations in detail: by member, with the age of the oldest, and by database and operation."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.problems.replication import OLD_SECONDS
from nundb_exporter.protocol.commands import CLUSTER_STATE, METRICS_STATE, PENDING_OPS, Command
from nundb_exporter.protocol.pending import PendingShare, PendingSummary

UNACKNOWLEDGED: Final = Family(
    "nundb_replication_unacknowledged_operations",
    "gauge",
    "Operations that this member has not acknowledged",
    "debug pending-ops: replications",
    since="2022-06",
    labels=("member",),
    caveat="Stays for a member that has left. Absent while more are pending than --collector.pending.max-operations.",
)
OLDEST: Final = Family(
    "nundb_replication_oldest_pending_timestamp_seconds",
    "gauge",
    "Time of the oldest operation that this member has not acknowledged, in seconds since the epoch by the node's "
    "clock; snapshots have no time and are not included",
    "debug pending-ops: opp_id",
    since="2022-06",
    labels=("member",),
)
OVERDUE: Final = Family(
    "nundb_replication_overdue_operations",
    "gauge",
    f"Operations older than {OLD_SECONDS} seconds, by the node's clock, that this member has not acknowledged, and all "
    "that are owed by a member which the node no longer lists; about `data`, or about the `cluster`: joins and "
    "elections; snapshots have no time and are not included",
    "debug pending-ops: opp_id",
    since="2022-06",
    labels=("member", "about"),
)
NEWEST_OVERDUE: Final = Family(
    "nundb_replication_newest_overdue_timestamp_seconds",
    "gauge",
    "Time of the newest of a member's overdue operations, in seconds since the epoch by the node's clock; absent for "
    "members without any",
    "debug pending-ops: opp_id",
    since="2022-06",
    labels=("member",),
    caveat="If the member has started since, it will never acknowledge them; otherwise it owes some that it can.",
)
ABOUT: Final = ("data", "cluster")
DATABASE: Final = Family(
    "nundb_replication_pending_database_operations",
    "gauge",
    "Operations not yet acknowledged by every member, by database and operation: update, remove, increment, create_db, "
    "snapshot or other; the 50 databases with the most, the rest as `other`",
    "debug pending-ops: message",
    since="2022-01",
    labels=("database", "operation"),
    caveat="Operations on the cluster itself have an empty database; a snapshot of several joins their names by |.",
)
STUCK: Final = Family(
    "nundb_replication_stuck_snapshots",
    "gauge",
    "Pending snapshots that share the operation id 0",
    "debug pending-ops: opp_id",
    since="2025-08",
    caveat="1 is normal while a snapshot is taken. If it stays, later snapshots no longer reach the replicas.",
)
MAX_DATABASES: Final = 50
REST: Final = "other"


def follow_up(answers: Answers) -> Iterable[Command[object]]:
    """Ask for the list unless it is empty or too long: the node copies every value into it and into its log."""
    state = answers.read(METRICS_STATE)
    if state is not None and 0 < state.pending_operations <= answers.options.max_pending_operations:
        yield PENDING_OPS


def parse(answers: Answers) -> Iterable[Sample]:
    """Sum up the list. A member known to owe nothing has 0; numbers that were not asked for are absent."""
    state = answers.read(METRICS_STATE)
    if state is None:
        return
    summary: PendingSummary | None = None
    if PENDING_OPS in answers.node:
        summary = answers.read(PENDING_OPS)
    elif state.pending_operations == 0:
        summary = PendingSummary()
    if summary is None:
        return
    yield STUCK.sample(sum(share.op_ids.count(0) for share in summary.shares))
    yield from _by_member(answers, summary.shares)
    yield from _by_database(summary.counts)


def _by_member(answers: Answers, shares: Sequence[PendingShare]) -> Iterable[Sample]:
    if shares and not any(share.acknowledged for share in shares):
        return  # a server before 2022-06 does not report the members
    known = answers.read(CLUSTER_STATE) or ()
    owed = {member.name: 0 for member in known if not member.is_self}
    oldest: dict[str, int] = {}
    for share in shares:
        first = min(filter(None, share.op_ids), default=0)
        for member, is_acknowledged in share.acknowledged.items():
            if is_acknowledged:
                continue
            owed[member] = owed.get(member, 0) + len(share.op_ids)
            if first:
                oldest[member] = min(first, oldest.get(member, first))
    for member, count in owed.items():
        yield UNACKNOWLEDGED.sample(count, member)
    for member, op_id in oldest.items():
        yield OLDEST.sample(op_id / 1e9, member)
    yield from _overdue(answers, shares, {member.name for member in known}, owed)


def _overdue(
    answers: Answers, shares: Sequence[PendingShare], listed: AbstractSet[str], owing: Iterable[str]
) -> Iterable[Sample]:
    """Tell what is late from what is on its way. Whoever is no longer listed will never acknowledge anything."""
    due = int((answers.asked_at + (answers.clock_offset or 0.0) - OLD_SECONDS) * 1e9)
    counts = defaultdict[tuple[str, str], int](int)
    newest: dict[str, int] = {}
    for share in shares:
        timed = [op_id for op_id in share.op_ids if op_id]
        late = [op_id for op_id in timed if op_id < due]
        about = ABOUT[share.is_about_cluster]
        for member, is_acknowledged in share.acknowledged.items():
            found = timed if listed and member not in listed else late
            if found and not is_acknowledged:
                counts[member, about] += len(found)
                last = max(found)
                newest[member] = max(last, newest.get(member, 0))
    for member in owing:
        for about in ABOUT:
            yield OVERDUE.sample(counts[member, about], member, about)
    for member, op_id in newest.items():
        yield NEWEST_OVERDUE.sample(op_id / 1e9, member)


def _by_database(counts: Mapping[tuple[str, str], int]) -> Iterable[Sample]:
    if not counts:
        return
    totals: Counter[str] = Counter()
    for (database, _), count in counts.items():
        totals[database] += count
    shown = {database for database, _ in totals.most_common(MAX_DATABASES)}
    rest: Counter[str] = Counter()
    for (database, operation), count in counts.items():
        if database in shown and database != REST:
            yield DATABASE.sample(count, database, operation)
        else:
            rest[operation] += count
    for operation, count in rest.items():
        yield DATABASE.sample(count, REST, operation)


COLLECTOR: Final = Collector(
    name="pending",
    help="Pending operations by member, database and operation.",
    commands=(METRICS_STATE, CLUSTER_STATE),
    families=(UNACKNOWLEDGED, OLDEST, OVERDUE, NEWEST_OVERDUE, DATABASE, STUCK),
    follow_up=follow_up,
    parse=parse,
    panels=(
        Panel(
            "Oldest unacknowledged operation",
            f"time() - {OLDEST.selected}",
            "s",
            "Age of the oldest operation that a member has not acknowledged, by the node's clock. Absent for members "
            "that owe nothing, and while more operations are pending than may be listed.",
            "{{member}} owes {{instance}}",
            critical=OLD_SECONDS,
        ),
        Panel(
            "Unacknowledged operations",
            UNACKNOWLEDGED.selected,
            "short",
            "Operations that a member has not acknowledged. Those of a member that has left stay until the node "
            "restarts. Absent while more operations are pending than may be listed.",
            "{{member}} owes {{instance}}",
        ),
        Panel(
            "Overdue operations",
            OVERDUE.selected,
            "short",
            f"Operations that a member has not acknowledged for more than {OLD_SECONDS} seconds, or that a member owes "
            "which has left. A number that stays is a leftover; one that grows is a member that hangs.",
            "{{member}} owes {{instance}}, {{about}}",
        ),
        Panel(
            "Newest overdue operation",
            f"time() - {NEWEST_OVERDUE.selected}",
            "s",
            "Age of the newest operation that a member should have acknowledged. While a member hangs it stays near a "
            "minute; that of a leftover grows. If the member has started since, it will never acknowledge it.",
            "{{member}} owes {{instance}}",
        ),
        Panel(
            "Pending by database and operation",
            DATABASE.selected,
            "short",
            "Pending operations by database and operation. Absent while none is pending, and while more are pending "
            "than may be listed.",
            "{{database}} {{operation}} on {{instance}}",
        ),
        Panel(
            "Pending snapshots",
            STUCK.selected,
            "short",
            "Snapshots not yet acknowledged by the replicas. If one stays, later ones no longer reach them.",
            warning=1,
        ),
    ),
)
