"""What the collectors of databases make of answers that no recording holds: refusals, limits, hostile names."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from nundb_exporter.collectors import (
    conflicts,
    connections,
    databases,
    keys,
)
from nundb_exporter.errors import ProtocolError
from nundb_exporter.metrics import Answers, Collector, Options, Sample
from nundb_exporter.protocol.commands import (
    CONFLICT_KEYS,
    CONNECTIONS,
    KEYS,
    LIST_DBS,
    Command,
    get,
)
from nundb_exporter.protocol.replies import Reply

from .reading import inside, node, read


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
