"""From the samples of one scrape to the report on one node."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from nundb_exporter.canary import families as canary
from nundb_exporter.collectors import (
    acting_role,
    cluster,
    conflicts,
    connections,
    databases,
    keys,
    oplog,
    pending,
    process,
    queries,
    replication,
    transports,
)
from nundb_exporter.errors import ProtocolError
from nundb_exporter.host import families as host
from nundb_exporter.judge import texts
from nundb_exporter.judge.report import CollectorReport, Database, ExporterReport, Member, NodeReport
from nundb_exporter.judge.storage import describe_data
from nundb_exporter.judge.values import Values
from nundb_exporter.log import families as log
from nundb_exporter.metrics import (
    PROCESS_MAX_FDS,
    PROCESS_OPEN_FDS,
    PROCESS_RESIDENT,
    PROCESS_START,
    REQUESTS_REJECTED,
    SAMPLES_DROPPED,
    Sample,
)
from nundb_exporter.protocol.commands import PENDING_OPS
from nundb_exporter.quantities import moment
from nundb_exporter.results import Scrape


def describe(url: str, scrape: Scrape, now: float, allowed_seconds: float | None = None) -> NodeReport:
    """Describe one node after a scrape; `now` is this machine's clock, in seconds since the epoch."""
    values = Values(scrape.samples)
    asked_at = moment(now)
    if asked_at is None:
        raise ValueError(f"no time: {now}")
    started = values.number(process.START_TIME)
    last_line, heartbeat = values.number(log.LAST_LINE), values.number(log.HEARTBEAT)
    report = NodeReport(
        url=url,
        is_up=scrape.error is None,
        reason=None if scrape.error is None else scrape.error.reason,
        failure=None if scrape.error is None else str(scrape.error),
        asked_at=asked_at,
        scrape_seconds=scrape.seconds,
        allowed_seconds=allowed_seconds,
        role=next((role for (role,), value in values.all(cluster.ROLE) if value), None),
        acting_primary=values.flag(acting_role.ACTING_PRIMARY),
        started=None if started is None else moment(started),
        uptime_seconds=None if started is None or moment(started) is None else now - started,
        clock_offset_seconds=values.number(process.CLOCK_OFFSET),
        pending_operations=values.count(replication.PENDING),
        max_pending_operations=scrape.answers.options.max_pending_operations,
        is_pending_listed=bool(values.all(pending.UNACKNOWLEDGED)),
        stuck_snapshots=values.count(pending.STUCK),
        snapshots_wait_for=_snapshots_wait_for(scrape),
        oplog_bytes=values.count(oplog.SIZE),
        oplog_records=values.count(oplog.RECORDS),
        replication_seconds=values.number(replication.DURATION),
        query_seconds=values.number(queries.DURATION),
        open_files=values.count(host.OPEN_FDS),
        max_files=values.count(host.MAX_FDS),
        canary_failure=_canary_failure(values),
        is_canary_paused=values.flag(canary.PAUSED),
        diverged_members=tuple(member for (member,), differs in values.all(canary.DIVERGED) if differs),
        damaged_members=tuple(member for (member,), differs in values.all(canary.DAMAGED) if differs),
        log_age_seconds=None if last_line is None else now - last_line,
        snapshot_thread_silent_seconds=None if last_line is None or heartbeat is None else last_line - heartbeat,
        members=tuple(_members(values, now)),
        databases=tuple(_databases(values)),
        database_count=values.count(databases.COUNT),
        data=describe_data(values, now),
        transports={name: bool(value) for (name,), value in values.all(transports.UP)},
        collectors=tuple(
            texts.of_collector(CollectorReport(name=name, seconds=result.seconds, failure=result.failure))
            for name, result in scrape.collectors.items()
        ),
        unsupported_commands=tuple(
            sorted(str(command) for command, reply in scrape.answers.node.items() if reply.is_unsupported)
        ),
    )
    return replace(report, texts=texts.of_node(report))


def _canary_failure(values: Values) -> str | None:
    if values.flag(canary.SUCCESS) is not False:
        return None
    return texts.words(next((reason for (reason,), is_it in values.all(canary.FAILURE) if is_it), "unknown"))


def _members(values: Values, now: float) -> Iterator[Member]:
    roles: list[tuple[str, str | None]] = [(name, role) for (name, role), _ in values.all(cluster.MEMBER)]
    names = {name for name, _ in roles}
    # A member that left is not listed, but operations for it may stay pending.
    roles += ((name, None) for (name,), owed in values.all(pending.UNACKNOWLEDGED) if owed and name not in names)
    knows_itself = bool(values.all(cluster.ROLE))
    for name, role in roles:
        connected = values.flag(cluster.CONNECTED, name)
        oldest = values.number(pending.OLDEST, name)
        newest = values.number(pending.NEWEST_OVERDUE, name)
        overdue = [values.count(pending.OVERDUE, name, about) for about in pending.ABOUT]
        known = [number for number in overdue if number is not None]
        member = Member(
            name=name,
            role=role,
            is_self=knows_itself and connected is None and role is not None,
            has_left=role is None,
            is_connected=connected,
            unacknowledged=values.count(pending.UNACKNOWLEDGED, name),
            oldest_pending_seconds=None if oldest is None else now - oldest,
            overdue=sum(known) if known else None,
            overdue_data=values.count(pending.OVERDUE, name, "data"),
            newest_overdue_seconds=None if newest is None else now - newest,
            is_late=any(known),
        )
        yield replace(member, texts=texts.of_member(member))


def _databases(values: Values) -> Iterator[Database]:
    found: list[Database] = [
        Database(name=name, strategy=strategy) for (name, strategy), _ in values.all(databases.INFO)
    ]
    names = {database.name for database in found}
    others = (connections.OPEN, keys.COUNT, conflicts.COUNT, pending.DATABASE)
    # A node before 2023-02 does not list its databases.
    unlisted = {labels[0]: None for family in others for labels, _ in values.all(family) if labels[0] not in names}
    for database in sorted([*found, *(Database(name=name) for name in unlisted)], key=lambda each: each.name):
        name = database.name
        complete = replace(
            database,
            connections=values.count(connections.OPEN, name),
            keys=values.count(keys.COUNT, name),
            unresolved_conflicts=values.count(conflicts.COUNT, name, "unresolved"),
            resolved_conflicts=values.count(conflicts.COUNT, name, "resolved"),
            pending={kind: int(count) for (owner, kind), count in values.all(pending.DATABASE) if owner == name},
        )
        yield replace(complete, texts=texts.of_database(complete))


def _snapshots_wait_for(scrape: Scrape) -> tuple[str, ...] | None:
    """Return the members that have not acknowledged a pending snapshot; None if the node has none or does not say."""
    if PENDING_OPS not in scrape.answers.node:
        return None
    try:
        summary = scrape.answers.read(PENDING_OPS)
    except ProtocolError:
        return None  # the collector has failed, which is told
    snapshots = [share.acknowledged for share in summary.shares if 0 in share.op_ids] if summary else []
    if not any(snapshots):
        return None
    return tuple(sorted({name for each in snapshots for name, is_acknowledged in each.items() if not is_acknowledged}))


def describe_exporter(samples: Iterable[Sample], version: str, now: float) -> ExporterReport:
    """Describe the exporter itself by its own metrics."""
    values = Values(samples)
    started = values.number(PROCESS_START)
    report = ExporterReport(
        version=version,
        memory_bytes=values.count(PROCESS_RESIDENT),
        open_files=values.count(PROCESS_OPEN_FDS),
        max_files=values.count(PROCESS_MAX_FDS),
        started=None if started is None else moment(started),
        requests_rejected=values.count(REQUESTS_REJECTED) or 0,
        samples_dropped=values.count(SAMPLES_DROPPED) or 0,
    )
    return replace(report, texts=texts.of_exporter(report, now))
