"""From command lines to commands."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_devserver.commands.command import Command, ParseError
from nundb_devserver.commands.parse import WORDS as VERBS
from nundb_devserver.commands.parse import parse as parse_with
from nundb_devserver.commands.parse import vocabulary_of
from nundb_devserver.commands.verbs import VERBS as CLASSES
from nundb_devserver.commands.verbs.conflicts import Arbiter
from nundb_devserver.commands.verbs.data import Get, Increment, Remove, Set, SetSafe
from nundb_devserver.commands.verbs.databases import UseDb
from nundb_devserver.commands.verbs.elections import ElectionCandidate
from nundb_devserver.commands.verbs.membership import Join, Leave
from nundb_devserver.commands.verbs.monitoring import ClusterState
from nundb_devserver.commands.verbs.replication import Replicate, ReplicateRequest
from nundb_devserver.numbers import parse_i32, parse_unsigned
from nundb_devserver.outcome import Panic
from nundb_devserver.releases import CURRENT, RELEASES

WORDS = st.text(st.characters(exclude_characters=" \n;", exclude_categories=["Cs"]), min_size=1, max_size=8)


TODAYS = vocabulary_of(RELEASES[CURRENT])


def parse(text: str) -> Command:
    """Read a command as today's server does."""
    return parse_with(text, TODAYS)


def test_there_are_38_verbs() -> None:
    """As many as list-commands names, no word twice."""
    assert len(VERBS) == 38 == sum(len(verb.words) for verb in CLASSES)


@pytest.mark.parametrize(
    ("one", "other"),
    [(Get("k"), Remove("k")), (Arbiter(), ClusterState()), (Join("a"), Leave("a")), (Set("k", "v"), SetSafe("k", "v"))],
)
def test_commands_of_different_verbs_are_never_equal(one: Command, other: Command) -> None:
    """Whatever their arguments are: what is parsed is compared in these tests."""
    assert one != other


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("", "empty command"),
        (" get a", "empty command"),
        ("\n", "empty command"),
        ("bogus x y", "unknown command: bogus"),
        ("GET a", "unknown command: GET"),
        ("use-db shop", "set-safe must be followed by a version and key"),
        ("resolve 1 db", "key must be provided"),
        ("resolve 1 db key 1", "set-safe must be followed by a key"),
        ("rp 1", "Invalid replication request str"),
        ("ack 18446744073709551616 x", "Invalid request Id"),
        ("replicate-since a -1", "replicate-since start_at must be a u64"),
    ],
)
def test_a_line_that_is_no_command_is_told_so_in_the_servers_words(line: str, complaint: str) -> None:
    """The misspellings and the mistaken verbs are the server's own."""
    with pytest.raises(ParseError) as caught:
        parse(line)
    assert str(caught.value) == complaint


def test_newlines_and_semicolons_fall_off_the_ends_of_a_line() -> None:
    """Newlines at both ends, then semicolons at the end; what is inside stays, but for newlines in values."""
    assert parse("\nset k a;b;;\n") == Set("k", "a;b", -1)
    assert parse("set k a\nb") == Set("k", "ab", -1)
    assert parse("set k v\r\n") == Set("k", "v\r", -1)


def test_a_second_space_makes_an_empty_argument() -> None:
    """The line is cut at single spaces."""
    assert parse("use-db  t tok") == UseDb("", "tok", "t")
    assert parse("use-db t tok ") == UseDb("t", "", "tok")


def test_numbers_that_cannot_be_read_have_their_defaults() -> None:
    """A version -1, a step of 1."""
    assert parse("set-safe k x v") == SetSafe("k", "v", -1)
    assert parse("increment k x") == Increment("k", 1)
    assert parse("increment k -7") == Increment("k", -7)
    assert parse("replicate db key value") == Replicate("db", "key", "", -1)


def test_a_candidate_that_is_no_number_ends_the_thread() -> None:
    """The original unwraps what it could not read."""
    assert parse("election candidate 5") == ElectionCandidate(5, "no-server")
    with pytest.raises(Panic):
        parse("election candidate five")


@given(st.integers(0, 2**64 - 1), WORDS, WORDS)
def test_a_request_for_an_acknowledgement_holds_a_whole_line(number: int, verb: str, rest: str) -> None:
    """Whatever the line is, it is not looked at yet."""
    assert parse(f"rp {number} {verb} {rest}") == ReplicateRequest(number, f"{verb} {rest}")


@given(st.text() | st.builds("{} {}".format, st.sampled_from(VERBS), st.text()))
def test_every_text_is_a_command_or_a_complaint(text: str) -> None:
    """Nothing else comes of it, but for the one input that ends a thread."""
    with suppress(ParseError, Panic):
        assert isinstance(parse(text), Command)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        ("+5", 5),
        ("-0", 0),
        ("007", 7),
        ("-2147483648", -(2**31)),
        ("2147483648", None),
        ("", None),
        ("-", None),
        ("1_000", None),
        ("٣", None),
        ("9" * 5000, None),
    ],
)
def test_an_i32_is_read_as_rust_reads_it(text: str, number: int | None) -> None:
    """A sign, ASCII digits, 32 bits: nothing more."""
    assert parse_i32(text) == number


def test_an_unsigned_number_may_have_a_plus() -> None:
    """But no minus, and only so many bits."""
    assert parse_unsigned("+7", 64) == 7
    assert parse_unsigned("-7", 64) is None
    assert parse_unsigned(str(2**64), 64) is None
    assert parse_unsigned(str(2**128 - 1), 128) == 2**128 - 1
