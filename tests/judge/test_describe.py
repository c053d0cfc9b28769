"""What a report says about a node: its numbers, and the texts that a person reads."""

import pytest

from nundb_exporter.collectors import cluster, conflicts, databases, oplog, pending, process, queries, replication
from nundb_exporter.judge import CollectorReport, describe_exporter
from nundb_exporter.metrics import Options
from tests import recordings

from .observed import NOW, TWO, observed, said, scraped


async def test_every_number_of_a_node_is_in_its_report() -> None:
    """In the units of the metrics, with dates for times."""
    report = await scraped(said("0", TWO, "dbs-list \n$admin : newer\nshop : none"))
    assert report.is_up
    assert report.failure is None
    assert report.role == "primary"
    assert report.started is not None
    assert report.started.isoformat() == "2026-11-23T02:18:44.150000+00:00"
    assert report.uptime_seconds == pytest.approx(175.85)
    assert (report.pending_operations, report.stuck_snapshots) == (0, 0)
    assert (report.oplog_bytes, report.oplog_records) == (350, 14)
    assert (report.replication_seconds, report.query_seconds) == (0.0395, 0.00025)
    assert [(each.name, each.strategy) for each in report.databases] == [("$admin", "newer"), ("shop", "none")]


async def test_members_are_reported_as_the_node_sees_them() -> None:
    """Itself without a link, the others with theirs and with what they owe."""
    own, other = (await scraped(said("0", TWO))).members
    assert (own.name, own.role, own.is_self, own.is_connected, own.unacknowledged) == (
        "a:1",
        "primary",
        True,
        None,
        None,
    )
    assert (other.name, other.role, other.is_self, other.is_connected) == ("b:1", "secondary", False, True)
    assert (other.unacknowledged, other.oldest_pending_seconds, other.has_left) == (0, None, False)


def test_a_member_that_left_is_reported_as_long_as_operations_wait_for_it() -> None:
    """It has no role and no link."""
    report = observed(pending.UNACKNOWLEDGED.sample(3, "b:1"), pending.UNACKNOWLEDGED.sample(0, "c:1"))
    (left,) = report.members
    assert (left.name, left.role, left.has_left, left.unacknowledged) == ("b:1", None, True, 3)
    assert left.texts["role"] == "left"


async def test_what_a_recorded_node_tells_of_its_databases() -> None:
    """Connections without our own, and conflicts by state."""
    report = await scraped(list(recordings.answers("exporter-http"))[-1])
    told = {each.name: (each.connections, each.unresolved_conflicts) for each in report.databases}
    assert told == {"$admin": (None, None), "chat": (0, 0), "desk": (0, 1), "shop": (0, 0)}


def test_a_database_that_is_listed_twice_is_reported_twice() -> None:
    """A page has it once, and counts the other as dropped: the report shows which."""
    report = observed(databases.INFO.sample(1, "shop", "none"), databases.INFO.sample(1, "shop", "none"))
    assert [each.name for each in report.databases] == ["shop", "shop"]


def test_a_node_that_does_not_list_its_databases_has_those_that_were_asked() -> None:
    """Before 2023-02 it cannot; their conflicts are known all the same."""
    report = observed(conflicts.COUNT.sample(2, "desk", "unresolved"))
    assert [(each.name, each.strategy, each.unresolved_conflicts) for each in report.databases] == [("desk", None, 2)]


@pytest.mark.parametrize("seconds", [1e12, 1e17, 1e300, float("inf"), float("nan")])
def test_a_start_that_no_calendar_has_is_left_out(seconds: float) -> None:
    """A node may send any number; the report stands all the same."""
    report = observed(process.START_TIME.sample(seconds))
    assert report.started is None
    assert report.uptime_seconds is None


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e300])
def test_a_number_beyond_all_bounds_is_unknown(value: float) -> None:
    """A report is JSON, which has no infinity."""
    report = observed(oplog.SIZE.sample(value), replication.DURATION.sample(value), replication.PENDING.sample(value))
    assert (report.oplog_bytes, report.replication_seconds, report.pending_operations) == (None, None, None)


@pytest.mark.parametrize("value", [2.0**63, 2.0**64])
def test_the_largest_numbers_that_nun_db_can_send_are_known(value: float) -> None:
    """A counter that went below zero is such a number: its alert fires, so the report must not be silent about it."""
    assert observed(replication.PENDING.sample(value)).pending_operations == int(value)


def test_texts_are_numbers_as_people_write_them() -> None:
    """Moving averages come near to zero without reaching it."""
    texts = observed(
        replication.PENDING.sample(12345),
        oplog.SIZE.sample(1.25 * 2**20),
        replication.DURATION.sample(4.0),
        queries.DURATION.sample(7.09e-12),
    ).texts
    assert texts["pending_operations"] == "12,345"
    assert texts["oplog_bytes"] == "1.25 MiB"
    assert texts["replication_seconds"] == "4 s"
    assert texts["query_seconds"] == "0 ms"


def test_what_is_unknown_is_a_dash() -> None:
    """Never a zero."""
    texts = observed().texts
    assert {texts[name] for name in ("role", "uptime", "members", "pending_operations", "oplog_bytes")} == {"–"}  # noqa: RUF001 - an en dash


def test_nothing_invisible_is_left_in_a_name() -> None:
    """Any client may choose one, to hide it or to command a terminal."""
    (member,) = observed(cluster.MEMBER.sample(1, "a\x1b[2J\u202eb", "primary")).members
    assert member.name == "a\x1b[2J\u202eb"
    assert member.texts["name"] == r"a\x1b[2J\u202eb"


def test_collectors_are_reported_with_their_time_or_failure() -> None:
    """A collector is either well or has a reason."""
    report = observed(failures={"acting_role": "no reply"})
    assert report.collectors[-1] == CollectorReport(
        name="acting_role", seconds=0.001, failure="no reply", texts={"name": "acting role", "result": "failed"}
    )


def test_the_limit_for_listing_pending_operations_is_reported() -> None:
    """It explains what is not known."""
    assert observed(options=Options(max_pending_operations=7)).max_pending_operations == 7


def test_an_exporter_without_proc_is_described_too() -> None:
    """Where the system tells nothing, dashes stand."""
    exporter = describe_exporter((), "1.0", NOW)
    assert (exporter.memory_bytes, exporter.started, exporter.requests_rejected) == (None, None, 0)
    assert exporter.texts["files"] == "–"  # noqa: RUF001 - an en dash
