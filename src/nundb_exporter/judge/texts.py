"""What is shown for the fields of a report: each number and name in one form, wherever a person reads it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from nundb_exporter.judge.report import UNKNOWN, CollectorReport, Database, ExporterReport, Member, NodeReport
from nundb_exporter.quantities import age, count, counted, duration, size, visible

T = TypeVar("T")


def _known(value: T | None, write: Callable[[T], str]) -> str:
    return UNKNOWN if value is None else write(value)


def _files(opened: int | None, limit: int | None) -> str:
    return UNKNOWN if opened is None or limit is None else f"{count(opened)} of {count(limit)}"


def words(name: str) -> str:
    """Return a name of ours, such as `starting_up`, as words."""
    return name.replace("_", " ")


def of_node(node: NodeReport) -> dict[str, str]:
    """Return the texts of a node's fields, and of `files`, `oldest`, `links` and `acting` beneath them."""
    listed = [member for member in node.members if not member.has_left]
    lost = sum(member.is_connected is False for member in listed)
    if lost:
        links = counted(lost, "link lost", "links lost")
    elif any(member.is_connected for member in listed):
        links = "all linked"
    else:
        links = "single node" if len(listed) == 1 else ""
    ages = [member.oldest_pending_seconds for member in node.members if member.oldest_pending_seconds is not None]
    acting = {None: "", True: "acts as primary", False: "not acting as primary"}[node.acting_primary]
    started = "" if node.started is None else f"{node.started:%Y-%m-%d %H:%M:%S} UTC"
    return {
        "url": visible(node.url),
        "role": _known(node.role, words),
        "acting": acting,
        "uptime": _known(node.uptime_seconds, age),
        "started": started,
        "members": count(len(listed)) if listed else UNKNOWN,
        "links": links,
        "databases": _known(node.database_count, count),
        "pending_operations": _known(node.pending_operations, count),
        "oldest": f"oldest {age(max(ages))}" if ages else "",
        "oplog_bytes": _known(node.oplog_bytes, size),
        "oplog_records": _known(node.oplog_records, count),
        "replication_seconds": _known(node.replication_seconds, duration),
        "query_seconds": _known(node.query_seconds, duration),
        "files": _files(node.open_files, node.max_files),
        "scrape_seconds": duration(node.scrape_seconds),
    }


def of_member(member: Member) -> dict[str, str]:
    """Return the texts of a member's fields, and of its `link`."""
    link = {None: UNKNOWN, True: "linked", False: "lost"}[member.is_connected]
    return {
        "name": visible(member.name),
        "role": "left" if member.role is None else words(member.role),
        "link": "this node" if member.is_self else link,
        "unacknowledged": UNKNOWN if member.is_self else _known(member.unacknowledged, count),
        "oldest_pending_seconds": _known(member.oldest_pending_seconds, age),
    }


def of_database(database: Database) -> dict[str, str]:
    """Return the texts of a database's fields, and of its `conflicts`."""
    pending = ", ".join(f"{count(number)} {words(kind)}" for kind, number in database.pending.items())
    if database.unresolved_conflicts:
        conflicts = f"{count(database.unresolved_conflicts)} unresolved"
    elif database.resolved_conflicts:
        conflicts = f"{count(database.resolved_conflicts)} resolved"
    else:
        conflicts = _known(database.unresolved_conflicts, count)
    return {
        "name": visible(database.name) or "(the cluster itself)",
        "strategy": _known(database.strategy, words),
        "connections": _known(database.connections, count),
        "keys": _known(database.keys, count),
        "conflicts": conflicts,
        "pending": pending or UNKNOWN,
    }


def of_collector(collector: CollectorReport) -> CollectorReport:
    """Return the collector with the texts of its fields."""
    result = "failed" if collector.failure is not None else duration(collector.seconds)
    return replace(collector, texts={"name": words(collector.name), "result": result})


def of_exporter(exporter: ExporterReport, now: float) -> dict[str, str]:
    """Return the texts of the exporter's fields."""
    return {
        "memory": _known(exporter.memory_bytes, size),
        "files": _files(exporter.open_files, exporter.max_files),
        "uptime": _known(exporter.started, lambda started: age(now - started.timestamp())),
        "requests_rejected": count(exporter.requests_rejected),
        "samples_dropped": count(exporter.samples_dropped),
    }
