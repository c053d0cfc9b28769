"""Copies of a key: which are equal, which have lost their first word, and how they are counted."""

from nundb_exporter.compare.result import (
    Copies,
    Copy,
    DatabaseResult,
    Fingerprints,
    Tally,
    difference,
    is_changing,
    is_equal,
)

FINGERPRINTS = Fingerprints(b"of this run")


def copies(*texts: str | None) -> Copies:
    """Return what nodes named n0, n1, … hold."""
    return {f"n{number}": None if text is None else FINGERPRINTS.of(text) for number, text in enumerate(texts)}


def test_a_fingerprint_is_of_its_run() -> None:
    """Who knows a value cannot look for it in another run's fingerprints."""
    assert FINGERPRINTS.of("1") == Fingerprints(b"of this run").of("1")
    assert FINGERPRINTS.of("1") != Fingerprints(b"of another").of("1")


def test_copies_are_equal_where_all_hold_the_same_or_none_holds_any() -> None:
    """One that is missing differs from one that is empty."""
    assert is_equal(copies("a b", "a b", "a b"))
    assert is_equal(copies(None, None))
    assert not is_equal(copies("", None))
    assert not is_equal(copies("a b", "a c"))


def test_what_a_damaged_sync_leaves_is_recognised() -> None:
    """A value without its first word, twice damaged as well, and nothing of a single word."""
    assert difference("k", copies("one two three", "two three", "three")).copies == {
        "n0": Copy("a", lacks_first_word=False),
        "n1": Copy("b", lacks_first_word=True),
        "n2": Copy("c", lacks_first_word=True),
    }
    assert difference("k", copies("one", "")).copies["n1"] == Copy("b", lacks_first_word=True)
    assert difference("k", copies("one two", "two one")).copies["n1"] == Copy("b", lacks_first_word=False)


def test_more_values_than_letters_have_names_too() -> None:
    """After `z` comes `a1`."""
    found = difference("k", copies(*(f"x {number}" for number in range(28))))
    assert [found.copies[f"n{number}"].letter for number in (0, 25, 26, 27)] == ["a", "z", "a1", "b1"]


def test_a_key_changes_only_where_every_node_writes_it_anew() -> None:
    """A replica that no write reaches keeps what it has, and differs."""
    assert is_changing(copies("1", "2"), copies("3", "4"))
    assert not is_changing(copies("1", "2"), copies("3", "2"))
    assert not is_changing(copies("1", None), copies("3", None))


def test_differences_are_counted_against_one_node() -> None:
    """Each copy once: missing, without its first word, or another value."""
    result = DatabaseResult(
        name="shop",
        differences=tuple(
            difference(f"k{number}", each)
            for number, each in enumerate(
                (copies("a b", None), copies("a b", "b"), copies("a b", "c"), copies("a b", "a b", "c"))
            )
        ),
    )
    assert result.tally("n0", "n0") == Tally()
    assert result.tally("n1", "n0") == Tally(missing=1, without_first_word=1, other=1)
    assert result.tally("n2", "n0") == Tally(other=1)
    assert not result.is_equal
