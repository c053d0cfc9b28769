"""Records of the operation log: in pieces, cut off anywhere, and what they say together."""

from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.files.oplog import RECORD_BYTES, History, Record, read

from .writing import BEGIN, SECOND, SNAPSHOT, UPDATE, Operation, log

operations = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 300), st.integers(0, 3)), min_size=1, max_size=40)


def records(made: list[Operation], first: int = 0) -> list[Record]:
    """What such a log holds."""
    return [Record(BEGIN + (first + moment) * SECOND, *operation) for moment, operation in enumerate(made)]


@given(made=operations)
def test_every_record_is_read(made: list[Operation]) -> None:
    """With nothing lost."""
    assert read(log(made), is_end=True) == (records(made), 0, 0)


@given(made=operations, at=st.integers(0, RECORD_BYTES - 1))
def test_a_record_that_is_not_whole_is_left_for_later(made: list[Operation], at: int) -> None:
    """It may be written just now, or be cut off by a crash."""
    torn = log(made)[: (len(made) - 1) * RECORD_BYTES + at]
    assert read(torn, is_end=True) == (records(made[:-1]), 0, at)


@given(before=operations, after=operations, at=st.integers(1, RECORD_BYTES - 1))
def test_the_way_back_is_found_behind_a_record_that_was_cut_off(
    before: list[Operation], after: list[Operation], at: int
) -> None:
    """Nun-db writes on behind it, out of step."""
    torn = log(before) + log([(7, 1, UPDATE)])[:at] + log(after, first=len(before))
    found = read(torn, is_end=True)
    assert found.records == records([*before, *after])
    assert found.lost == at


@given(data=st.binary(max_size=400))
def test_anything_can_be_read(data: bytes) -> None:
    """Every byte is in a record, lost, or left."""
    found = read(data, is_end=True)
    assert len(found.records) * RECORD_BYTES + found.lost + found.rest == len(data)
    assert found.rest < RECORD_BYTES


def history(made: list[Operation]) -> History:
    """What they say together."""
    found = History()
    found.take(records(made))
    return found


@given(made=operations, database=st.integers(0, 300), saved=st.integers(-1, 45))
def test_changes_after_a_snapshot_are_counted(made: list[Operation], database: int, saved: int) -> None:
    """Whether the snapshot was known before the changes or not."""
    expected = sum(moment > saved for moment, (_, owner, kind) in enumerate(made) if owner == database and kind <= 1)
    time = BEGIN + saved * SECOND
    late = history(made)
    late.save({database: time})
    early = History()
    early.save({database: time})
    early.take(records(made))
    assert late.changes_after(database, time) == early.changes_after(database, time) == expected


def test_a_snapshot_is_asked_for_until_one_is_done() -> None:
    """The first one that is not done tells since when."""
    found = history([(2, 1, SNAPSHOT), (0, 1, UPDATE), (2, 1, SNAPSHOT), (2, 1, SNAPSHOT)])
    assert found.snapshot_asked_after(1, None) == BEGIN
    found.save({1: BEGIN + SECOND})
    assert found.snapshot_asked_after(1, BEGIN + SECOND) == BEGIN + 2 * SECOND
    found.save({1: BEGIN + 3 * SECOND})
    assert found.snapshot_asked_after(1, BEGIN + 3 * SECOND) is None


def test_the_record_at_a_rotation_counts_once() -> None:
    """It ends one file and begins the next."""
    found = history([(0, 1, UPDATE)])
    found.take(records([(0, 1, UPDATE)]))
    assert found.changes_after(1, None) == 1


def test_very_many_changes_are_counted_and_not_kept() -> None:
    """The memory does not grow with them; only how many there are is still exact."""
    found = History()
    times = range(BEGIN, BEGIN + 600_000)
    found.take(Record(time, 0, 1, UPDATE) for time in times)
    assert found.changes_after(1, None) == 600_000
    found.save({1: BEGIN + 600_000})
    assert found.changes_after(1, BEGIN + 600_000) == 0
