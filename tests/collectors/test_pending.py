"""What the collector of pending operations makes of lists that no recording holds."""

from dataclasses import replace

import pytest

from nundb_exporter.collectors import (
    pending,
)
from nundb_exporter.metrics import Answers
from nundb_exporter.protocol.commands import (
    CLUSTER_STATE,
    METRICS_STATE,
    PENDING_OPS,
)
from nundb_exporter.protocol.replies import Reply

from .reading import FIVE, Read, node, read


def listing(*entries: str) -> str:
    """Return a pending list."""
    return "pending-ops " + "\n".join(entries)


def entry(message: str, op_id: int, replications: str) -> str:
    """Return a line of it."""
    return f'message: "{message}", opp_id: {op_id}, ack_count: 0, replicate_count: 1, replications: {replications}'


def nothing_overdue(*members: str) -> Read:
    """Return what is read where each member owes nothing for long."""
    return {(pending.OVERDUE, (member, about)): 0 for member in members for about in pending.ABOUT}


CLUSTER = "cluster-state  me:1(self):Primary , a:1(Connected):Secoundary, b:1(Connected):Secoundary,"  # sic


def owing(count: int, text: str | None, limit: int = 1000) -> Answers:
    """Return the answers of a primary with pending operations; None where the list was not asked for."""
    answers = node({METRICS_STATE: f"metrics-state pending_ops: {count}, {FIVE}", CLUSTER_STATE: CLUSTER}, limit)
    if text is not None:
        answers.node[PENDING_OPS] = Reply(text)
    return answers


@pytest.mark.parametrize(
    ("count", "limit", "is_asked"),
    [(0, 1000, False), (1, 1000, True), (1000, 1000, True), (1001, 1000, False), (1, 0, False)],
)
def test_the_list_is_asked_for_while_it_is_neither_empty_nor_too_long(
    count: int, limit: int, *, is_asked: bool
) -> None:
    """The node copies every value into the list and into its log: nothing is asked for in vain."""
    assert list(pending.COLLECTOR.follow_up(owing(count, None, limit))) == [PENDING_OPS] * is_asked


def test_members_that_owe_nothing_are_known_to_owe_nothing() -> None:
    """With nothing pending no list is needed: each other member owes 0, the node itself is none."""
    assert read(pending.COLLECTOR, owing(0, None)) == {
        (pending.STUCK, ()): 0,
        (pending.UNACKNOWLEDGED, ("a:1",)): 0,
        (pending.UNACKNOWLEDGED, ("b:1",)): 0,
        **nothing_overdue("a:1", "b:1"),
    }


def overdue(text: str, now: float, offset: float | None = None) -> dict[str, list[float]]:
    """Return what each member owes too long: about data, about the cluster, and the time of the newest if any."""
    answers = replace(owing(1, text), asked_at=now, clock_offset=offset)
    found = read(pending.COLLECTOR, answers)
    return {
        member: [
            *(found[pending.OVERDUE, (member, about)] for about in pending.ABOUT),
            *(value for key, value in found.items() if key == (pending.NEWEST_OVERDUE, (member,))),
        ]
        for member in dict.fromkeys(labels[0] for family, labels in found if family is pending.OVERDUE)
    }


def test_what_is_late_is_told_from_what_is_on_its_way() -> None:
    """After a minute an operation is overdue; the newest of them tells whether the member could still answer."""
    text = listing(
        *(entry("replicate shop a -1 x", second * 10**9, ", a:1:true, b:1:false") for second in (100, 139, 141, 199)),
        entry("set-primary me:1", 120 * 10**9, ", a:1:false, b:1:false"),
        entry("replicate-snapshot shop false", 0, ", a:1:false, b:1:false"),
    )
    assert overdue(text, 200) == {"a:1": [0, 1, 120], "b:1": [2, 1, 139]}


def test_what_a_member_owes_that_is_no_longer_listed_is_overdue_at_once() -> None:
    """It will never acknowledge anything."""
    text = listing(entry("replicate shop a -1 x", 199 * 10**9, ", a:1:false, gone:1:false"))
    assert overdue(text, 200) == {"a:1": [0, 0], "b:1": [0, 0], "gone:1": [1, 0, 199]}


@pytest.mark.parametrize(("offset", "count"), [(None, 0), (30.0, 1), (-3600.0, 0)])
def test_operations_are_as_old_as_the_clock_says_that_dates_them(offset: float | None, count: int) -> None:
    """A node's clock may be wrong, and over HTTP it is known by how much."""
    text = listing(entry("replicate shop a -1 x", 150 * 10**9, ", a:1:false"))
    assert overdue(text, 200, offset)["a:1"][0] == count


def test_too_long_a_list_leaves_its_numbers_absent() -> None:
    """What was not asked for is not 0."""
    assert read(pending.COLLECTOR, owing(1001, None)) == {}


def test_a_list_that_the_server_does_not_know_leaves_its_numbers_absent() -> None:
    """Servers before 2022-01 take the question in silence."""
    answers = owing(3, None)
    answers.node[PENDING_OPS] = Reply()
    assert read(pending.COLLECTOR, answers) == {}


def test_who_owes_what_since_when() -> None:
    """By member, one that left as well, the count and the oldest, snapshots without a time; by database and kind."""
    text = listing(
        entry("replicate shop a -1 x", 2_000_000_000, ", a:1:true, b:1:false"),
        entry("replicate shop b -1 x", 1_500_000_000, ", a:1:false, b:1:false"),
        entry("replicate-snapshot shop|chat false", 0, ", gone:1:false"),
        entry("set-primary me:1", 3_000_000_000, ", a:1:true, b:1:true"),
    )
    assert read(pending.COLLECTOR, owing(4, text)) == {
        (pending.STUCK, ()): 1,
        (pending.UNACKNOWLEDGED, ("a:1",)): 1,
        (pending.UNACKNOWLEDGED, ("b:1",)): 2,
        (pending.UNACKNOWLEDGED, ("gone:1",)): 1,
        (pending.OLDEST, ("a:1",)): 1.5,
        (pending.OLDEST, ("b:1",)): 1.5,
        **nothing_overdue("a:1", "b:1", "gone:1"),
        (pending.DATABASE, ("shop", "update")): 2,
        (pending.DATABASE, ("shop|chat", "snapshot")): 1,
        (pending.DATABASE, ("", "other")): 1,
    }


def test_who_owes_is_absent_where_the_list_does_not_tell() -> None:
    """Between 2022-01 and 2022-06 the list named no members: 0 for each would be a lie."""
    found = read(
        pending.COLLECTOR,
        owing(1, 'pending-ops message: "replicate shop a -1 x", opp_id: 5, ack_count: 0, replicate_count: 1 '),
    )
    assert found == {(pending.STUCK, ()): 0, (pending.DATABASE, ("shop", "update")): 1}


def test_beyond_fifty_databases_the_rest_is_summed() -> None:
    """The databases with most operations are shown; `other` is the sum of the rest, and of a database of that name."""
    names = [f"d{number:02}" for number in range(60)] + ["d59"] * 9 + ["other"] * 20
    text = listing(*(entry(f"replicate {name} k -1 v", 7, ", a:1:false") for name in names))
    found = read(pending.COLLECTOR, owing(89, text))
    by_database = {labels: value for (family, labels), value in found.items() if family is pending.DATABASE}
    assert sum(by_database.values()) == len(names)
    assert len(by_database) == pending.MAX_DATABASES
    assert by_database["d59", "update"] == 10
    assert by_database["other", "update"] == 20 + 11
