"""What each collector makes of answers that no recording holds: old servers, refusals, limits, hostile names."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from nundb_exporter.collectors import (
    acting_role,
    cluster,
    compat,
    conflicts,
    connections,
    databases,
    keys,
    oplog,
    pending,
    process,
    queries,
    replication,
    transports,
)
from nundb_exporter.errors import ProtocolError
from nundb_exporter.metrics import Answers, Collector, Family, Options, Sample
from nundb_exporter.protocol.commands import (
    ACTING_ROLE,
    CLUSTER_STATE,
    CONFLICT_KEYS,
    CONNECTIONS,
    KEYS,
    LIST_DBS,
    METRICS_STATE,
    PENDING_OPS,
    PROCESS_INFO,
    Command,
    get,
)
from nundb_exporter.protocol.replies import Reply

OLDER = (Reply(), Reply(error="unknown command: debug"))
Read = dict[tuple[Family, tuple[str, ...]], float]


def read(collector: Collector, answers: Answers) -> Read:
    """Return what the collector reads, by family and labels."""
    return {(family, labels): value for family, labels, value in collector.parse(answers)}


def node(replies: dict[Command[object], str], limit: int = 1000) -> Answers:
    """Return the answers of a node that said these messages."""
    return Answers(Options(max_pending_operations=limit), {command: Reply(text) for command, text in replies.items()})


@pytest.mark.parametrize(
    ("collector", "command"),
    [
        (oplog.COLLECTOR, METRICS_STATE),
        (replication.COLLECTOR, METRICS_STATE),
        (queries.COLLECTOR, METRICS_STATE),
        (compat.COLLECTOR, METRICS_STATE),
        (pending.COLLECTOR, METRICS_STATE),
        (process.COLLECTOR, PROCESS_INFO),
        (cluster.COLLECTOR, CLUSTER_STATE),
        (databases.COLLECTOR, LIST_DBS),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
@pytest.mark.parametrize("reply", OLDER, ids=["silence", "unknown command"])
def test_a_server_that_is_older_than_a_command_gives_nothing(
    collector: Collector, command: Command[object], reply: Reply
) -> None:
    """Absent is absent, and no failure: the server cannot help its age."""
    assert read(collector, Answers(node={command: reply})) == {}
    assert list(collector.follow_up(Answers(node={command: reply}))) == []


@pytest.mark.parametrize(
    "collector", [oplog.COLLECTOR, process.COLLECTOR, cluster.COLLECTOR, databases.COLLECTOR, acting_role.COLLECTOR]
)
@pytest.mark.parametrize("reply", [Reply(error="Not auth"), Reply(error="<html>"), None], ids=str)
def test_a_refusal_fails_the_collector_without_repeating_it(collector: Collector, reply: Reply | None) -> None:
    """What was refused, or not answered at all, is a failure; its text may come from anywhere and is not shown."""
    answers = Answers(node={} if reply is None else {collector.commands[0]: reply})
    with pytest.raises(ProtocolError) as caught:
        read(collector, answers)
    assert "html" not in str(caught.value)
    assert str(collector.commands[0]) in str(caught.value)


FIVE = "op_log_file_size: 350, op_log_count: 14,replication_time_moving_avg: 39.5, get_query_time_moving_avg: 0.25"


def test_milliseconds_become_seconds_but_for_the_old_names() -> None:
    """The wire says milliseconds, Prometheus seconds; the older exporter's families keep what they had."""
    answers = node({METRICS_STATE: f"metrics-state pending_ops: 2, {FIVE}"})
    assert read(replication.COLLECTOR, answers) == {
        (replication.PENDING, ()): 2,
        (replication.DURATION, ()): 0.0395,
    }
    assert read(queries.COLLECTOR, answers) == {(queries.DURATION, ()): 0.00025}
    assert read(oplog.COLLECTOR, answers) == {(oplog.SIZE, ()): 350, (oplog.RECORDS, ()): 14}
    assert list(read(compat.COLLECTOR, answers).values()) == [2, 350, 14, 39.5, 0.25]


@pytest.mark.parametrize("collector", [oplog.COLLECTOR, queries.COLLECTOR])
def test_a_number_that_the_server_does_not_tell_is_absent(collector: Collector) -> None:
    """The servers of 2021-10 told the pending operations alone."""
    answers = node({METRICS_STATE: "oplog-state pending_opps: 2"})
    assert read(collector, answers) == {}
    assert read(replication.COLLECTOR, answers) == {(replication.PENDING, ()): 2}
    assert read(compat.COLLECTOR, answers) == {(compat.PENDING, ("all",)): 2}


def test_a_node_before_its_first_election_is_starting_up() -> None:
    """It lists nobody, not even itself."""
    assert read(cluster.COLLECTOR, node({CLUSTER_STATE: "cluster-state "})) == {
        (cluster.ROLE, ("primary",)): 0,
        (cluster.ROLE, ("secondary",)): 0,
        (cluster.ROLE, ("starting_up",)): 1,
    }


def test_a_server_that_does_not_say_which_member_it_is_has_no_role() -> None:
    """Before 2023-11-19 the list had no `(self)` and no links."""
    text = "cluster-state  a:1:Primary, b:1:Secoundary,"  # sic
    assert read(cluster.COLLECTOR, node({CLUSTER_STATE: text})) == {
        (cluster.MEMBER, ("a:1", "primary")): 1,
        (cluster.MEMBER, ("b:1", "secondary")): 1,
    }


def test_links_are_told_of_the_others_alone() -> None:
    """A node holds no link to itself."""
    text = "cluster-state  a:1(self):Secoundary , b:1(Disconnected):StartingUp, c:1(Connected):Primary,"  # sic
    found = read(cluster.COLLECTOR, node({CLUSTER_STATE: text}))
    assert {labels: value for (family, labels), value in found.items() if family is cluster.CONNECTED} == {
        ("b:1",): 0,
        ("c:1",): 1,
    }
    assert found[cluster.ROLE, ("secondary",)] == 1


@pytest.mark.parametrize(
    ("error", "value"), [("database already exists", 1), ("Create database only allow from primary!", 0)]
)
def test_the_acting_role_is_told_by_the_words_of_the_refusal(error: str, value: int) -> None:
    """Both answers are refusals; nothing was created."""
    assert read(acting_role.COLLECTOR, Answers(node={ACTING_ROLE: Reply(error=error)})) == {
        (acting_role.ACTING_PRIMARY, ()): value
    }


def listing(*entries: str) -> str:
    """Return a pending list."""
    return "pending-ops " + "\n".join(entries)


def entry(message: str, op_id: int, replications: str) -> str:
    """Return a line of it."""
    return f'message: "{message}", opp_id: {op_id}, ack_count: 0, replicate_count: 1, replications: {replications}'


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
    }


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


def inside(**told: dict[Command[object], str]) -> Answers:
    """Return the answers of databases that said these messages."""
    return Answers(
        Options(databases=tuple(told)),
        database={(name, command): Reply(text) for name, said in told.items() for command, text in said.items()},
    )


@pytest.mark.parametrize(
    ("reply", "value"), [("value-version 4 1", 0), ("value-version 9 3", 2), ("value-version 1 <Empty>", 0)]
)
def test_our_own_connection_is_not_counted(reply: str, value: int) -> None:
    """The session that asks is among them; a counter that was removed does not go below 0."""
    assert read(connections.COLLECTOR, inside(shop={CONNECTIONS: reply})) == {(connections.OPEN, ("shop",)): value}


@pytest.mark.parametrize(
    ("collector", "command", "text"),
    [
        (connections.COLLECTOR, CONNECTIONS, "value-version 4 1"),
        (keys.COLLECTOR, KEYS, "keys ,a"),
        (conflicts.COLLECTOR, CONFLICT_KEYS, "keys "),
    ],
    ids=["connections", "keys", "conflicts"],
)
def test_a_database_that_fails_does_not_cost_the_others(
    collector: Collector, command: Command[object], text: str
) -> None:
    """The numbers of those that opened are given first, then the failure is told with the database's name."""
    answers = inside(bad={}, shop={command: text}, last={command: text})
    answers.failures["bad"] = "use-db: Invalid token"
    samples: list[Sample] = []
    with pytest.raises(ProtocolError, match="database bad: use-db: Invalid token"):
        samples.extend(collector.parse(answers))
    assert {sample.labels[0] for sample in samples} == {"shop", "last"}


@pytest.mark.parametrize("collector", [connections.COLLECTOR, keys.COLLECTOR], ids=["connections", "keys"])
def test_a_database_without_the_command_gives_nothing(collector: Collector) -> None:
    """As for the node: absent is absent."""
    answers = Answers(Options(("shop",)), database={("shop", collector.database_commands[0]): Reply()})
    assert read(collector, answers) == {}


def conflict(records: Sequence[str], **values: str) -> Answers:
    """Return the answers of a database with these conflict records, and what some of them hold."""
    answers = inside(shop={CONFLICT_KEYS: "keys " + "".join(f",{key}" for key in records)})
    for key, value in values.items():
        answers.database["shop", get(f"$conflicts_{key}")] = Reply(f"value {value}")
    return answers


def test_databases_are_shown_up_to_a_limit_and_all_are_counted() -> None:
    """The first by name: whoever may create databases may create any number."""
    names = [f"d{number:04}" for number in range(databases.MAX_SHOWN + 3)]
    answers = node({LIST_DBS: "dbs-list \n" + "\n".join(f"{name} : none" for name in reversed(names))})
    found = read(databases.COLLECTOR, answers)
    assert found.pop((databases.COUNT, ())) == len(names)
    assert [labels[0] for _, labels in found] == names[:-3]


def test_databases_are_shown_that_match_the_pattern_with_their_whole_name() -> None:
    """The others are counted."""
    answers = node({LIST_DBS: "dbs-list \n$admin : none\nshop : newer\nshop2 : none\nmy-shop : none"})
    answers.options = replace(answers.options, databases_pattern=re.compile("shop|shop[0-9]"))
    assert read(databases.COLLECTOR, answers) == {
        (databases.COUNT, ()): 4,
        (databases.INFO, ("shop", "newer")): 1,
        (databases.INFO, ("shop2", "none")): 1,
    }


def asked_further(answers: Answers) -> list[Command[object]]:
    """Return what is asked about the conflicts of the database `shop`."""
    return list(conflicts.COLLECTOR.database_follow_up(answers, "shop"))


def test_conflicts_are_counted_by_their_first_word() -> None:
    """A record that vanished in between is none, nor is a key that a client has named like one."""
    records = [f"$conflicts_{key}" for key in ("a", "b", "c", "d", "e")]
    answers = conflict(records, a="resolve 1 shop 2 a x y", b="resolved x", c="<Empty>", d="mine", e="resolve 2 shop")
    assert asked_further(answers) == [get(key) for key in records]
    assert read(conflicts.COLLECTOR, answers) == {
        (conflicts.COUNT, ("shop", "unresolved")): 2,
        (conflicts.COUNT, ("shop", "resolved")): 1,
    }


def test_no_more_conflicts_are_asked_about_than_the_limit() -> None:
    """Whoever may write may make any number of records; beyond the limit they count as unresolved."""
    records = [f"$conflicts_a_{number}" for number in range(conflicts.MAX_ASKED + 2)]
    values = {f"a_{number}": "resolved x" for number in range(conflicts.MAX_ASKED)}
    answers = conflict(records, **values)
    assert asked_further(answers) == [get(key) for key in records[:-2]]
    assert read(conflicts.COLLECTOR, answers) == {
        (conflicts.COUNT, ("shop", "unresolved")): 2,
        (conflicts.COUNT, ("shop", "resolved")): conflicts.MAX_ASKED,
    }


def test_a_key_with_a_comma_is_one_conflict() -> None:
    """The list is joined by commas; its names all begin alike."""
    answers = inside(shop={CONFLICT_KEYS: "keys ,$conflicts_a,b_17,$conflicts_c_18"})
    assert asked_further(answers) == [get("$conflicts_a,b_17"), get("$conflicts_c_18")]


@pytest.mark.parametrize("key", ["$conflicts_a;set b 1", "$conflicts_a\nset b 1", "$conflicts_a\rb", "$conflicts_a b"])
def test_a_name_that_would_be_another_command_is_never_asked_about(key: str) -> None:
    """Keys are chosen by whoever writes: none may run a command with our rights. The record counts as unresolved."""
    answers = conflict([key])
    assert asked_further(answers) == []
    assert read(conflicts.COLLECTOR, answers)[conflicts.COUNT, ("shop", "unresolved")] == 1


def test_one_database_may_ask_before_another_has_answered() -> None:
    """Databases are asked side by side: one that is late, or refuses, does not keep the others from their questions."""
    answers = conflict(["$conflicts_a_1"])
    answers = Answers(Options(("late", "shop", "refusing")), database=answers.database)
    answers.database["refusing", CONFLICT_KEYS] = Reply(error="error no-db-selected")
    assert asked_further(answers) == [get("$conflicts_a_1")]


def test_a_database_that_cannot_list_keys_has_no_known_conflicts() -> None:
    """No answer of a kind that we know: nothing is asked, and absent is absent."""
    answers = Answers(Options(("shop",)), database={("shop", CONFLICT_KEYS): Reply()})
    assert asked_further(answers) == []
    assert read(conflicts.COLLECTOR, answers) == {}


def test_transports_are_up_or_down_each_on_its_own() -> None:
    """One that is down has no connect time; one that was not tried yet is absent."""
    answers = Answers(probes={"http": 0.001, "tcp": None})
    assert read(transports.COLLECTOR, answers) == {
        (transports.UP, ("http",)): True,
        (transports.CONNECT_DURATION, ("http",)): 0.001,
        (transports.UP, ("tcp",)): False,
    }
