"""What is wrong between nodes: what one lists and another does not, and which of them is primary."""

from dataclasses import replace

import pytest

from nundb_exporter.collectors import acting_role, conflicts, process
from nundb_exporter.errors import Reason, TargetError
from nundb_exporter.judge import NodeReport, judge
from nundb_exporter.metrics import Sample
from tests.debts import owed

from .observed import NOW, found, node, observed, sentences

A, B, C = "http://a:3013", "http://b:3013", "http://c:3013"
OF_A = "*a:1=primary b:1=secondary"
OF_B = "a:1=primary *b:1=secondary"


def down(url: str, reason: Reason = Reason.TIMEOUT) -> NodeReport:
    """Return a node that gives no answer."""
    return observed(url=url, error=TargetError(reason, "no answer"))


def ids(*nodes: NodeReport) -> list[str]:
    """Return the names of the findings."""
    return [finding.id for finding in found(*nodes)]


def test_nodes_that_agree_have_no_findings() -> None:
    """One primary, the same members, the same databases."""
    report = judge([node(A, "primary", OF_A, shop="none"), node(B, "secondary", OF_B, shop="none")])
    assert report.findings == ()
    assert report.headline == "2 nodes up"


def test_two_primaries_are_named_with_those_who_list_them() -> None:
    """Once for the cluster."""
    nodes = [node(A, "primary", OF_A), node(B, "primary", "a:1=secondary *b:1=primary")]
    (finding,) = found(*nodes)
    assert finding.id == "NundbSeveralPrimaries"
    assert finding.sentence.endswith(
        "2 nodes of the cluster are listed as primary: a:1 (by http://a:3013) and b:1 (by http://b:3013)."
    )


def test_nodes_that_list_no_primary_are_named() -> None:
    """A cluster without one replicates nothing."""
    nodes = [node(A, "secondary", "*a:1=secondary b:1=secondary"), node(B, "secondary", "a:1=secondary *b:1=secondary")]
    assert sentences(*nodes) == [
        "No node of the cluster is primary: http://a:3013 and http://b:3013 list none.",
    ]


def test_a_primary_that_is_none_of_the_nodes_is_named() -> None:
    """It may not exist: a link to it says nothing."""
    nodes = [
        node(A, "secondary", "*a:1=secondary b:1=secondary ghost:1=primary"),
        node(B, "secondary", "a:1=secondary *b:1=secondary ghost:1=primary"),
    ]
    assert sentences(*nodes) == [
        "No node of the cluster is primary: they list ghost:1 as primary, which is none of the nodes that were asked.",
        "The member ghost:1 of the cluster could not be judged: it was not asked.",
    ]


def test_a_primary_that_hangs_is_not_missed() -> None:
    """Another node lists it: it is down, and that is the only finding."""
    assert ids(down(A), node(B, "secondary", OF_B)) == ["NundbHung"]


def test_a_member_that_a_node_does_not_list_is_named_once() -> None:
    """With all the nodes that lack it."""
    everyone = "a:1=primary b:1=secondary c:1=secondary"
    nodes = [
        node(A, "primary", "*a:1=primary b:1=secondary"),
        node(B, "secondary", "a:1=primary *b:1=secondary"),
        node(C, "secondary", everyone.replace("c:1", "*c:1")),
    ]
    (finding,) = found(*nodes)
    assert (finding.id, finding.member) == ("NundbMembersDisagree", "c:1")
    assert finding.sentence.endswith("http://a:3013 and http://b:3013 do not list c:1.")


def test_a_member_that_was_not_asked_is_named() -> None:
    """For information: what it would say is not known."""
    members = "*a:1=primary b:1=secondary c:1=secondary"
    nodes = [node(A, "primary", members), node(B, "secondary", "a:1=primary *b:1=secondary c:1=secondary")]
    report = judge(nodes)
    assert report.healthy
    assert [(each.id, each.member) for each in report.findings] == [("NundbNotJudged", "c:1")]


def test_a_member_that_has_left_with_debts_is_not_one_that_others_must_list() -> None:
    """The node itself does not list it any more."""
    debts = owed(1, "c:1", NOW - 1)
    assert ids(node(A, "primary", OF_A, *debts), node(B, "secondary", OF_B)) == ["NundbOperationsLeaked"]


def test_a_database_that_a_node_lacks_is_named_once() -> None:
    """With all the nodes that lack it."""
    nodes = [node(A, "primary", OF_A, shop="none", chat="none"), node(B, "secondary", OF_B, shop="none")]
    (finding,) = found(*nodes)
    assert (finding.id, finding.database) == ("NundbDatabaseMissing", "chat")
    assert finding.sentence.endswith("http://b:3013 lacks it.")


def test_databases_beyond_those_that_are_reported_are_not_missed() -> None:
    """Of very many, only the first by name are: another node may report others."""
    nodes = [node(A, "primary", OF_A, a="none", c="none"), node(B, "secondary", OF_B, a="none", b="none")]
    first = [replace(each, database_count=900) for each in nodes]
    assert [finding.database for finding in found(*first)] == ["b"]


def test_strategies_that_differ_are_named_once_per_database() -> None:
    """Not once for each node and database."""
    of_c = "a:1=primary b:1=secondary *c:1=secondary"
    every = [of_c.replace("*", "").replace(f"{name}:1", f"*{name}:1") for name in "abc"]
    nodes = [
        node(A, "primary", every[0], shop="arbiter", chat="newer"),
        node(B, "secondary", every[1], shop="none", chat="none"),
        node(C, "secondary", every[2], shop="none", chat="none"),
    ]
    findings = found(*nodes)
    assert [(each.id, each.database) for each in findings] == [
        ("NundbDatabaseStrategyDiffers", "chat"),
        ("NundbDatabaseStrategyDiffers", "shop"),
    ]
    assert findings[1].sentence.endswith("arbiter on http://a:3013, none on http://b:3013 and http://c:3013.")


def test_conflicts_are_told_once_per_database() -> None:
    """Every node has a copy of the same records."""
    counts = (conflicts.COUNT.sample(2, "shop", "unresolved"), conflicts.COUNT.sample(1, "shop", "unresolved"))
    nodes = [node(A, "primary", OF_A, counts[0]), node(B, "secondary", OF_B, counts[1])]
    (finding,) = found(*nodes)
    assert (finding.id, finding.node) == ("NundbConflictsUnresolved", None)
    assert "2 unresolved conflicts" in finding.sentence


def started(seconds_ago: float) -> Sample:
    """Return when a node started."""
    return process.START_TIME.sample(NOW - seconds_ago)


def test_one_node_under_two_addresses_is_one_node() -> None:
    """Known by the member that it calls itself; it is compared once and told once."""
    http = node(A, "primary", "*a:1=primary", started(60))
    report = judge([http, replace(http, url="tcp://a:3014")])
    (finding,) = report.findings
    assert (finding.id, finding.severity) == ("NundbSameNode", "info")
    assert "http://a:3013 and tcp://a:3014 are the same node, a:1" in finding.sentence
    assert report.healthy
    assert [each.same_as for each in report.nodes] == [None, A]


def test_nodes_that_call_themselves_alike_and_started_at_different_times_are_two() -> None:
    """Without an external address every node calls itself by the default."""
    nodes = [node(A, "primary", "*x:1=primary", started(60)), node(B, "primary", "*x:1=primary", started(50))]
    assert ids(*nodes) == ["NundbSeveralPrimaries"]


def test_a_member_that_restarted_since_is_not_late_but_owes_for_ever() -> None:
    """Operations are not sent again to a member that comes back."""
    debts = owed(3, "b:1", NOW - 300)
    (finding,) = found(node(A, "primary", OF_A, *debts), node(B, "secondary", OF_B, started(100)))
    assert (finding.id, finding.member) == ("NundbOperationsLeaked", "b:1")
    assert finding.sentence.endswith("it has restarted since.")


def test_what_a_failed_join_has_left_behind_is_information() -> None:
    """No data is among it: the node that has joined since has missed nothing."""
    debts = owed(1, "b:1", NOW - 300, "cluster")
    report = judge([node(A, "primary", OF_A, *debts), node(B, "secondary", OF_B, started(100))])
    (finding,) = report.findings
    assert (finding.id, finding.member, report.healthy) == ("NundbJoinLeftover", "b:1", True)
    assert finding.sentence == (
        "http://a:3013 keeps 1 operation of a join or an election, which b:1 will never acknowledge: it has restarted "
        "since."
    )


def test_one_node_alone_takes_what_concerns_no_data_for_a_leftover() -> None:
    """It does not know when the member has started; data would be missed by one that hangs."""
    (finding,) = found(node(A, "primary", OF_A, *owed(1, "b:1", NOW - 300, "cluster")))
    assert (finding.id, "most likely" in finding.sentence) == ("NundbJoinLeftover", True)
    assert ids(node(A, "primary", OF_A, *owed(1, "b:1", NOW - 300))) == ["NundbReplicaNotAcknowledging"]


def test_only_the_cluster_is_owed_by_a_member_that_has_run_all_the_time() -> None:
    """Its start is known: it hangs."""
    debts = owed(1, "b:1", NOW - 300, "cluster")
    nodes = [node(A, "primary", OF_A, *debts), node(B, "secondary", OF_B, started(1000))]
    assert ids(*nodes) == ["NundbReplicaNotAcknowledging"]


def test_old_debts_do_not_hide_new_ones() -> None:
    """A member that owes operations from before its start and from after it does not acknowledge."""
    debts = owed(920, "b:1", NOW - 300, newest=NOW - 61)
    nodes = [node(A, "primary", OF_A, *debts), node(B, "secondary", OF_B, started(200))]
    assert ids(*nodes) == ["NundbReplicaNotAcknowledging"]


def test_a_member_that_has_run_all_the_time_is_late() -> None:
    """It was sent the operation, and does not acknowledge it."""
    debts = owed(3, "b:1", NOW - 300)
    nodes = [node(A, "primary", OF_A, *debts), node(B, "secondary", OF_B, started(1000))]
    assert ids(*nodes) == ["NundbReplicaNotAcknowledging"]


@pytest.mark.parametrize(
    ("acts", "names"), [((1, 0), []), ((1, 1), ["NundbSeveralActingPrimaries"]), ((0, 0), ["NundbNoActingPrimary"])]
)
def test_exactly_one_node_must_act_as_primary(acts: tuple[int, int], names: list[str]) -> None:
    """Whatever the lists say."""
    samples = [acting_role.ACTING_PRIMARY.sample(each) for each in acts]
    nodes = [node(A, "primary", OF_A, samples[0]), node(B, "secondary", OF_B, samples[1])]
    assert [name for name in ids(*nodes) if name != "NundbRoleNotActed"] == names


def test_versions_are_told_apart_by_the_commands_that_a_node_does_not_know() -> None:
    """Nun-db reports no version."""
    old = replace(node(B, "secondary", OF_B), unsupported_commands=("debug list-dbs",))
    (finding,) = [each for each in found(node(A, "primary", OF_A), old) if each.id == "NundbVersionsDiffer"]
    assert "http://b:3013 does not know `debug list-dbs`" in finding.sentence


def test_a_node_that_tells_nothing_is_accused_of_nothing() -> None:
    """Older than a question, or its collector off or failed: it neither lacks nor disagrees."""
    nodes = [
        node(A, "secondary", OF_A.replace("*a:1=primary", "*a:1=secondary c:1=primary"), shop="none"),
        node(B, None, ""),
    ]
    assert [each.id for each in found(*nodes) if each.severity != "info"] == []


def test_an_old_node_that_lists_members_is_compared() -> None:
    """Before 2023-11 a node did not report its own role, and its list counts all the same."""
    nodes = [node(A, "primary", OF_A), node(B, None, "a:1=primary")]
    assert "NundbMembersDisagree" in ids(*nodes)


def test_a_node_that_is_down_is_compared_with_nobody() -> None:
    """What it lists is unknown."""
    assert ids(node(A, "primary", OF_A), down(B, Reason.CONNECT)) == ["NundbDown"]


def test_the_headline_of_several_nodes_counts_those_that_are_up() -> None:
    """And the problems of the others."""
    debts = owed(1, "z:1", NOW - 1)
    assert judge([node(A, "primary", OF_A, *debts), down(B)]).headline == "1 of 2 nodes up, 1 problem"
