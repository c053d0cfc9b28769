"""What the replies mean: every form since 2021-10, a printer of our own, and garbage."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.errors import ProtocolError
from nundb_exporter.protocol import fields
from nundb_exporter.protocol.fields import Member, MetricsState, PendingOperation
from nundb_exporter.protocol.replies import split_body
from tests.recordings import every_exchange

READERS: dict[str, Callable[[str], object]] = {
    "metrics-state ": fields.metrics_state,
    "cluster-state ": fields.cluster_state,
    "process-info ": fields.process_start,
    "dbs-list ": fields.databases,
    "pending-ops ": fields.pending_operations,
    "keys ": fields.key_names,
    "keys ,$conflicts_": fields.conflict_keys,
    "value-version ": fields.versioned_count,
}
"""Every reader, by what its replies begin with."""

RECORDED = sorted(
    {
        reply.text
        for exchange in every_exchange()
        if exchange.transport == "http" and exchange.status == 200
        for reply in split_body(exchange.received, exchange.commands)
        if reply.text is not None
    }
)


FIVE = "pending_ops: 3, op_log_file_size: 250, op_log_count: 10,replication_time_moving_avg"


def texts(prefix: str) -> list[str]:
    """Return the recorded replies that begin so."""
    return [text for text in RECORDED if text.startswith(prefix)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oplog-state pending_opps: 3", MetricsState(3, None, None, None, None)),
        (
            "oplog-state pending_ops: 3, op_log_file_size: 250, op_log_count: 10",
            MetricsState(3, 250, 10, None, None),
        ),
        (
            f"oplog-state {FIVE}: 0.0, get_query_time_moving_avg: 2.5",
            MetricsState(3, 250, 10, 0.0, 2.5),
        ),
        (
            f"metrics-state {FIVE}: 39.960153548102895, get_query_time_moving_avg: 3.736954775075617\n\n",
            MetricsState(3, 250, 10, 39.960153548102895, 3.736954775075617),
        ),
        (
            "metrics-state get_query_time_moving_avg: 1.24e-322, replication_time_moving_avg: 1e16, pending_ops: 1",
            MetricsState(1, None, None, 1e16, 1.24e-322),
        ),
        (
            "metrics-state pending_ops: 18446744073709551615, replication_time_moving_avg: 0.00007003404479057364",
            MetricsState(18446744073709551615, None, None, 0.00007003404479057364, None),
        ),
    ],
    ids=["2021-10", "2021-11", "2021-12-18", "now", "another order", "extremes"],
)
def test_metrics_state_reads_in_all_its_forms(text: str, expected: MetricsState) -> None:
    """The table of the protocol notes 5.3; what a server does not tell is None, and the order does not matter."""
    assert fields.metrics_state(text) == expected


def rust_float(value: float) -> str:
    """Print as Rust's `{:?}` does: as Python, but no sign or zeros in the exponent (protocol notes 5.3)."""
    return re.sub(r"e([+-])0*(\d+)", lambda found: f"e{found[1].replace('+', '')}{found[2]}", repr(value))


COUNTS = st.integers(0, 2**64 - 1)
AVERAGES = st.floats(0, 1e300, allow_nan=False)


@given(state=st.builds(MetricsState, COUNTS, COUNTS, COUNTS, AVERAGES, AVERAGES))
def test_metrics_state_reads_back_what_the_server_printed(state: MetricsState) -> None:
    """Every number survives, to the last bit."""
    text = (
        f"metrics-state pending_ops: {state[0]}, op_log_file_size: {state[1]}, op_log_count: {state[2]},"
        f"replication_time_moving_avg: {rust_float(state.replication_milliseconds or 0.0)}, "
        f"get_query_time_moving_avg: {rust_float(state.query_milliseconds or 0.0)}"
    )
    assert fields.metrics_state(text) == state


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("metrics-state ", "no field pending_ops"),
        ("metrics-state pending_ops: ", "pending_ops: not a whole number"),
        ("metrics-state pending_ops: -1", "pending_ops: not a whole number"),
        ("metrics-state pending_ops: 1.5", "pending_ops: not a whole number"),
        ("metrics-state pending_ops: 1_000", "pending_ops: not a whole number"),
        ("metrics-state pending_ops: ٣", "pending_ops: not a whole number"),
        ("metrics-state pending_ops: 999999999999999999999", "pending_ops: not a whole number"),
        ("metrics-state pending_ops: 1, op_log_file_size: big", "op_log_file_size: not a whole number"),
        ("metrics-state pending_ops: 1, op_log_count: 1e3", "op_log_count: not a whole number"),
        ("metrics-state pending_ops: 1, replication_time_moving_avg: NaN", "moving_avg: not a number"),
        ("metrics-state pending_ops: 1, get_query_time_moving_avg: inf", "moving_avg: not a number"),
        ("metrics-state pending_ops: 1, get_query_time_moving_avg: 0x10", "moving_avg: not a number"),
        ("metrics-state pending_ops: 1, get_query_time_moving_avg: ", "moving_avg: not a number"),
    ],
)
def test_a_number_that_is_none_is_refused_by_the_name_of_its_field(text: str, problem: str) -> None:
    """What cannot be right is not guessed."""
    with pytest.raises(ProtocolError, match=problem):
        fields.metrics_state(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cluster-state ", ()),
        ("cluster-state  a:1:Primary,", (Member("a:1", is_self=False, is_connected=None, role="primary"),)),
        (
            "cluster-state  a:1:Primary, b:2:StartingUp, c:3:Secoundary,",
            (
                Member("a:1", is_self=False, is_connected=None, role="primary"),
                Member("b:2", is_self=False, is_connected=None, role="starting_up"),
                Member("c:3", is_self=False, is_connected=None, role="secondary"),
            ),
        ),
        (
            "cluster-state  127.0.0.1:4114(self):Primary , 127.0.0.1:4124(Connected):Secoundary,",
            (
                Member("127.0.0.1:4114", is_self=True, is_connected=None, role="primary"),
                Member("127.0.0.1:4124", is_self=False, is_connected=True, role="secondary"),
            ),
        ),
        (
            "cluster-state  b(Disconnected):StartingUp,",
            (Member("b", is_self=False, is_connected=False, role="starting_up"),),
        ),
    ],
    ids=["before the first election", "2020-08", "2020-09", "2023-11", "disconnected"],
)
def test_cluster_state_reads_in_all_its_forms(text: str, expected: tuple[Member, ...]) -> None:
    """The table of the protocol notes 6.6."""
    assert fields.cluster_state(text) == expected


NAMES = st.from_regex(r"[a-zA-Z0-9_.\[\]:(),é-]{1,20}:[0-9]{1,5}", fullmatch=True)
ROLES = {"primary": "Primary", "secondary": "Secoundary", "starting_up": "StartingUp"}  # sic
MEMBERS = st.lists(
    st.builds(
        lambda name, role, is_self, is_connected: Member(name, is_self, None if is_self else is_connected, role),
        NAMES,
        st.sampled_from(list(ROLES)),
        st.booleans(),
        st.booleans(),
    ),
    max_size=6,
)


@given(members=MEMBERS)
def test_cluster_state_reads_back_what_the_server_printed(members: list[Member]) -> None:
    """Names with ports, brackets, parentheses and commas keep their role and their link."""
    text = "cluster-state "
    for member in members:
        if member.is_self:
            text += f" {member.name}(self):{ROLES[member.role]} ,"
        else:
            text += f" {member.name}({'Connected' if member.is_connected else 'Disconnected'}):{ROLES[member.role]},"
    assert fields.cluster_state(text) == tuple(members)


@pytest.mark.parametrize(
    "text",
    [
        "cluster-state  a:1:Primary",
        "cluster-state  a:1:Chief,",
        "cluster-state  a:1:Primary, rubbish",
        "cluster-state  a b:Primary,",
        "cluster-state  :Primary,",
        "cluster-state  a(Lost):Secoundary, , b:Primary,",
    ],
)
def test_what_is_no_member_is_refused(text: str) -> None:
    """A list that is understood in part is not given in part."""
    with pytest.raises(ProtocolError, match="cluster-state: a member is not"):
        fields.cluster_state(text)


def test_the_process_start_is_in_seconds() -> None:
    """The server says milliseconds since the epoch."""
    assert fields.process_start("process-info \nprocess_id: 1795400324150") == 1795400324.15


@pytest.mark.parametrize("text", ["process-info ", "process-info \nprocess_id: ", "process-info \nprocess_id: x"])
def test_a_process_start_that_is_no_number_is_refused(text: str) -> None:
    """There is no other field to read it from."""
    with pytest.raises(ProtocolError, match="process_id: not a whole number"):
        fields.process_start(text)


def without_spaces(**kwargs: int) -> st.SearchStrategy[str]:
    """Return names as the server takes them: anything but a space; some with what its own layout is made of."""
    plain = st.text(st.characters(exclude_characters=" ", exclude_categories=["Cs"]), max_size=6, **kwargs)
    odd = st.sampled_from(["$admin", "a\nb", "a;b", 'a"b', ":", "a,b", "line\u2028sep", "a\x85b", "a|b", "ok", "-1"])
    return st.one_of(plain, odd)


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
    assert fields.pending_operations(text) == [operation for _, operation in listed]


@given(listed=st.lists(pending(), max_size=5))
def test_pending_operations_of_2022_do_not_tell_who_owes_them(listed: list[tuple[str, PendingOperation]]) -> None:
    """Before 2022-06-08 an entry ended after the counts and a space."""
    text = "pending-ops " + "\n".join(entry(*one, tells_who=False) for one in listed)
    assert fields.pending_operations(text) == [operation._replace(acknowledged={}) for _, operation in listed]


def test_the_recorded_list_with_hostile_values_reads() -> None:
    """Values with `;`, quotes and `, opp_id:` and keys with newlines were recorded: each is one operation."""
    operations = [operation for text in texts("pending-ops ") for operation in fields.pending_operations(text)]
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
    ],
)
def test_what_is_no_pending_operation_is_refused(text: str) -> None:
    """An entry that is not understood is not left out."""
    with pytest.raises(ProtocolError):
        fields.pending_operations(text)


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
    (found,) = fields.pending_operations(
        f'pending-ops message: "{message}", opp_id: 1, ack_count: 0, replicate_count: 1, replications: , b:1:false'
    )
    assert (found.operation, found.database, found.key) == (operation, database, key)


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
