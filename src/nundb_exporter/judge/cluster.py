"""What is wrong with a cluster, by what its nodes report about each other; one node alone is judged likewise."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from nundb_exporter.judge.finding import find
from nundb_exporter.judge.report import Finding, Member, NodeReport
from nundb_exporter.problems import cluster, databases, exporter
from nundb_exporter.quantities import count, counted, listed, visible

_ELECTION_SECONDS: Final = 5
"""A node lists nobody for one second after its start, until its first election is over."""


def merged(nodes: Sequence[NodeReport]) -> list[NodeReport]:
    """Return the reports with `same_as` filled in where a node is reported under several addresses.

    A node is known by the member that it calls itself. Nodes that were given no external address may all call
    themselves alike: if they started at different times, they are different nodes.
    """
    seen: dict[tuple[object, ...], str] = {}
    found = []
    for node in nodes:
        first = seen.setdefault((node.name, node.started) if node.name else (node.url,), node.url)
        found.append(node if first == node.url else replace(node, same_as=first))
    return found


def joined(nodes: Sequence[NodeReport]) -> list[NodeReport]:
    """Return the reports with `has_outlived_overdue` filled in, which takes the start times of the others.

    Operations are not sent again to a member that comes back (protocol notes 6.8).
    """
    starts = {node.name: node.started.timestamp() for node in nodes if node.name and node.started}
    return [
        replace(node, members=tuple(_outlived(member, node.asked_at.timestamp(), starts) for member in node.members))
        for node in nodes
    ]


def _outlived(member: Member, now: float, starts: Mapping[str, float]) -> Member:
    started = starts.get(member.name)
    if started is None or member.newest_overdue_seconds is None:
        return member
    return replace(member, has_outlived_overdue=started > now - member.newest_overdue_seconds)


def findings(reports: Sequence[NodeReport], named: str) -> Iterator[Finding]:
    """Yield what is wrong between the nodes of a cluster that sentences call so; `reports` are those of `merged`."""
    yield from _aliases(reports)
    asked = [node for node in reports if node.same_as is None]
    nodes = [node for node in asked if node.is_up]
    yield from _primaries(nodes, named, everyone_answers=len(nodes) == len(asked))
    yield from _acting(nodes, named, everyone_answers=len(nodes) == len(asked))
    yield from _members(nodes, named)
    yield from _strangers(asked)
    yield from _databases(nodes, named)
    yield from _conflicts(nodes, named)
    yield from _versions(nodes, named)


def _names(nodes: Sequence[NodeReport]) -> str:
    return listed([visible(node.url) for node in nodes])


def _aliases(reports: Sequence[NodeReport]) -> Iterator[Finding]:
    for first in reports:
        others = [node for node in reports if node.same_as == first.url]
        if others and first.name is not None:
            yield find(cluster.SAME_NODE, member=first.name, names=_names([first, *others]))


def _primaries(nodes: Sequence[NodeReport], named: str, *, everyone_answers: bool) -> Iterator[Finding]:
    """Judge the lists and the roles. A primary that hangs is listed and does not answer: that is no missing primary."""
    listing = [node for node in nodes if _lists_members(node) and not _is_young(node)]
    primaries = dict.fromkeys(member.name for node in nodes for member in node.members if member.role == "primary")
    own = [node for node in nodes if node.role == "primary"]
    names = {node.name for node in nodes}
    elsewhere = [name for name in primaries if name not in names]
    if len(primaries) > 1 or len(own) > 1:
        told = [f"{visible(name)} (by {_names(_listing_primary(nodes, name))})" for name in primaries]
        yield find(
            cluster.SEVERAL_PRIMARIES,
            cluster=named,
            count=count(max(len(primaries), len(own))),
            names=listed(told if len(primaries) > 1 else [visible(node.url) for node in own]),
        )
    elif listing and not primaries:
        alone = [node for node in listing if not node.members]
        reason = (
            f"{_names(alone)} {_verb(alone, 'has', 'have')} neither elected one nor joined one"
            if alone
            else f"{_names(listing)} {_verb(listing, 'lists', 'list')} none"
        )
        yield find(cluster.NO_PRIMARY, cluster=named, reason=reason)
    # Before 2023-11 a node does not report its role: it may be the primary.
    elif everyone_answers and len(nodes) > 1 and not own and all(node.role for node in nodes):
        missing = listed([visible(name) for name in elsewhere])
        reason = f"they list {missing} as primary, which is none of the nodes that were asked"
        yield find(cluster.NO_PRIMARY, cluster=named, reason=reason)


def _lists_members(node: NodeReport) -> bool:
    return any(collector.name == "cluster" and collector.failure is None for collector in node.collectors)


def _is_young(node: NodeReport) -> bool:
    """Whether it may not have had its first election yet."""
    return not node.members and node.uptime_seconds is not None and node.uptime_seconds < _ELECTION_SECONDS


def _listing_primary(nodes: Sequence[NodeReport], name: str) -> list[NodeReport]:
    return [node for node in nodes if any(each.name == name and each.role == "primary" for each in node.members)]


def _verb(subjects: Sequence[object], one: str, several: str) -> str:
    return one if len(subjects) == 1 else several


def _acting(nodes: Sequence[NodeReport], named: str, *, everyone_answers: bool) -> Iterator[Finding]:
    told = [node for node in nodes if node.acting_primary is not None]
    acting = [node for node in told if node.acting_primary]
    if len(acting) > 1:
        number = count(len(acting))
        yield find(cluster.SEVERAL_ACTING_PRIMARIES, cluster=named, count=number, names=_names(acting))
    if not acting and len(told) > 1 and len(told) == len(nodes) and everyone_answers:
        yield find(cluster.NO_ACTING_PRIMARY, cluster=named)


def _members(nodes: Sequence[NodeReport], named: str) -> Iterator[Finding]:
    """Compare the lists; a node that lists nothing does not disagree."""
    views = {node.url: {each.name for each in node.members if not each.has_left} for node in nodes}
    views = {url: view for url, view in views.items() if view}
    for name in sorted(set().union(*views.values())):
        without = [node for node in nodes if node.url in views and name not in views[node.url]]
        if without:
            told = f"{_names(without)} {_verb(without, 'does', 'do')} not list"
            yield find(cluster.MEMBERS_DISAGREE, cluster=named, member=name, listed_by=told)


def _strangers(nodes: Sequence[NodeReport]) -> Iterator[Finding]:
    """Yield the members that were not asked, where several nodes were and each says which member it is."""
    own = {node.name for node in nodes}
    if len(nodes) > 1 and None not in own:
        for name in sorted({each.name for node in nodes for each in node.members if not each.has_left} - own):
            subject = f"The member {visible(name)}"
            yield find(exporter.NOT_JUDGED, member=name, subject=subject, reason="it was not asked")


def _databases(nodes: Sequence[NodeReport], named: str) -> Iterator[Finding]:
    """Compare the databases. Every node has $admin: one that lists nothing was not asked, failed, or is too old."""
    lists = {node.url: {each.name: each.strategy for each in node.databases if each.strategy} for node in nodes}
    listing = [node for node in nodes if lists[node.url]]
    for name in sorted(name for name in set().union(*lists.values()) if _is_within(name, listing)):
        without = [node for node in listing if name not in lists[node.url]]
        if without:
            reason = f"{_names(without)} {_verb(without, 'lacks', 'lack')} it"
            yield find(databases.MISSING, database=name, cluster=named, reason=reason)
        holders: dict[str, list[NodeReport]] = {}
        for node in listing:
            if strategy := lists[node.url].get(name):
                holders.setdefault(strategy, []).append(node)
        if len(holders) > 1:
            told = [f"{strategy} on {_names(each)}" for strategy, each in sorted(holders.items())]
            yield find(databases.STRATEGY_DIFFERS, database=name, cluster=named, reason=", ".join(told))


def _is_within(name: str, nodes: Sequence[NodeReport]) -> bool:
    """Whether every node would report the database if it had it: of very many, only the first by name are reported."""
    for node in nodes:
        names = [each.name for each in node.databases if each.strategy]
        if node.database_count is not None and node.database_count > len(names) and name > max(names):
            return False
    return True


def _conflicts(nodes: Sequence[NodeReport], named: str) -> Iterator[Finding]:
    """Yield unresolved conflicts once per database: every node of a cluster has a copy of them."""
    counts: dict[str, int] = {}
    for node in nodes:
        for database in node.databases:
            if database.unresolved_conflicts:
                counts[database.name] = max(counts.get(database.name, 0), database.unresolved_conflicts)
    for name, number in sorted(counts.items()):
        yield find(
            databases.CONFLICTS_UNRESOLVED,
            node=nodes[0].url if len(nodes) == 1 else None,
            database=name,
            holder=visible(nodes[0].url) if len(nodes) == 1 else named,
            conflicts=counted(number, "unresolved conflict"),
        )


def _versions(nodes: Sequence[NodeReport], named: str) -> Iterator[Finding]:
    """Tell versions apart by the commands that one knows and another does not."""
    unknown = Counter(command for node in nodes for command in node.unsupported_commands)
    for command, number in sorted(unknown.items()):
        if number < len(nodes):
            old = [node for node in nodes if command in node.unsupported_commands]
            reason = f"{_names(old)} {_verb(old, 'does', 'do')} not know `{command}`, and others do"
            yield find(cluster.VERSIONS_DIFFER, cluster=named, reason=reason)
            return
