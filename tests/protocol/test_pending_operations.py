"""What members owe each other: a printer of our own, with hostile values."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.errors import ProtocolError
from nundb_exporter.protocol.pending import (
    PendingOperation,
    pending_operations,
    pending_summary,
)

from .printed import COUNTS, NAMES, texts, without_spaces

REPLICAS = st.dictionaries(
    NAMES.filter(lambda name: ", " not in name and not name.startswith(",")), st.booleans(), min_size=1, max_size=3
)
VALUES = st.one_of(
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=12),
    st.lists(
        st.sampled_from(
            [
                '"',
                ", opp_id: 1",
                ", ack_count: 0",
                ", replicate_count: 1",
                ", replications: , x:true",
                'message: "',
                "replicate",
                " ",
                "; ",
                "\\",
                "é😀",
            ]
        ),
        max_size=8,
    ).map("".join),
)


@st.composite
def pending(draw: st.DrawFn) -> tuple[str, PendingOperation]:
    """A message as the server replicates it (protocol notes 6.5), and what it means."""
    database, key, value = draw(without_spaces(min_size=1)), draw(without_spaces(min_size=1)), draw(VALUES)
    message, operation, owner, shown_key = draw(
        st.sampled_from(
            [
                (f"replicate {database} {key} -1 {value}", "update", database, key),
                (f"replicate-remove {database} {key}", "remove", database, key),
                (f"replicate-increment {database} {key} 3", "increment", database, key),
                (f"create-db {database} token newer", "create_db", database, ""),
                (f"replicate-snapshot {database} false", "snapshot", database, ""),
                (f"resolve 17 {database} {key} 4 {value}", "other", database, ""),
                ("set-primary 10.0.0.1:3014", "other", "", ""),
                ("election candidate 1795400324150 10.0.0.1:3014", "other", "", ""),
                ("replicate-leave 10.0.0.1:3014", "other", "", ""),
                ("replicate-join 10.0.0.1:3014", "other", "", ""),
                ("leave 10.0.0.1:3014", "other", "", ""),
            ]
        )
    )
    return message, PendingOperation(draw(COUNTS), operation, owner, shown_key, draw(REPLICAS))


def entry(message: str, operation: PendingOperation, *, tells_who: bool) -> str:
    """Print an entry of `debug pending-ops` (protocol notes 5.4)."""
    counts = f'message: "{message}", opp_id: {operation.op_id}, ack_count: 0, replicate_count: 2'
    if not tells_who:
        return f"{counts} "
    return f"{counts}, replications: " + "".join(
        f", {name}:{str(is_acknowledged).lower()}" for name, is_acknowledged in operation.acknowledged.items()
    )


@given(listed=st.lists(pending(), max_size=5))
def test_pending_operations_read_back_what_the_server_printed(listed: list[tuple[str, PendingOperation]]) -> None:
    """Values full of quotes and of the list's own words, keys and databases with newlines: nothing is confused."""
    text = "pending-ops " + "\n".join(entry(*one, tells_who=True) for one in listed)
    assert pending_operations(text) == [operation for _, operation in listed]


@given(listed=st.lists(pending(), max_size=5))
def test_pending_operations_of_2022_do_not_tell_who_owes_them(listed: list[tuple[str, PendingOperation]]) -> None:
    """Before 2022-06-08 an entry ended after the counts and a space."""
    text = "pending-ops " + "\n".join(entry(*one, tells_who=False) for one in listed)
    assert pending_operations(text) == [operation._replace(acknowledged={}) for _, operation in listed]


@given(listed=st.lists(pending(), max_size=8), tells_who=st.booleans())
def test_what_the_operations_come_to_is_counted_without_reading_each(
    listed: list[tuple[str, PendingOperation]], *, tells_who: bool
) -> None:
    """The sum of a list is the sum of its operations, each read by itself."""
    text = "pending-ops " + "\n".join(entry(*one, tells_who=tells_who) for one in listed)
    operations = pending_operations(text)
    summary = pending_summary(text)
    assert summary.counts == Counter((operation.database, operation.operation) for operation in operations)
    shares = [(share.acknowledged, op_id) for share in summary.shares for op_id in share.op_ids]
    assert sorted(shares, key=repr) == sorted(((each.acknowledged, each.op_id) for each in operations), key=repr)


def test_the_recorded_list_with_hostile_values_reads() -> None:
    """Values with `;`, quotes and `, opp_id:` and keys with newlines were recorded: each is one operation."""
    operations = [operation for text in texts("pending-ops ") for operation in pending_operations(text)]
    keys = {(operation.database, operation.operation, operation.key) for operation in operations}
    assert {("shop", "update", "line\nbreak"), ("shop", "remove", "line\nbreak"), ("shop", "update", "quoted")} <= keys
    assert {operation.operation for operation in operations} == {
        "update",
        "remove",
        "increment",
        "create_db",
        "snapshot",
        "other",
    }
    assert ("shop", "snapshot", "") in keys
    assert all(operation.acknowledged for operation in operations)


@pytest.mark.parametrize(
    "text",
    [
        "pending-ops rubbish",
        'pending-ops message: "a", opp_id: x, ack_count: 0, replicate_count: 1, replications: ',
        'pending-ops message: "a", opp_id: 1, ack_count: 0, replicate_count: 1, replications: , x:perhaps',
        'pending-ops message: "a", opp_id: 1, ack_count: 0, replicate_count: 1, replications: , true',
        'pending-ops message: "a", opp_id: 1, ack_count: 0, replicate_count: 1 and more',
        'pending-ops message: "a", opp_id: 999999999999999999999, ack_count: 0, replicate_count: 1 ',
        'pending-ops message: "a", opp_id: ٣, ack_count: 0, replicate_count: 1 ',
        'pending-ops message: ", opp_id: 1, ack_count: 0, replicate_count: 1 ',
        'pending-ops rubbish\nmessage: "a", opp_id: 1, ack_count: 0, replicate_count: 1 ',
        'pending-ops message: "a", opp_id: 1, ack_count: 0, replicate_count: 1, replications: , "x":true',
    ],
)
def test_what_is_no_pending_operation_is_refused(text: str) -> None:
    """An entry that is not understood is not left out, nor out of a sum."""
    with pytest.raises(ProtocolError):
        pending_operations(text)
    with pytest.raises(ProtocolError):
        pending_summary(text)


@pytest.mark.parametrize(
    ("message", "operation", "database", "key"),
    [
        ("replicate-snapshot shop", "snapshot", "shop", ""),
        ("replicate-remove shop", "remove", "shop", ""),
        ("replicate-remove shop k", "remove", "shop", "k"),
        ("replicate", "update", "", ""),
        ("resolve 17", "other", "", ""),
        ("resolve 17 shop", "other", "shop", ""),
    ],
)
def test_a_message_may_lack_arguments(message: str, operation: str, database: str, key: str) -> None:
    """The server takes them so: what is there is read, what is missing is empty."""
    (found,) = pending_operations(
        f'pending-ops message: "{message}", opp_id: 1, ack_count: 0, replicate_count: 1, replications: , b:1:false'
    )
    assert (found.operation, found.database, found.key) == (operation, database, key)
