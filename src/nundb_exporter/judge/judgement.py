"""The judgement: all findings, the worst first, and the state in a few words."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from nundb_exporter.judge import cluster, node, views
from nundb_exporter.judge.clusters import clusters
from nundb_exporter.judge.finding import is_problem, rank
from nundb_exporter.judge.report import ExporterReport, Finding, NodeReport, Report, State
from nundb_exporter.problems.replication import OLD_SECONDS
from nundb_exporter.quantities import age, counted, visible


def judge(
    reports: Sequence[NodeReport], exporter: ExporterReport | None = None, beside: NodeReport | None = None
) -> Report:
    """Judge nodes by their reports, those of each cluster together.

    `beside` is what the exporter reads itself of one of them, without knowing of which.
    """
    groups = [(each.name, cluster.joined(cluster.merged(each.nodes))) for each in clusters(reports)]
    place = {report.url: position for position, report in enumerate(reports)}
    nodes = sorted((report for _, group in groups for report in group), key=lambda report: place[report.url])
    own = [finding for report in nodes if report.same_as is None for finding in node.findings(report)]
    between = [finding for name, group in groups for finding in cluster.findings(group, name)]
    of_one = () if beside is None else node.findings_beside(beside)
    found = sorted((*own, *between, *of_one), key=rank)
    problems = [finding for finding in found if is_problem(finding)]
    return Report(
        healthy=not problems,
        state=_state(nodes, problems),
        headline=_headline(nodes, problems),
        summary="" if problems else _summary(nodes),
        findings=tuple(found),
        nodes=tuple(nodes),
        members=tuple(map(visible, views.members_of(nodes))),
        views=views.views_of([group for _, group in groups]),
        exporter=exporter,
    )


def _state(nodes: Sequence[NodeReport], problems: Sequence[Finding]) -> State:
    if not all(node.is_up for node in nodes):
        return "down"
    return "attention" if problems else "up"


def _headline(nodes: Sequence[NodeReport], problems: Sequence[Finding]) -> str:
    up = sum(node.is_up for node in nodes)
    if not nodes:
        words = "No node is configured"
    elif len(nodes) == 1:
        words = "Up" if up else "Down"
    else:
        words = f"{up} of {counted(len(nodes), 'node')} up" if up < len(nodes) else f"{counted(up, 'node')} up"
    # That a node is down is said already.
    others = [finding for finding in problems if finding.id not in node.UNREACHABLE_IDS]
    return f"{words}, {counted(len(others), 'problem')}" if others else words


def _summary(nodes: Sequence[NodeReport]) -> str:
    """Say what was checked and is in order, and claim no more than that."""
    collectors = sum(len(node.collectors) for node in nodes)
    links = sum(member.is_connected is True for node in nodes for member in node.members)
    parts = [
        counted(collectors, "collector works", "collectors work") if collectors else "",
        counted(links, "link is up", "links are up") if links else "",
        f"no operation pending for more than {age(OLD_SECONDS)}"
        if any(node.is_pending_listed for node in nodes)
        else "",
    ]
    sentence = ", ".join(filter(None, parts))
    return f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""


def to_json(report: Report) -> str:
    """Return the report as one JSON object; docs/report.schema.json describes it."""
    return written(dataclasses.asdict(report))


def written(document: Mapping[str, object]) -> str:
    """Return a document as one JSON object, moments as ISO 8601 has them."""
    return json.dumps(document, ensure_ascii=False, indent=2, default=_write)


def _write(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value))
