"""Files of keys: in pieces, cut off anywhere, damaged, and never kept."""

import struct
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.files.keys import KeyMap, KeyMapWalk, Keys, KeysWalk

from .writing import database_files, key_entry, key_map, text, value_entry

stored = st.dictionaries(st.text(min_size=1, max_size=9).map(str.encode), st.binary(max_size=9), max_size=9).map(
    lambda values: {b"$$token": b"t", **values}
)


def walked(keys: bytes, values_size: int | None, *cuts: int) -> Keys:
    """Read a file in pieces."""
    walk = KeysWalk(len(keys), values_size)
    ends = [*sorted({min(cut, len(keys)) for cut in cuts}), len(keys)]
    begin = 0
    for end in ends:
        walk.feed(keys[begin:end])
        begin = end
    return walk.end()


def mapped(data: bytes, *cuts: int) -> KeyMap:
    """Read a key map in pieces."""
    walk = KeyMapWalk(len(data))
    begin = 0
    for end in [*sorted({min(cut, len(data)) for cut in cuts}), len(data)]:
        walk.feed(data[begin:end])
        begin = end
    return walk.end()


cuts = st.lists(st.integers(0, 400), max_size=5)


@given(values=stored, pieces=cuts)
def test_a_whole_file_has_no_damage(values: dict[bytes, bytes], pieces: list[int]) -> None:
    """Whatever the pieces."""
    keys, written = database_files(values)
    found = walked(keys, len(written), *pieces)
    assert (found.damage, found.has_token) == (None, True)
    assert found.last_value == len(written) - len(value_entry(list(values.values())[-1]))


def test_what_is_behind_damage_is_not_kept() -> None:
    """A damaged file of a gigabyte takes no more memory than another one."""
    piece = b"\xff" * 2**20
    walk = KeysWalk(2**40, 0)
    tracemalloc.start()
    try:
        for _ in range(32):
            walk.feed(piece)
        assert tracemalloc.get_traced_memory()[0] < 4 * len(piece)
    finally:
        tracemalloc.stop()
    assert walk.end().damage == "the key at byte 0 reaches beyond the end of the file"


@given(values=stored, data=st.data())
def test_a_file_cut_within_a_key_is_damaged(values: dict[bytes, bytes], data: st.DataObject) -> None:
    """At any byte of it."""
    keys, written = database_files(values)
    ends = {0}
    for key in values:
        ends.add(max(ends) + len(key_entry(key, 0)))
    at = data.draw(st.integers(1, len(keys) - 1).filter(lambda at: at not in ends))
    assert walked(keys[:at], len(written)).damage is not None


@given(values=stored, missing=st.integers(1, 12))
def test_values_that_are_cut_off_leave_a_key_without_one(values: dict[bytes, bytes], missing: int) -> None:
    """At least the frame of the last value is missing."""
    keys, written = database_files(values)
    frame = len(written) - len(list(values.values())[-1])
    damage = walked(keys, frame - missing).damage
    assert damage is not None
    assert "points beyond the end of the values" in damage


@given(data=st.binary(max_size=200), values_size=st.integers(0, 200), pieces=cuts)
def test_anything_can_be_walked(data: bytes, values_size: int, pieces: list[int]) -> None:
    """And its pieces do not matter; neither do those of a key map."""
    assert walked(data, values_size, *pieces).damage == walked(data, values_size).damage
    assert mapped(data, *pieces) == mapped(data)


def test_a_removed_key_needs_no_value() -> None:
    """Its version is -1 and its address 0."""
    assert walked(key_entry(b"$$token", 0) + key_entry(b"gone", 0, version=-1), 13).damage is None


def test_damage_is_told_by_its_place_and_without_the_key() -> None:
    """A key may be a secret."""
    good = key_entry(b"$$token", 0)
    found = walked(good + text(b"se\xffcret") + struct.pack("<iQ", 0, 0), 13)
    assert found.damage == f"the key at byte {len(good)} is not UTF-8"


@given(count=st.integers(0, 9), pieces=cuts)
def test_a_key_map_is_counted(count: int, pieces: list[int]) -> None:
    """Also where a longer one was there before: what is behind the last key is not read."""
    assert mapped(key_map(count), *pieces) == KeyMap(None, count)
    assert mapped(key_map(count) + b"left over from before", *pieces) == KeyMap(None, count)


@given(count=st.integers(1, 9), data=st.data())
def test_a_key_map_that_is_cut_off_is_damaged(count: int, data: st.DataObject) -> None:
    """A start with it ends with code 101."""
    whole = key_map(count)
    assert mapped(whole[: data.draw(st.integers(0, len(whole) - 1))]).damage is not None


@given(zeros=st.integers(0, 100))
def test_a_file_of_zeros_has_no_token(zeros: int) -> None:
    """Its keys are empty ones: a crash has left the space without the data."""
    assert not walked(bytes(zeros), 100).has_token
