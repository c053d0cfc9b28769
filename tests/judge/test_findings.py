"""What is wrong with one node: each problem is one finding, with its sentence, its advice and its subject."""

from dataclasses import replace

import pytest

from nundb_exporter.collectors import acting_role, cluster, conflicts, oplog, pending, process, replication, transports
from nundb_exporter.errors import Reason, TargetError
from nundb_exporter.judge import judge, unreachable
from nundb_exporter.log import families as log
from nundb_exporter.metrics import Options, Sample
from nundb_exporter.problems.catalog import PROBLEMS
from nundb_exporter.problems.log import SILENT_SECONDS
from nundb_exporter.problems.oplog import LIMIT_BYTES, OVER
from nundb_exporter.problems.replication import BACKLOG
from nundb_exporter.protocol.commands import LIST_DBS, PROCESS_INFO
from nundb_exporter.protocol.replies import Reply
from tests import recordings
from tests.debts import owed

from .observed import ALONE, NOW, TWO, URL, found, observed, said, scraped, sentences


def primary(*samples: Sample) -> tuple[Sample, ...]:
    """Return the samples of a primary that lists itself alone, and these."""
    own = [cluster.ROLE.sample(role == "primary", role) for role in cluster.ROLES]
    return (*own, cluster.MEMBER.sample(1, "a:1", "primary"), *samples)


async def test_a_healthy_node_has_no_findings() -> None:
    """The report says what was checked."""
    report = judge([await scraped(said("0", TWO))])
    assert report.healthy
    assert report.findings == ()
    assert (report.state, report.headline) == ("up", "Up")
    assert report.summary == "10 collectors work, 1 link is up, no operation pending for more than 1 min."


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        (Reason.CONNECT, "NundbDown"),
        (Reason.TIMEOUT, "NundbHung"),
        (Reason.AUTH, "NundbCredentialsRefused"),
        (Reason.PROTOCOL, "NundbAnswerUnreadable"),
    ],
)
def test_a_node_that_is_down_says_why_and_what_to_do(reason: Reason, name: str) -> None:
    """Each reason is a problem of its own, with its alert's name."""
    report = judge([observed(error=TargetError(reason, "a:3013: no luck"))])
    (finding,) = report.findings
    assert (finding.id, finding.severity, finding.node) == (name, "critical", URL)
    assert finding.sentence.startswith(("http://a:3013", "The replies of http://a:3013"))
    assert finding.sentence.endswith(": no luck.")
    assert finding.advice.endswith(".")
    assert finding.runbook.endswith(f"#{name.lower()}")
    assert (report.healthy, report.state, report.headline) == (False, "down", "Down")
    assert finding == unreachable(URL, reason, "a:3013: no luck")


def test_a_collector_that_failed_is_a_finding() -> None:
    """Its numbers are missing: the reader must know."""
    (finding,) = found(observed(*primary(), failures={"keys": "database shop: use-db: Invalid token"}))
    assert (finding.id, finding.severity) == ("NundbCollectorFailing", "warning")
    assert "keys" in finding.sentence
    assert finding.sentence.endswith(": database shop: use-db: Invalid token.")


@pytest.mark.parametrize("transport", ["http", "tcp", "websocket"])
def test_a_dead_transport_is_a_finding(transport: str) -> None:
    """Where the collector `transports` runs."""
    (finding,) = found(observed(*primary(transports.UP.sample(0, transport))))
    assert finding.id == "NundbTransportDown"
    assert f"The {transport} listener of {URL}" in finding.sentence


@pytest.mark.parametrize(("role", "acts"), [("primary", False), ("secondary", True)])
def test_a_role_that_is_not_acted_is_a_finding(role: str, acts: bool) -> None:
    """In both directions; where the collector `acting_role` runs."""
    own = [cluster.ROLE.sample(each == role, each) for each in cluster.ROLES]
    members = [cluster.MEMBER.sample(1, "a:1", role), cluster.MEMBER.sample(1, "b:1", "primary")]
    ids = {
        finding.id for finding in found(observed(*own, *members[: 1 + acts], acting_role.ACTING_PRIMARY.sample(acts)))
    }
    assert "NundbRoleNotActed" in ids


def test_a_lost_link_is_a_finding() -> None:
    """The node lists the member and cannot reach it."""
    samples = primary(cluster.MEMBER.sample(1, "b:1", "secondary"), cluster.CONNECTED.sample(0, "b:1"))
    (finding,) = found(observed(*samples))
    assert (finding.id, finding.member) == ("NundbLinkDown", "b:1")


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
    stuck = (
        "The replication of 1 snapshot of http://a:3013 has not ended, and later ones may not reach the replicas: "
        "b:1 has not acknowledged it."
    )
    assert sentences(await scraped(said("4", members, listing=listing))) == [
        "http://a:3013 has no link to b:1, which it lists.",
        "b:1 has not acknowledged 1 operation of http://a:3013 for more than a minute.",
        "http://a:3013 keeps 1 operation that gone:1 will never acknowledge: it has left the cluster.",
        stuck,
    ]


async def test_snapshots_that_overlapped_are_told_from_one_that_a_replica_has_not_acknowledged() -> None:
    """The node lists every replica as having acknowledged, and keeps the entry."""
    listing = (
        'pending-ops message: "replicate-snapshot shop false", opp_id: 0, ack_count: 2, replicate_count: 4, '
        "replications: , b:1:true, c:1:true"
    )
    (sentence,) = sentences(await scraped(said("1", TWO, listing=listing)))
    assert sentence.endswith("every replica has acknowledged it, so it has overlapped another one.")


@pytest.mark.parametrize(("count", "ids"), [(BACKLOG, set()), (BACKLOG + 1, {"NundbPendingBacklog"})])
def test_a_backlog_is_a_finding_although_it_is_not_listed(count: int, ids: set[str]) -> None:
    """Any number above the threshold: nothing else about them is known."""
    report = judge(
        [observed(*primary(replication.PENDING.sample(count)), options=Options(max_pending_operations=9999))]
    )
    assert {finding.id for finding in report.findings} == ids
    assert report.healthy is not bool(ids)


def test_too_many_pending_operations_to_list_by_member_are_information() -> None:
    """Where the limit is set lower than the backlog's threshold."""
    report = judge([observed(*primary(replication.PENDING.sample(11)), options=Options(max_pending_operations=10))])
    (finding,) = report.findings
    assert (finding.id, finding.severity) == ("NundbPendingNotListed", "info")
    assert "11 operations" in finding.sentence
    assert report.healthy


def test_unresolved_conflicts_are_a_finding_and_resolved_ones_are_not() -> None:
    """However many are kept: only the unresolved ones wait for somebody."""
    states = (("unresolved", 2), ("resolved", 5))
    (finding,) = found(observed(*primary(*(conflicts.COUNT.sample(count, "desk", state) for state, count in states))))
    assert (finding.id, finding.database) == ("NundbConflictsUnresolved", "desk")
    assert "2 unresolved conflicts" in finding.sentence


async def test_a_recorded_conflict_is_a_finding() -> None:
    """Of a real node."""
    (finding,) = found(await scraped(list(recordings.answers("exporter-http"))[-1]))
    assert (finding.id, finding.database) == ("NundbConflictsUnresolved", "desk")


@pytest.mark.parametrize(("share", "ids"), [(OVER, []), (OVER + 0.01, ["NundbOplogOverLimit"])])
def test_an_operation_log_that_is_not_pruned_is_a_finding(share: float, ids: list[str]) -> None:
    """Well over its limit."""
    samples = primary(oplog.SIZE.sample(share * LIMIT_BYTES))
    assert [finding.id for finding in found(observed(*samples))] == ids


@pytest.mark.parametrize(("ahead", "ids"), [(4, []), (6, ["NundbClocksApart"])])
def test_a_clock_that_is_ahead_is_a_finding(ahead: float, ids: list[str]) -> None:
    """A start in the future is the sign of it."""
    assert [each.id for each in found(observed(*primary(process.START_TIME.sample(NOW + ahead))))] == ids


@pytest.mark.parametrize(
    ("offset", "differ"), [(5.5, "the node's is 5 s ahead."), (-30.5, "the node's is 30 s behind.")]
)
def test_a_clock_that_differs_either_way_is_a_finding(offset: float, differ: str) -> None:
    """Where the transport carries the node's time."""
    (finding,) = found(observed(*primary(process.CLOCK_OFFSET.sample(offset))))
    assert (finding.id, finding.sentence.rpartition(": ")[2]) == ("NundbClocksApart", differ)


def test_clocks_that_nearly_agree_are_no_finding() -> None:
    """To within a few seconds."""
    assert not found(observed(*primary(process.CLOCK_OFFSET.sample(-4.5))))


def test_an_operation_of_the_future_shows_a_clock_too() -> None:
    """Operation ids are the node's time."""
    debts = (pending.UNACKNOWLEDGED.sample(1, "b:1"), pending.OLDEST.sample(NOW + 60, "b:1"))
    member = (cluster.MEMBER.sample(1, "b:1", "secondary"), cluster.CONNECTED.sample(1, "b:1"))
    (finding,) = found(observed(*primary(*member, *debts)))
    assert finding.id == "NundbClocksApart"
    assert finding.sentence.endswith("an operation that it made is 1 min in the future.")


@pytest.mark.parametrize(("seconds", "ids"), [(7.9, []), (8.1, ["NundbScrapeSlow"])])
def test_a_scrape_close_to_its_timeout_is_a_finding(seconds: float, ids: list[str]) -> None:
    """A little slower, and values are missing."""
    assert [each.id for each in found(observed(*primary(), seconds=seconds, allowed=10))] == ids


async def test_a_node_that_has_elected_nobody_is_told() -> None:
    """It lists nobody, not even itself."""
    report = await scraped(said("0", ""))
    assert (report.role, report.members) == ("starting_up", ())
    assert sentences(report) == [
        "No node of the cluster is primary: http://a:3013 has neither elected one nor joined one."
    ]


async def test_a_node_that_has_just_started_may_not_have_elected_anybody_yet() -> None:
    """An election takes a second after the start."""
    assert found(await scraped(said("0", ""), now=1795400326)) == []


@pytest.mark.parametrize(
    ("members", "finding"),
    [
        (
            " a:1(self):Secoundary , b:1(Connected):Secoundary,",  # sic
            "No node of the cluster is primary: http://a:3013 lists none.",
        ),
        (
            f"{ALONE} b:1(Connected):Primary,",
            "2 nodes of the cluster are listed as primary: a:1 (by http://a:3013) and b:1 (by http://a:3013).",
        ),
    ],
)
async def test_a_view_without_one_primary_is_wrong(members: str, finding: str) -> None:
    """None, or two."""
    assert sentences(await scraped(said("0", members))) == [finding]


def test_what_an_old_node_does_not_tell_is_said() -> None:
    """Silence would look like health."""
    report = judge([observed(cluster.MEMBER.sample(1, "a:1", "primary"))])
    (finding,) = report.findings
    assert (finding.id, finding.severity) == ("NundbNotJudged", "info")
    assert report.healthy


async def test_commands_that_a_node_does_not_know_are_told_with_what_is_missing() -> None:
    """A server of 2022 has neither its start nor the list of its databases."""
    answers = said("0", TWO)
    answers.node[LIST_DBS] = answers.node[PROCESS_INFO] = Reply(error="unknown command: debug")
    report = judge([await scraped(answers)])
    assert report.healthy
    assert [finding.sentence for finding in report.findings] == [
        "The list of databases of http://a:3013 could not be judged: this Nun-db does not know `debug list-dbs`.",
        "The start time of http://a:3013 could not be judged: this Nun-db does not know `debug process-info`.",
    ]


def test_shares_of_pending_operations_that_are_not_asked_for_are_told() -> None:
    """Only where there are any."""
    report = observed(*primary(replication.PENDING.sample(1)))
    without = replace(report, collectors=tuple(each for each in report.collectors if each.name != "pending"))
    (finding,) = found(without)
    assert finding.sentence.endswith("could not be judged: the collector pending is switched off.")


def test_findings_are_sorted_by_severity() -> None:
    """The worst first."""
    samples = primary(replication.PENDING.sample(BACKLOG + 1), transports.UP.sample(0, "tcp"), *owed(1, "z:1", NOW - 1))
    severities = [finding.severity for finding in found(observed(*samples))]
    assert severities == ["critical", "warning", "warning", "info"]


def test_names_in_a_sentence_can_be_seen() -> None:
    """A member's name must not command a terminal, nor turn a line around."""
    (finding,) = found(observed(*primary(*owed(1, "\u202ea\x1b[2J", NOW - 1))))
    assert r"\u202ea\x1b[2J" in finding.sentence
    assert finding.member == "\u202ea\x1b[2J"


def test_a_headline_counts_problems() -> None:
    """Not what is only for information."""
    lost = primary(replication.PENDING.sample(BACKLOG + 1))
    assert judge([observed(*lost)]).headline == "Up, 1 problem"


def test_every_problem_has_an_entry_in_the_runbook() -> None:
    """The same name for the finding, the alert and the entry."""
    for problem in PROBLEMS:
        assert problem.runbook_url.endswith(f"/runbook.md#{problem.name.lower()}")


@pytest.mark.parametrize(
    ("last_line", "heartbeat", "names"),
    [
        (NOW, NOW - SILENT_SECONDS, set()),
        (NOW, NOW - SILENT_SECONDS - 1, {"NundbSnapshotThreadDead"}),
        (NOW - SILENT_SECONDS - 1, NOW - SILENT_SECONDS - 301, {"NundbLogSilent"}),
    ],
)
def test_the_log_tells_a_dead_thread_from_its_own_silence(last_line: float, heartbeat: float, names: set[str]) -> None:
    """Where other lines follow the thread's last one, the thread is dead; else nothing is known but the silence."""
    report = judge([observed(log.LAST_LINE.sample(last_line), log.HEARTBEAT.sample(heartbeat))])
    assert {finding.id for finding in report.findings} & {"NundbSnapshotThreadDead", "NundbLogSilent"} == names


def test_a_node_that_is_down_is_not_blamed_for_a_silent_log() -> None:
    """It cannot write one."""
    report = judge([observed(log.LAST_LINE.sample(0), error=TargetError(Reason.CONNECT, "no luck"))])
    assert {finding.id for finding in report.findings} == {"NundbDown"}
