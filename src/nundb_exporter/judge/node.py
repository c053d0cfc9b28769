"""What is wrong with one node, by what it reports itself."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from nundb_exporter.errors import Reason
from nundb_exporter.judge import storage, unjudged
from nundb_exporter.judge.finding import CLUSTER, find
from nundb_exporter.judge.report import Finding, Member, NodeReport
from nundb_exporter.problems import canary, cluster, exporter, host, log, node, oplog, replication
from nundb_exporter.quantities import age, count, counted, duration, listed, size, visible

_BY_REASON: Final = {
    Reason.CONNECT: node.DOWN,
    Reason.TIMEOUT: node.HUNG,
    Reason.AUTH: node.CREDENTIALS_REFUSED,
    Reason.PROTOCOL: node.ANSWER_UNREADABLE,
}
UNREACHABLE_IDS: Final = frozenset(problem.name for problem in _BY_REASON.values())
"""Of the findings for a node that is not up."""
_LONGEST_REASON: Final = 1000


def unreachable(url: str, reason: Reason, failure: str) -> Finding:
    """Return the finding for a node that is not up; `failure` is its detail."""
    # Most details begin with the node's address, which the sentence has already.
    detail = failure.removeprefix(f"{url.rpartition('/')[2]}: ")
    return find(_BY_REASON[reason], node=url, reason=visible(detail, most=_LONGEST_REASON))


def findings(report: NodeReport) -> Iterator[Finding]:
    """Yield what is wrong with the node."""
    yield from _data(report)
    if report.reason is not None:
        failure = (report.failure or "").removeprefix(f"{report.reason}: ")
        yield unreachable(report.url, Reason(report.reason), failure)
    else:
        yield from _collection(report)
    yield from _transports(report)
    yield from _host(report)
    yield from _canary(report)
    yield from _log(report)
    if report.reason is None:
        yield from _answers(report)


def findings_beside(report: NodeReport) -> Iterator[Finding]:
    """Yield what is wrong by what is read beside one of several nodes: nobody knows which, or whether it answers."""
    report = replace(report, url="the node beside this exporter", is_up=False)
    for finding in (*_data(report), *_failures(report), *_host(report), *_log(report)):
        yield replace(finding, node=None, sentence=finding.sentence[0].upper() + finding.sentence[1:])


def _data(report: NodeReport) -> Iterator[Finding]:
    if report.data is not None:
        yield from storage.findings(report.data, report.url)


def _answers(report: NodeReport) -> Iterator[Finding]:
    """Judge what the node has said, and no source beside it."""
    yield from _clock(report)
    if report.acting_primary is not None and report.role is not None:
        yield from _acting(report, is_primary=report.role == "primary", acts=report.acting_primary)
    for member in report.members:
        if member.is_connected is False:
            yield find(cluster.LINK_DOWN, node=report.url, member=member.name)
    yield from _pending(report)
    if report.oplog_bytes is not None and report.oplog_bytes > oplog.OVER * oplog.LIMIT_BYTES:
        yield find(oplog.OVER_LIMIT, node=report.url, size=size(report.oplog_bytes), limit=size(oplog.LIMIT_BYTES))


def _transports(report: NodeReport) -> Iterator[Finding]:
    """Where all are down, so is the node, which is told."""
    if report.is_up or any(report.transports.values()):
        for transport, is_up in report.transports.items():
            if not is_up:
                yield find(node.TRANSPORT_DOWN, node=report.url, transport=transport)


def _host(report: NodeReport) -> Iterator[Finding]:
    """Judge what is known without asking the node, and therefore also while it is down."""
    if report.open_files is not None and report.max_files:
        used = report.open_files / report.max_files
        if used > host.FULL_SHARE:
            yield find(host.DESCRIPTORS_RUNNING_OUT, node=report.url, share=f"{used:.0%}")


def _canary(report: NodeReport) -> Iterator[Finding]:
    """Judge what the canary has seen, which may be of other nodes than the one that was asked."""
    if report.canary_failure is not None:
        reason = visible(report.canary_failure, most=_LONGEST_REASON)
        yield find(canary.FAILING, node=report.url, reason=reason)
    if report.is_canary_paused:
        yield find(canary.PAUSED, node=report.url)
    for problem, members in ((canary.DIVERGED, report.diverged_members), (canary.DAMAGED, report.damaged_members)):
        for member in members:
            yield find(problem, node=report.url, member=member, cluster=CLUSTER)


def _log(report: NodeReport) -> Iterator[Finding]:
    silent = report.snapshot_thread_silent_seconds
    if silent is not None and silent > log.SILENT_SECONDS:
        reason = f"its last sign of life came {age(silent)} before the newest line of the log"
        yield find(log.SNAPSHOT_THREAD_DEAD, node=report.url, reason=reason)
    if report.is_up and report.log_age_seconds is not None and report.log_age_seconds > log.SILENT_SECONDS:
        yield find(log.LOG_SILENT, node=report.url)


def _failures(report: NodeReport) -> Iterator[Finding]:
    for name, failure in report.failures.items():
        yield find(
            exporter.COLLECTOR_FAILING, node=report.url, collector=name, reason=visible(failure, most=_LONGEST_REASON)
        )


def _collection(report: NodeReport) -> Iterator[Finding]:
    yield from _failures(report)
    yield from unjudged.findings(report)
    allowed = report.allowed_seconds
    if allowed is not None and report.scrape_seconds > exporter.SLOW_SHARE * allowed:
        yield find(exporter.SCRAPE_SLOW, node=report.url, duration=duration(report.scrape_seconds))


def _clock(report: NodeReport) -> Iterator[Finding]:
    """Compare the clock itself where the transport carries it; else only a time in the future shows a wrong one."""
    offset = report.clock_offset_seconds
    if offset is not None and abs(offset) > node.CLOCK_TOLERANCE_SECONDS:
        reason = f"the node's is {age(abs(offset))} {'ahead' if offset > 0 else 'behind'}"
        yield find(node.CLOCKS_APART, node=report.url, observer="this machine", reason=reason)
        return
    ahead = {}
    if report.uptime_seconds is not None:
        ahead["its start"] = -report.uptime_seconds
    for member in report.members:
        if member.oldest_pending_seconds is not None:
            ahead["an operation that it made"] = -member.oldest_pending_seconds
    for subject, seconds in ahead.items():
        if seconds > node.CLOCK_TOLERANCE_SECONDS:
            reason = f"{subject} is {age(seconds)} in the future"
            yield find(node.CLOCKS_APART, node=report.url, observer="this machine", reason=reason)
            return


def _acting(report: NodeReport, *, is_primary: bool, acts: bool) -> Iterator[Finding]:
    if is_primary != acts:
        reported = "is" if is_primary else "is not"
        acted = "were" if acts else "were not"
        yield find(cluster.ROLE_NOT_ACTED, node=report.url, reported=reported, acted=acted)


def _pending(report: NodeReport) -> Iterator[Finding]:
    total = report.pending_operations
    if total is not None and total > replication.BACKLOG:
        reason = f"more than {count(replication.BACKLOG)}"
        yield find(replication.PENDING_BACKLOG, node=report.url, operations=counted(total, "operation"), reason=reason)
    if total is not None and total > report.max_pending_operations:
        limit = count(report.max_pending_operations)
        yield find(replication.PENDING_NOT_LISTED, node=report.url, operations=counted(total, "operation"), limit=limit)
    for member in report.members:
        if not member.overdue:
            continue
        operations = counted(member.overdue, "operation")
        if reason := _will_never_acknowledge(member):
            problem = replication.LEAKED if member.overdue_data else replication.LEFTOVER
            yield find(problem, node=report.url, member=member.name, operations=operations, reason=reason)
        else:
            yield find(replication.NOT_ACKNOWLEDGING, node=report.url, member=member.name, operations=operations)
    if report.stuck_snapshots:
        yield find(replication.SNAPSHOT_STUCK, node=report.url, **_snapshots(report, report.stuck_snapshots))


def _will_never_acknowledge(member: Member) -> str:
    """Return why; empty if it can. One node alone does not know when a member has started."""
    if member.has_left:
        return "has left the cluster"
    if member.has_outlived_overdue is None and not member.overdue_data:
        return "has most likely restarted since, for a member that hangs misses data, too"
    return "has restarted since" if member.has_outlived_overdue else ""


def _snapshots(report: NodeReport, number: int) -> dict[str, str]:
    waiting = report.snapshots_wait_for
    if waiting is None:
        reason = "the node does not say which replica has not acknowledged it"
    elif waiting:
        verb = "has" if len(waiting) == 1 else "have"
        reason = f"{listed([visible(name) for name in waiting])} {verb} not acknowledged it"
    else:
        reason = "every replica has acknowledged it, so it has overlapped another one"
    return {"snapshots": counted(number, "snapshot"), "reason": reason}
