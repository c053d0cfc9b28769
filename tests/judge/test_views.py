"""Who sees whom: a view for each node, in which a disagreement is plain to see."""

from nundb_exporter.judge import NodeReport, judge
from nundb_exporter.judge.report import Sight

from .observed import said, scraped


async def node(url: str, members: str) -> NodeReport:
    """Return the report of a node that lists these members."""
    return await scraped(said("0", members), url=url)


def drawn(*nodes: NodeReport) -> list[str]:
    """Return the rows as text; an odd cell stands in exclamation marks, a node's own in brackets."""

    def cell(sight: Sight) -> str:
        text = f"({sight.text})" if sight.is_self else sight.text
        return f"!{text}!" if sight.is_odd else text

    return [" ".join(map(cell, view.sights)) for view in judge(nodes).views]


A = " a:1(self):Primary , b:1(Connected):Secoundary, c:1(Connected):Secoundary,"  # sic
B = " a:1(Connected):Primary , b:1(self):Secoundary, c:1(Connected):Secoundary,"  # sic
C = " a:1(Connected):Primary , b:1(Connected):Secoundary, c:1(self):Secoundary,"  # sic


async def test_nodes_that_agree_have_no_odd_cell() -> None:
    """The members stand in the order of the nodes."""
    nodes = [await node("http://a:3013", A), await node("http://b:3013", B), await node("http://c:3013", C)]
    assert judge(nodes).members == ("a:1", "b:1", "c:1")
    assert drawn(*nodes) == ["(P) S S", "P (S) S", "P S (S)"]


async def test_who_is_alone_with_an_opinion_is_odd() -> None:
    """A second primary sees itself so, and the others do not."""
    alone = " b:1(self):Primary ,"
    nodes = [await node("http://a:3013", A), await node("http://b:3013", alone), await node("http://c:3013", C)]
    assert drawn(*nodes) == ["(P) S S", "!–! !(P)! !–!", "P S (S)"]  # noqa: RUF001 - as the page has it


async def test_two_that_disagree_are_both_odd() -> None:
    """Nobody can say who is right."""
    nodes = [await node("http://a:3013", " a:1(self):Primary ,"), await node("http://b:3013", " b:1(self):Primary ,")]
    assert drawn(*nodes) == ["!(P)! !–!", "!–! !(P)!"]  # noqa: RUF001


async def test_a_lost_link_and_a_node_without_a_list_are_told_in_words() -> None:
    """Neither is a disagreement about members."""
    lost = A.replace("b:1(Connected)", "b:1(Disconnected)")
    nodes = [await node("http://a:3013", lost), await node("http://b:3013", " "), await node("http://c:3013", C)]
    views = judge(nodes).views
    assert [sight.is_odd for view in views for sight in view.sights] == [False] * 9
    told = {sight.sentence for view in views for sight in view.sights}
    assert "http://a:3013 lists b:1 as secondary, and its link to it is lost." in told
    assert "http://b:3013 does not list c:1." in told
    assert "http://c:3013 calls itself secondary." in told


async def test_one_node_has_no_views() -> None:
    """Its members are on its page already."""
    report = judge([await node("http://a:3013", A)])
    assert report.views == ()


async def test_members_stand_as_people_sort_them() -> None:
    """The tenth after the second, whoever was asked first."""
    members = " n-10:1(self):Primary , n-2:1(Connected):Secoundary,"  # sic
    report = judge([await node("http://n-10:3013", members), await node("http://n-2:3013", " ")])
    assert report.members == ("n-2:1", "n-10:1")
