"""The commands that the exporter sends."""

import pytest

from nundb_exporter.protocol import canary, commands
from nundb_exporter.protocol.commands import KEYS, Command, auth, get, is_readable, keys_matching, use_db

CONSTANTS = [value for value in vars(commands).values() if isinstance(value, Command)]
FORBIDDEN = ("set", "remove", "increment", "snapshot", "join", "leave", "election", "debug force-election", "resolve")


@pytest.mark.parametrize("command", [auth("nun", "hunter2"), use_db("shop", "hunter2")], ids=["auth", "use-db"])
def test_a_secret_goes_over_the_wire_and_nowhere_else(command: Command[object]) -> None:
    """The password is in the text alone: not in repr, str, a format string, or the repr of what holds the command."""
    assert command.text.endswith(" hunter2")
    shown = f"{command} {command!r} {command!s} {[command]} { ({command: 1}) }"
    assert "hunter2" not in shown
    assert "****" in shown


def test_a_command_without_secrets_shows_itself() -> None:
    """What went over the wire can be read in a log."""
    assert str(get("$conflicts_a_1")) == "get $conflicts_a_1"
    assert repr(get("$conflicts_a_1")) == "<command get $conflicts_a_1>"


@pytest.mark.parametrize("command", CONSTANTS, ids=str)
def test_a_command_is_one_command(command: Command[object]) -> None:
    """No constant holds what would cut it or end it on any transport."""
    assert command.text == command.shown == command.text.strip()
    assert not set(command.text) & set(";\r\n\0")


def test_nothing_that_is_sent_changes_the_database() -> None:
    """No constant begins with a verb that writes, elects or joins; create-db names what every node has."""
    assert len(CONSTANTS) == 10
    for command in CONSTANTS:
        assert not command.text.startswith(FORBIDDEN)
        assert "create-db" not in command.text or command.text == "create-db $admin x"


def test_what_the_canary_sends_changes_its_own_database_alone() -> None:
    """It neither elects nor joins, and names no database but the one that it is given."""
    sent = [
        canary.create_db("birds", "hunter2"),
        canary.watch("beat"),
        canary.put("beat", "word"),
        canary.remove("beat"),
        canary.snapshot("birds"),
    ]
    assert {value for value in vars(canary).values() if isinstance(value, Command)} == set()
    assert [command.text for command in sent] == [
        "create-db birds hunter2 none",
        "watch beat",
        "set beat word",
        "remove beat",
        "snapshot false birds",
    ]
    assert not any("hunter2" in f"{command}{command!r}" for command in sent)


def test_every_command_that_queues_a_message_knows_how_it_begins() -> None:
    """Of all commands use-db alone and the refused create-db have no message of success."""
    made = [*CONSTANTS, auth("u", "p"), use_db("d", "t"), get("k")]
    assert {command.text for command in made if not command.prefixes} == {"create-db $admin x", "use-db d t"}
    assert all(prefix for command in made for prefix in command.prefixes)


def test_keys_are_listed_by_a_pattern_or_all() -> None:
    """Both are the same question with the same reading."""
    assert keys_matching("") is KEYS
    assert keys_matching("shop*").text == "keys shop*"
    assert keys_matching("shop*").read("keys ,shop1,shop2") == ["shop1", "shop2"]


@pytest.mark.parametrize("name", ["", "a b", "a;set b 1", "line\nbreak", "end\r", "tab\t", " a"])
def test_a_name_that_is_no_single_word_is_not_asked_for(name: str) -> None:
    """It would be another command, or name another key."""
    assert not is_readable(name)
    assert is_readable("$conflicts_a,b_1")
