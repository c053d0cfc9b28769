"""Which nodes are judged together: those of one cluster.

Nun-db's nodes do not know a cluster's name, so the configuration tells clusters apart, by the modules with which their
nodes are asked. What a node lists is not enough: two halves of a cluster that do not know each other are the fault that
must be found.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nundb_exporter.judge.finding import CLUSTER
from nundb_exporter.judge.report import NodeReport
from nundb_exporter.quantities import listed, visible


class Cluster(NamedTuple):
    """Nodes that should agree."""

    name: str
    """How a sentence calls it."""
    nodes: tuple[NodeReport, ...]


def clusters(nodes: Sequence[NodeReport]) -> list[Cluster]:
    """Return the clusters, in the order of their first nodes.

    Nodes of one module are one cluster. So are those of two where a node lists a member that only a node of the other
    module is: one of them may be asked over TLS, or beside a canary.
    """
    joined = {module: module for module in dict.fromkeys(node.module for node in nodes)}
    for one, other in _links(nodes):
        joined = {module: joined[one] if first == joined[other] else first for module, first in joined.items()}
    found = []
    for first in dict.fromkeys(joined.values()):
        modules = [module for module, each in joined.items() if each == first]
        name = listed([visible(module) for module in modules if module])
        own = tuple(node for node in nodes if node.module in modules)
        found.append(Cluster(f"{CLUSTER} {name}".rstrip(), own))
    return found if len(found) > 1 else [Cluster(CLUSTER, tuple(nodes))]


def _links(nodes: Sequence[NodeReport]) -> Iterator[tuple[str | None, str | None]]:
    """Yield the pairs of modules of which one lists a member that is none of its own nodes, and one of the other's."""
    own: dict[str | None, set[str]] = {node.module: set() for node in nodes}
    holders: dict[str, set[str | None]] = {}
    for node in nodes:
        if node.name is not None:
            own[node.module].add(node.name)
            holders.setdefault(node.name, set()).add(node.module)
    for node in nodes:
        for member in node.members:
            if not member.has_left and member.name not in own[node.module]:
                yield from ((node.module, holder) for holder in holders.get(member.name, ()))
