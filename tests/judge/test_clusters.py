"""Several clusters in one report: each is judged by itself, as the modules of its nodes tell it apart."""

from dataclasses import replace

import pytest

from nundb_exporter.judge import NodeReport, judge

from .observed import NOW, found, node

# Their members have the same names: in each of two namespaces they are short ones.
OF_A = "*a:1=primary b:1=secondary"
OF_B = "a:1=primary *b:1=secondary"


def of(module: str, url: str, role: str | None, members: str, **databases: str) -> NodeReport:
    """Return a node that is asked with a module."""
    return replace(node(f"http://{module}-{url}:3013", role, members, now=NOW, **databases), module=module)


def healthy(module: str, **databases: str) -> list[NodeReport]:
    """Return the nodes of a cluster in which nothing is wrong."""
    return [
        of(module, "a", "primary", OF_A, **databases),
        of(module, "b", "secondary", OF_B, **databases),
    ]


def test_each_of_several_clusters_has_a_primary_of_its_own() -> None:
    """And databases, and members: what they do not have in common is no difference."""
    report = judge([*healthy("shop", carts="none"), *healthy("desk", tickets="newer")])
    assert report.findings == ()
    assert report.headline == "4 nodes up"


def test_what_is_wrong_with_one_of_them_is_told_with_its_name() -> None:
    """The others are well."""
    split = [of("desk", "a", "primary", "*a:1=primary"), of("desk", "b", "primary", "*b:1=primary")]
    told = [finding.sentence for finding in found(*healthy("shop"), *split)]
    assert told[0].startswith("2 nodes of the cluster desk are listed as primary: a:1 (by http://desk-a:3013) and b:1")
    assert not any("shop" in sentence for sentence in told)


def test_nodes_of_one_module_are_one_cluster_though_they_do_not_know_each_other() -> None:
    """Two halves that have lost each other are what must be found."""
    halves = [of("desk", "a", "primary", "*a:1=primary"), of("desk", "c", "primary", "*c:1=primary")]
    assert "NundbSeveralPrimaries" in {finding.id for finding in found(*halves)}


@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_nodes_of_two_modules_are_one_cluster_where_one_lists_the_other(role: str) -> None:
    """One may be asked over TLS, or beside a canary."""
    first = of("plain", "a", "primary", OF_A, carts="none")
    second = of("tls", "b", role, f"a:1=primary *b:1={role}")
    sentences = [finding.sentence for finding in found(first, second)]
    is_told = any("2 nodes of the cluster are listed as primary" in sentence for sentence in sentences)
    assert is_told == (role == "primary")
    assert not [sentence for sentence in sentences if "was not asked" in sentence]


def test_one_cluster_of_two_modules_beside_another_has_both_names() -> None:
    """As they stand in the configuration."""
    mixed = [
        of("plain", "c", "primary", "*c:1=primary d:1=primary"),
        of("tls", "d", "primary", "c:1=primary *d:1=primary"),
    ]
    told = [finding.sentence for finding in found(*healthy("shop"), *mixed)]
    assert any(sentence.startswith("2 nodes of the cluster plain and tls are listed as primary") for sentence in told)


def test_a_member_of_another_cluster_is_seen_by_nobody() -> None:
    """Its cell is empty, and no disagreement; a name that both have stands for each one's own."""
    desk = [
        of("desk", "a", "primary", "*a:1=primary c:1=secondary"),
        of("desk", "c", "secondary", "a:1=primary *c:1=secondary"),
    ]
    report = judge([*healthy("shop"), *desk])
    assert report.members == ("a:1", "b:1", "c:1")
    assert [[sight.text for sight in view.sights] for view in report.views] == [
        ["P", "S", ""],
        ["P", "S", ""],
        ["P", "", "S"],
        ["P", "", "S"],
    ]
    assert not any(sight.is_odd for view in report.views for sight in view.sights)
    assert report.views[0].sights[2].sentence == "c:1 is of another cluster than http://shop-a:3013."


def test_the_nodes_stay_in_their_order() -> None:
    """As they are configured, whichever cluster they are of."""
    shop, desk = healthy("shop"), healthy("desk")
    nodes = [shop[0], desk[0], shop[1], desk[1]]
    assert [each.url for each in judge(nodes).nodes] == [each.url for each in nodes]
