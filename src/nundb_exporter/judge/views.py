"""Who sees whom: what each node of a cluster says of each member, and where they disagree."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from nundb_exporter.judge.report import Member, NodeReport, Sight, View
from nundb_exporter.judge.texts import words
from nundb_exporter.quantities import visible

_LETTERS: Final = {"primary": "P", "secondary": "S", "starting_up": "U"}
_DIGITS: Final = re.compile(r"([0-9]{1,9})")
_NOT_LISTED: Final = "–"  # noqa: RUF001 - an en dash, as tables have it
_UNANSWERED: Final = "?"
_LOST: Final = "✗"


def members_of(nodes: Sequence[NodeReport]) -> tuple[str, ...]:
    """Return the names of all members that any node lists, as people sort them: numbers in names by their size."""
    return tuple(sorted({each.name for node in nodes for each in node.members if not each.has_left}, key=_natural))


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() and part.isascii() else (-1, part) for part in _DIGITS.split(name)]


def views_of(clusters: Sequence[Sequence[NodeReport]]) -> tuple[View, ...]:
    """Return what each node says of each of `members_of` all, in their order; nothing where there is only one node."""
    asked = [[node for node in nodes if node.same_as is None] for nodes in clusters]
    if sum(map(len, asked)) < 2:  # noqa: PLR2004 - nobody else sees it
        return ()
    names = members_of([node for nodes in clusters for node in nodes])
    return tuple(view for nodes in asked for view in _views_within(nodes, names))


def _views_within(nodes: Sequence[NodeReport], names: Sequence[str]) -> Iterator[View]:
    """Yield the views of the nodes of one cluster."""
    usual = {name: _usual(name, nodes) for name in members_of(nodes)}
    for node in nodes:
        sights = (_sight(node, name, usual[name]) if name in usual else _foreign(node, name) for name in names)
        yield View(url=node.url, sights=tuple(sights))


def _foreign(node: NodeReport, name: str) -> Sight:
    sentence = f"{visible(name)} is of another cluster than {visible(node.url)}."
    return Sight(text="", sentence=sentence, is_odd=False, is_lost=False, is_self=False)


def _lists(node: NodeReport) -> bool:
    """Whether it has said whom it lists; one that lists nobody is starting, and does not disagree."""
    return node.is_up and any(not member.has_left for member in node.members)


def _listed(node: NodeReport, name: str) -> Member | None:
    return next((member for member in node.members if member.name == name and not member.has_left), None)


def _usual(name: str, nodes: Sequence[NodeReport]) -> str | None:
    """Return the role that most nodes see a member in, empty if most do not list it; None if no more than others."""
    told = Counter(member.role or "" if (member := _listed(node, name)) else "" for node in nodes if _lists(node))
    (first, most), *others = told.most_common() or [("", 0)]
    return None if any(number == most for _, number in others) else first


def _sight(node: NodeReport, name: str, usual: str | None) -> Sight:
    viewer, seen = visible(node.url), visible(name)
    if not node.is_up:
        return Sight(
            text=_UNANSWERED, sentence=f"{viewer} does not answer.", is_odd=False, is_lost=False, is_self=False
        )
    member = _listed(node, name)
    is_odd = _lists(node) and usual != (member.role or "" if member else "")
    if member is None:
        sentence = f"{viewer} does not list {seen}."
        return Sight(text=_NOT_LISTED, sentence=sentence, is_odd=is_odd, is_lost=False, is_self=False)
    is_lost = member.is_connected is False
    letter = _LETTERS.get(member.role or "", _UNANSWERED)
    told = f"{viewer} {'calls itself' if member.is_self else f'lists {seen} as'} {words(member.role or 'unknown')}"
    return Sight(
        text=f"{letter}{_LOST}" if is_lost else letter,
        sentence=f"{told}, and its link to it is lost." if is_lost else f"{told}.",
        is_odd=is_odd,
        is_lost=is_lost,
        is_self=member.is_self,
    )
