"""What the replies mean: lists and counts, every recording, and garbage."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.errors import ProtocolError
from nundb_exporter.protocol import fields
from nundb_exporter.protocol.pending import pending_summary

from .printed import RECORDED, texts, without_spaces

READERS: dict[str, Callable[[str], object]] = {
    "metrics-state ": fields.metrics_state,
    "cluster-state ": fields.cluster_state,
    "process-info ": fields.process_start,
    "dbs-list ": fields.databases,
    "pending-ops ": pending_summary,
    "keys ": fields.key_names,
    "keys ,$conflicts_": fields.conflict_keys,
    "value-version ": fields.versioned_count,
}
"""Every reader, by what its replies begin with."""


def test_the_process_start_is_in_seconds() -> None:
    """The server says milliseconds since the epoch."""
    assert fields.process_start("process-info \nprocess_id: 1795400324150") == 1795400324.15


@pytest.mark.parametrize("text", ["process-info ", "process-info \nprocess_id: ", "process-info \nprocess_id: x"])
def test_a_process_start_that_is_no_number_is_refused(text: str) -> None:
    """There is no other field to read it from."""
    with pytest.raises(ProtocolError, match="process_id: not a whole number"):
        fields.process_start(text)


DATABASES = st.lists(st.tuples(without_spaces(), st.sampled_from(["none", "newer", "arbiter"])), max_size=6)


@given(databases=DATABASES)
def test_databases_read_back_what_the_server_printed(databases: list[tuple[str, str]]) -> None:
    """Names may be empty and hold newlines, semicolons and every separator of Unicode; they come out sorted."""
    text = "dbs-list \n" + "\n".join(f"{name} : {strategy}" for name, strategy in databases)
    assert fields.databases(text) == tuple(sorted(databases))


@pytest.mark.parametrize("text", ["dbs-list \nshop", "dbs-list \nshop : none\nchat", "dbs-list \nshop : "])
def test_what_is_no_database_is_refused(text: str) -> None:
    """A list that is understood in part is not given in part."""
    with pytest.raises(ProtocolError, match="dbs-list: a line is not"):
        fields.databases(text)


@given(names=st.lists(without_spaces().map(lambda name: name.replace(",", ".")), max_size=6))
def test_keys_read_back_what_the_server_printed(names: list[str]) -> None:
    """Each name follows a comma; an empty name counts."""
    assert fields.key_names("keys " + "".join(f",{name}" for name in names)) == names


@given(names=st.lists(without_spaces().map(lambda name: f"$conflicts_{name}_17"), max_size=6))
def test_conflict_keys_may_hold_commas(names: list[str]) -> None:
    """They all begin alike, so a comma in a name is no border."""
    assert fields.conflict_keys("keys " + "".join(f",{name}" for name in names)) == names


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("value-version 4 1", 1),
        ("value-version 1 <Empty>", 0),
        ("value-version -2 18446744073709551615", 18446744073709551615),
    ],
)
def test_a_versioned_count_reads(text: str, count: int) -> None:
    """The counter of connections: an absent key is 0, and an underflow of the server is told as it is."""
    assert fields.versioned_count(text) == count


@pytest.mark.parametrize(
    "text",
    [
        "value-version ",
        "value-version x 1",
        "value-version 1",
        "value-version 1 many",
        "value-version 1 -3",
        "value-version 1 1 1",
    ],
)
def test_a_versioned_count_that_is_none_is_refused(text: str) -> None:
    """Anybody may write to `$connections`."""
    with pytest.raises(ProtocolError):
        fields.versioned_count(text)


@pytest.mark.parametrize(
    "prefix", ["metrics-state ", "cluster-state ", "process-info ", "dbs-list ", "pending-ops ", "keys "]
)
def test_every_recorded_reply_reads(prefix: str) -> None:
    """Not one reply of the real server is refused."""
    recorded = texts(prefix)
    assert len(recorded) > 15
    for text in recorded:
        READERS[prefix](text)


@given(
    index=st.integers(0),
    position=st.integers(0, 400),
    length=st.integers(0, 30),
    junk=st.one_of(st.text(max_size=6), st.sampled_from(["9" * 30, "\n", ": ", "٣", "NaN", "1e999", "\x85"])),
)
def test_a_reply_that_is_damaged_reads_or_is_a_protocol_error(
    index: int, position: int, length: int, junk: str
) -> None:
    """Every reader takes every reply, damaged anywhere, and raises nothing else."""
    text = RECORDED[index % len(RECORDED)]
    damaged = text[:position] + junk + text[position + length :]
    for read in READERS.values():
        try:
            read(damaged)
        except ProtocolError:
            continue


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (fields.key_names, "keys a,b"),
        (fields.conflict_keys, "keys a,$conflicts_b_1"),
        (fields.conflict_keys, "keys $conflicts_a_1,$conflicts_b_1"),
        (fields.conflict_keys, "keys ,a"),
    ],
)
def test_a_list_of_keys_that_begins_otherwise_is_refused(read: Callable[[str], object], text: str) -> None:
    """Its first name would be lost, and the count be one too few."""
    with pytest.raises(ProtocolError, match="keys: the list does not begin with a comma"):
        read(text)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        " ",
        "1",
        "\n",
        "a:",
        "a:Primary",
        " a:Primary,",
        " : none\n",
        '", opp_id: 1',
        'message: "',
        ", x:true",
        ",$conflicts_",
        "a: ",
    ],
)
@pytest.mark.parametrize("prefix", READERS)
def test_no_text_takes_long_to_read(prefix: str, piece: str) -> None:
    """Readers are linear: 200,000 characters of anything are read or refused here, where a square would take hours."""
    text = prefix + piece * (200_000 // len(piece))
    try:
        found = READERS[prefix](text)
    except ProtocolError:
        return
    assert found is not None
