"""Pending operations in groups, as `nundb-exporter pending` lists them."""

from nundb_exporter.collectors import pending
from nundb_exporter.judge import PendingGroup, group_pending
from nundb_exporter.protocol.commands import PENDING_OPS
from nundb_exporter.protocol.pending import PendingOperation, pending_operations
from tests import recordings

from .observed import NOW


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


def test_operations_of_whom_nothing_is_told_are_grouped_too() -> None:
    """Servers of 2022-01 to 2022-06 do not tell the members."""
    groups = group_pending([operation(5)], NOW)
    assert [(g.member, g.count) for g in groups] == [("(not told)", 1)]
    assert group_pending([], NOW) == []
    assert isinstance(groups[0], PendingGroup)


def test_an_entry_that_every_member_has_acknowledged_says_so() -> None:
    """Two snapshots that overlapped share one entry, which is never complete."""
    groups = group_pending([operation(0, "snapshot", key="", b=True, c=True)], NOW)
    assert [(g.member, g.operation) for g in groups] == [("(all acknowledged)", "snapshot")]


def test_a_recorded_list_is_grouped() -> None:
    """Every pending operation of a real node, as often as members owe it."""
    steps = [answers for answers in recordings.answers("cluster-pending") if PENDING_OPS in answers.node]
    longest = max(steps, key=lambda answers: len(answers.node[PENDING_OPS].text or ""))
    owed = [sample.value for sample in pending.COLLECTOR.parse(longest) if sample.family is pending.UNACKNOWLEDGED]
    groups = group_pending(pending_operations(longest.node[PENDING_OPS].text or ""), NOW)
    assert sum(group.count for group in groups) == sum(owed) == 40
