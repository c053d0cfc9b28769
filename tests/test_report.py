"""What a person is told: the report, what is wrong, durations, pending operations in groups."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.collectors import COLLECTORS, cluster, conflicts, pending, process
from nundb_exporter.errors import Reason, TargetError
from nundb_exporter.metrics import Answers, Options, Sample
from nundb_exporter.protocol.commands import CLUSTER_STATE, LIST_DBS, METRICS_STATE, PENDING_OPS, PROCESS_INFO
from nundb_exporter.protocol.fields import PendingOperation, pending_operations
from nundb_exporter.protocol.replies import Reply
from nundb_exporter.report import Member, NodeReport, PendingGroup, age, describe, findings, group_pending, plural
from tests import recordings
from tests.scripted import scripted_node

NOW = 1795400500.0
FIVE = "op_log_file_size: 350, op_log_count: 14,replication_time_moving_avg: 39.5, get_query_time_moving_avg: 0.25"


async def reported(answers: Answers, now: float = NOW) -> NodeReport:
    """Scrape a node that says so, and describe it."""
    node, _ = scripted_node(answers, *(c.name for c in COLLECTORS if c.is_default))
    scrape = await node.scrape(asyncio.get_running_loop().time() + 10)
    return describe("http://a:3013", scrape.samples, scrape.error, scrape.failures, now)


def told(
    state: str, members: str, databases: str = "dbs-list \n$admin : newer", listing: str = "pending-ops "
) -> Answers:
    """Return the answers of a node."""
    return Answers(
        Options(),
        {
            METRICS_STATE: Reply(f"metrics-state pending_ops: {state}, {FIVE}"),
            CLUSTER_STATE: Reply(f"cluster-state {members}"),
            PROCESS_INFO: Reply("process-info \nprocess_id: 1795400324150"),
            LIST_DBS: Reply(databases),
            PENDING_OPS: Reply(listing),
        },
    )


ALONE = " a:1(self):Primary ,"
TWO = " a:1(self):Primary , b:1(Connected):Secoundary,"  # sic


async def test_a_healthy_node_is_described_and_has_no_findings() -> None:
    """Every number of the page is in the report, in the units of people."""
    report = await reported(told("0", TWO, "dbs-list \n$admin : newer\nshop : none"))
    assert report.is_up
    assert report.failure is None
    assert report.role == "primary"
    assert report.started is not None
    assert report.started.isoformat() == "2026-11-23T02:18:44.150000+00:00"
    assert (report.pending_operations, report.stuck_snapshots) == (0, 0)
    assert (report.oplog_bytes, report.oplog_records) == (350, 14)
    assert (report.replication_seconds, report.query_seconds) == (0.0395, 0.00025)
    assert report.databases == {"$admin": "newer", "shop": "none"}
    assert report.members == (
        Member("a:1", "primary", is_self=True, is_connected=None, unacknowledged=None, oldest_pending_seconds=None),
        Member("b:1", "secondary", is_self=False, is_connected=True, unacknowledged=0, oldest_pending_seconds=None),
    )
    assert findings([report], NOW) == []


async def test_databases_and_conflicts_of_a_recorded_node() -> None:
    """Connections without our own, and unresolved conflicts alone, by database."""
    report = await reported(list(recordings.answers("exporter-http"))[-1])
    assert report.connections == {"shop": 0, "chat": 0, "desk": 0}
    assert report.unresolved_conflicts == {"shop": 0, "chat": 0, "desk": 1}
    assert findings([report], NOW) == ["http://a:3013: 1 unresolved conflict in desk."]


def test_resolved_conflicts_are_no_finding() -> None:
    """However many are kept: only the unresolved ones wait for somebody."""
    states = (("unresolved", 2), ("resolved", 5))
    samples = [conflicts.COUNT.sample(count, "desk", state) for state, count in states]
    report = describe("http://a:3013", samples, None, {}, NOW)
    assert report.unresolved_conflicts == {"desk": 2}
    assert findings([report], NOW) == ["http://a:3013: 2 unresolved conflicts in desk."]


async def test_what_is_owed_too_long_and_by_whom() -> None:
    """An old operation, a broken link, a stuck snapshot, a member that left: each is one sentence."""
    listing = "pending-ops " + "\n".join(
        f'message: "{message}", opp_id: {op_id}, ack_count: 0, replicate_count: 1, replications: {owes}'
        for message, op_id, owes in (
            ("replicate shop a -1 x", int((NOW - 61) * 1e9), ", b:1:false"),
            ("replicate shop b -1 x", int((NOW - 3) * 1e9), ", b:1:false, c:1:false"),
            ("replicate shop c -1 x", int((NOW - 7200) * 1e9), ", gone:1:false"),
            ("replicate-snapshot shop false", 0, ", b:1:false"),
        )
    )
    members = f"{ALONE} b:1(Disconnected):Secoundary, c:1(Connected):Secoundary,"  # sic
    report = await reported(told("4", members, listing=listing))
    assert findings([report], NOW) == [
        "http://a:3013: b:1 has not acknowledged 3 operations, the oldest for 1 min 1 s.",
        "http://a:3013: no link to b:1.",
        "http://a:3013: 1 operation waits for gone:1, which left the cluster.",
        "http://a:3013: 1 snapshot not acknowledged by every replica.",
    ]


async def test_a_node_before_its_election_is_starting_up() -> None:
    """It lists nobody: there is no primary to miss yet."""
    report = await reported(told("0", ""))
    assert report.role == "starting_up"
    assert report.members == ()
    assert findings([report], NOW) == []


@pytest.mark.parametrize(
    ("members", "finding"),
    [
        (" a:1(self):Secoundary , b:1(Connected):Secoundary,", "http://a:3013 lists no primary."),  # sic
        (f"{ALONE} b:1(Connected):Primary,", "http://a:3013 lists more than one primary: a:1, b:1."),
    ],
)
async def test_a_view_without_one_primary_is_wrong(members: str, finding: str) -> None:
    """None, or two."""
    assert findings([await reported(told("0", members))], NOW) == [finding]


async def test_a_clock_that_is_apart_is_told() -> None:
    """A start in the future is the sign of it."""
    report = await reported(told("0", ALONE))
    assert findings([report], 1795400324.15 - 6) == [
        "http://a:3013: its start time is in the future: its clock is ahead of this machine's."
    ]
    assert findings([report], 1795400324.15 - 4) == []


@pytest.mark.parametrize("seconds", [1e12, 1e17, 1e300, float("inf"), float("nan")])
def test_a_start_that_no_calendar_has_is_left_out(seconds: float) -> None:
    """A node may say any number; the report stands all the same."""
    report = describe("http://a:3013", [process.START_TIME.sample(seconds)], None, {}, NOW)
    assert report.started is None
    assert findings([report], NOW) == []


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        (Reason.CONNECT, "Check that the node is running"),
        (Reason.TIMEOUT, "The node does not answer in time"),
        (Reason.AUTH, "Check NUN_USER and NUN_PWD."),
        (Reason.PROTOCOL, "Check that the address is that of a Nun-db node"),
    ],
)
def test_a_node_that_is_down_says_why_and_what_to_do(reason: Reason, advice: str) -> None:
    """The reason, the detail, and a sentence of advice for each reason."""
    report = describe("http://a:3013", [], TargetError(reason, "10.0.0.1:3013: no luck"), {}, NOW)
    assert not report.is_up
    assert report.failure == f"{reason}: 10.0.0.1:3013: no luck"
    (finding,) = findings([report], NOW)
    assert finding.startswith(f"http://a:3013 is down: {reason}: 10.0.0.1:3013: no luck. {advice}")
    assert finding.endswith(".")


def test_a_collector_that_failed_is_told() -> None:
    """Its numbers are missing: the reader must know."""
    report = describe("http://a:3013", [], None, {"databases": "debug list-dbs: refused"}, NOW)
    assert findings([report], NOW) == ["http://a:3013: collector databases failed: debug list-dbs: refused."]


def node(url: str, role: str | None, members: str, **databases: str) -> NodeReport:
    """Return a node of a cluster; the members are written as `name=role`."""
    samples: list[Sample] = [cluster.MEMBER.sample(1, *member.split("=")) for member in members.split()]
    report = describe(url, samples, None, {}, NOW)
    return replace(report, role=role, databases={"$admin": "newer", **databases} if databases else {})


A_AND_B = "a:1=primary b:1=secondary"


def test_nodes_that_agree_have_no_findings() -> None:
    """One primary, the same members, the same databases."""
    nodes = [node("A", "primary", A_AND_B, shop="none"), node("B", "secondary", A_AND_B, shop="none")]
    assert findings(nodes, NOW) == []


def test_nodes_that_disagree_are_compared() -> None:
    """Two primaries, a member that one does not list, a database that one lacks, a strategy that one has lost."""
    nodes = [
        node("A", "primary", "a:1=primary", shop="arbiter", chat="none"),
        node("B", "primary", "a:1=secondary b:1=primary", shop="none"),
    ]
    assert findings(nodes, NOW) == [
        "2 nodes report that they are primary: A, B.",
        "A does not list b:1.",
        "A has strategy arbiter for database shop, another node none.",
        "B does not have database chat.",
        "B has strategy none for database shop, another node arbiter.",
    ]


def test_a_cluster_without_a_primary_is_wrong() -> None:
    """When every node tells its role and none is primary."""
    nodes = [node("A", "secondary", A_AND_B), node("B", "starting_up", A_AND_B)]
    assert findings(nodes, NOW) == ["No node reports that it is primary."]


def test_who_tells_nothing_is_accused_of_nothing() -> None:
    """A node that is older than a question, or whose collector is off or failed, neither lacks nor disagrees."""
    nodes = [node("A", "secondary", A_AND_B, shop="none"), node("old", None, A_AND_B), node("off", None, "")]
    assert findings(nodes, NOW) == []


def test_an_old_node_that_lists_members_is_compared() -> None:
    """Before 2023-11 a node did not tell its own role, and its list counts all the same."""
    nodes = [node("A", "primary", A_AND_B), node("old", None, "a:1=primary")]
    assert findings(nodes, NOW) == ["old does not list b:1."]


def test_a_node_that_is_down_is_compared_with_nobody() -> None:
    """What it lists is unknown."""
    down = describe("B", [], TargetError(Reason.CONNECT, "refused"), {}, NOW)
    (finding,) = findings([node("A", "primary", A_AND_B), down], NOW)
    assert finding.startswith("B is down: connect: refused.")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 ms"),
        (0, "0 ms"),
        (0.0005, "0 ms"),
        (0.25, "250 ms"),
        (0.9999, "999 ms"),
        (1, "1 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (599, "9 min 59 s"),
        (600, "10 min"),
        (659, "10 min"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (86399, "23 h"),
        (86400, "1 d"),
        (90000, "1 d 1 h"),
        (864000, "10 d"),
        (1e9, "11574 d"),
    ],
)
def test_an_age_is_said_as_people_say_it(seconds: float, text: str) -> None:
    """The largest unit, and the next where that is small."""
    assert age(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 operations"), (1, "1 operation"), (2, "2 operations")])
def test_a_count_has_its_noun(count: int, text: str) -> None:
    """One is singular, all else is plural."""
    assert plural(count, "operation") == text


SECONDS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}


@given(seconds=st.floats(0, 1e9))
def test_an_age_is_never_more_than_it_is(seconds: float) -> None:
    """Read back it is at most the age, and less by under a second or a tenth."""
    words = age(seconds).split()
    said = sum(int(number) * SECONDS[unit] for number, unit in zip(words[::2], words[1::2], strict=True))
    assert said <= seconds + 1e-9
    assert seconds - said <= max(1 if seconds >= 1 else 0.001, seconds / 10) + 1e-9


def operation(
    op_id: float, kind: str = "update", database: str = "shop", key: str = "k", **owes: bool
) -> PendingOperation:
    """Return an operation made so many seconds before now; 0 for a snapshot's."""
    return PendingOperation(int((NOW - op_id) * 1e9) if op_id else 0, kind, database, key, owes)


def test_pending_operations_are_grouped_by_who_owes_what() -> None:
    """The longest owed first, those without a time last; the commonest keys are shown, three at most."""
    operations = [
        operation(5, key="a", b=False, c=False),
        operation(7, key="b", b=False, c=True),
        operation(9, key="b", b=False, c=True),
        operation(6, key="c", b=False, c=True),
        operation(6, key="d", b=False, c=True),
        operation(60, "remove", "chat", "x", c=False),
        operation(0, "snapshot", key="", b=False),
    ]
    groups = group_pending(operations, NOW)
    assert [(g.member, g.database, g.operation, g.count, g.sample_keys) for g in groups] == [
        ("c", "chat", "remove", 1, ("x",)),
        ("b", "shop", "update", 5, ("b", "a", "c")),
        ("c", "shop", "update", 1, ("a",)),
        ("b", "shop", "snapshot", 1, ()),
    ]
    assert [g.oldest_seconds and round(g.oldest_seconds) for g in groups] == [60, 9, 5, None]


def test_operations_of_whom_nobody_is_told_are_grouped_too() -> None:
    """Servers of 2022-01 to 2022-06 do not tell; an entry that all have acknowledged may still be there."""
    groups = group_pending([operation(5), operation(6, b=True)], NOW)
    assert [(g.member, g.count) for g in groups] == [("(not told)", 2)]
    assert group_pending([], NOW) == []
    assert isinstance(groups[0], PendingGroup)


def test_a_recorded_list_is_grouped() -> None:
    """Every pending operation of a real node, as often as members owe it."""
    steps = [answers for answers in recordings.answers("cluster-pending") if PENDING_OPS in answers.node]
    longest = max(steps, key=lambda answers: len(answers.node[PENDING_OPS].text or ""))
    owed = [sample.value for sample in pending.COLLECTOR.parse(longest) if sample.family is pending.UNACKNOWLEDGED]
    groups = group_pending(pending_operations(longest.node[PENDING_OPS].text or ""), NOW)
    assert sum(group.count for group in groups) == sum(owed) == 40
