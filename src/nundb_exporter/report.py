"""Turns a scrape into a report: a node's state and its problems. Pure; the command line prints it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from nundb_exporter.collectors import (
    cluster,
    conflicts,
    connections,
    databases,
    oplog,
    pending,
    process,
    queries,
    replication,
)
from nundb_exporter.errors import Reason, TargetError
from nundb_exporter.metrics import Family, Sample
from nundb_exporter.problems.node import CLOCK_TOLERANCE_SECONDS
from nundb_exporter.problems.replication import OLD_SECONDS
from nundb_exporter.protocol.fields import PendingOperation


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the cluster as one node sees it."""

    name: str
    role: str
    is_self: bool
    is_connected: bool | None
    unacknowledged: int | None
    oldest_pending_seconds: float | None


@dataclass(frozen=True, slots=True)
class NodeReport:
    """One node's state; None is what the node does not report."""

    url: str
    is_up: bool
    failure: str | None
    role: str | None
    started: datetime | None
    pending_operations: int | None
    stuck_snapshots: int | None
    oplog_bytes: int | None
    oplog_records: int | None
    replication_seconds: float | None
    query_seconds: float | None
    advice: str = ""
    """What to do about the failure, as a sentence; empty if the node is up."""
    members: tuple[Member, ...] = ()
    databases: dict[str, str] = field(default_factory=dict)
    """Strategy by name."""
    connections: dict[str, int] = field(default_factory=dict)
    unresolved_conflicts: dict[str, int] = field(default_factory=dict)
    failed_collectors: dict[str, str] = field(default_factory=dict)


class _Values:
    """The samples of one scrape, looked up by family and labels."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._by_family: dict[Family, dict[tuple[str, ...], float]] = {}
        for sample in samples:
            self._by_family.setdefault(sample.family, {})[sample.labels] = sample.value

    def of(self, family: Family) -> dict[tuple[str, ...], float]:
        return self._by_family.get(family, {})

    def one(self, family: Family, *labels: str) -> float | None:
        return self.of(family).get(labels)

    def count(self, family: Family, *labels: str) -> int | None:
        value = self.one(family, *labels)
        return None if value is None else int(value)


def describe(
    url: str, samples: Iterable[Sample], error: TargetError | None, failed_collectors: dict[str, str], now: float
) -> NodeReport:
    """Turn one scrape into a report; `now` is this machine's clock, in seconds since the epoch."""
    values = _Values(samples)
    started = values.one(process.START_TIME)
    return NodeReport(
        url=url,
        is_up=error is None,
        failure=None if error is None else str(error),
        advice="" if error is None else advice(error),
        role=next((role for (role,), value in values.of(cluster.ROLE).items() if value), None),
        started=None if started is None else _moment(started),
        pending_operations=values.count(replication.PENDING),
        stuck_snapshots=values.count(pending.STUCK),
        oplog_bytes=values.count(oplog.SIZE),
        oplog_records=values.count(oplog.RECORDS),
        replication_seconds=values.one(replication.DURATION),
        query_seconds=values.one(queries.DURATION),
        members=tuple(_members(values, now)),
        databases=dict(labels for labels in values.of(databases.INFO)),  # type: ignore[misc] # two labels each
        connections={name: int(value) for (name,), value in values.of(connections.OPEN).items()},
        unresolved_conflicts={
            name: int(value) for (name, state), value in values.of(conflicts.COUNT).items() if state == "unresolved"
        },
        failed_collectors=failed_collectors,
    )


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None  # out of range: a node may send any number


def _members(values: _Values, now: float) -> Iterator[Member]:
    listed = dict.fromkeys(labels for labels in values.of(cluster.MEMBER))
    names = {name for name, _ in listed}
    # A member that left is not listed, but operations for it may stay pending.
    gone = [(name, "gone") for (name,), owed in values.of(pending.UNACKNOWLEDGED).items() if owed and name not in names]
    knows_itself = bool(values.of(cluster.ROLE))
    for name, role in [*listed, *gone]:
        connected = values.one(cluster.CONNECTED, name)
        oldest = values.one(pending.OLDEST, name)
        yield Member(
            name=name,
            role=role,
            is_self=knows_itself and connected is None and role != "gone",
            is_connected=None if connected is None else bool(connected),
            unacknowledged=values.count(pending.UNACKNOWLEDGED, name),
            oldest_pending_seconds=None if oldest is None else now - oldest,
        )


def findings(nodes: Sequence[NodeReport], now: float) -> list[str]:
    """Return the problems, one sentence each, the worst first; empty if there are none."""
    return [
        *(sentence for node in nodes for sentence in _node_findings(node, now)),
        *_cluster_findings([node for node in nodes if node.is_up]),
    ]


_ADVICE: Final = {
    Reason.CONNECT: "Check that the node is running and that its address and port are correct.",
    Reason.TIMEOUT: "The node does not answer in time: check its log and its load, and that no firewall drops packets.",
    Reason.AUTH: "Check NUN_USER and NUN_PWD.",
    Reason.PROTOCOL: "Check that the address is that of a Nun-db node, and that the scheme fits the port.",
}


def advice(error: TargetError) -> str:
    """Return what to do about an error, as a sentence."""
    return _ADVICE[error.reason]


def _node_findings(node: NodeReport, now: float) -> Iterator[str]:
    if not node.is_up:
        yield f"{node.url} is down: {node.failure}. {node.advice}"
    for name, failure in node.failed_collectors.items():
        yield f"{node.url}: collector {name} failed: {failure}."
    for member in node.members:
        yield from _member_findings(node, member)
    if node.stuck_snapshots:
        yield f"{node.url}: {plural(node.stuck_snapshots, 'snapshot')} not acknowledged by every replica."
    for database, count in node.unresolved_conflicts.items():
        if count:
            yield f"{node.url}: {plural(count, 'unresolved conflict')} in {database}."
    if node.started is not None and node.started.timestamp() > now + CLOCK_TOLERANCE_SECONDS:
        yield f"{node.url}: its start time is in the future: its clock is ahead of this machine's."


def _member_findings(node: NodeReport, member: Member) -> Iterator[str]:
    if member.role == "gone":
        wait = "waits" if member.unacknowledged == 1 else "wait"
        owed = plural(member.unacknowledged or 0, "operation")
        yield f"{node.url}: {owed} {wait} for {member.name}, which left the cluster."
    elif member.oldest_pending_seconds is not None and member.oldest_pending_seconds > OLD_SECONDS:
        yield (
            f"{node.url}: {member.name} has not acknowledged {plural(member.unacknowledged or 0, 'operation')}, "
            f"the oldest for {age(member.oldest_pending_seconds)}."
        )
    if member.is_connected is False:
        yield f"{node.url}: no link to {member.name}."


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 operation`, `2 operations`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _cluster_findings(nodes: Sequence[NodeReport]) -> Iterator[str]:
    for node in nodes:
        primaries = [member.name for member in node.members if member.role == "primary"]
        if node.members and not primaries:
            yield f"{node.url} lists no primary."
        if len(primaries) > 1:
            yield f"{node.url} lists more than one primary: {', '.join(primaries)}."
    if len(nodes) > 1:
        primaries = [node.url for node in nodes if node.role == "primary"]
        if len(primaries) > 1:
            yield f"{len(primaries)} nodes report that they are primary: {', '.join(primaries)}."
        # A server before 2023-11 reports no role: it may be the primary.
        if not primaries and all(node.role for node in nodes):
            yield "No node reports that it is primary."
        yield from _disagreements(nodes)


def _disagreements(nodes: Sequence[NodeReport]) -> Iterator[str]:
    """Compare what the nodes of one cluster list; a node that lists nothing does not disagree."""
    reporting = [node for node in nodes if node.members or node.role]
    views = {node.url: {member.name for member in node.members if member.role != "gone"} for node in reporting}
    everyone = set().union(*views.values())
    for url, view in views.items():
        if everyone - view:
            yield f"{url} does not list {', '.join(sorted(everyone - view))}."
    # Every node has $admin: one that lists nothing was not asked, failed, or is too old for the command.
    listing = [node for node in nodes if node.databases]
    known = {database for node in listing for database in node.databases.items()}
    for node in listing:
        for name, strategy in sorted(known - set(node.databases.items())):
            if name not in node.databases:
                yield f"{node.url} does not have database {name}."
            else:
                yield f"{node.url} has strategy {node.databases[name]} for database {name}, another node {strategy}."


@dataclass(frozen=True, slots=True)
class PendingGroup:
    """Operations of one kind in one database that one member has not acknowledged."""

    member: str
    database: str
    operation: str
    count: int
    oldest_seconds: float | None
    """None if no operation has a time, as with snapshots."""
    sample_keys: tuple[str, ...]


_SAMPLE_KEYS: Final = 3


def group_pending(operations: Sequence[PendingOperation], now: float) -> list[PendingGroup]:
    """Group operations by member, database and kind; the oldest come first."""
    groups: dict[tuple[str, str, str], list[PendingOperation]] = {}
    for operation in operations:
        owing = [member for member, is_acknowledged in operation.acknowledged.items() if not is_acknowledged]
        for member in owing or ["(not told)"]:
            groups.setdefault((member, operation.database, operation.operation), []).append(operation)
    found = []
    for (member, database, kind), members in groups.items():
        times = [operation.op_id for operation in members if operation.op_id]
        keys = Counter(operation.key for operation in members if operation.key)
        found.append(
            PendingGroup(
                member=member,
                database=database,
                operation=kind,
                count=len(members),
                oldest_seconds=now - min(times) / 1e9 if times else None,
                sample_keys=tuple(key for key, _ in keys.most_common(_SAMPLE_KEYS)),
            )
        )
    return sorted(found, key=lambda group: -(group.oldest_seconds or 0))


_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def age(seconds: float) -> str:
    """Return a duration as a person says it: its largest unit, and the next where that is small."""
    if seconds < 1:
        return f"{int(max(seconds, 0) * 1000)} ms"
    position = next(position for position, (size, _) in enumerate(_UNITS) if seconds >= size)
    size, unit = _UNITS[position]
    whole = int(seconds // size)
    if unit != "s" and whole < 10:  # noqa: PLR2004 - 9 d 3 h says something, 90 d 3 h does not
        smaller, name = _UNITS[position + 1]
        if rest := int(seconds % size // smaller):
            return f"{whole} {unit} {rest} {name}"
    return f"{whole} {unit}"
