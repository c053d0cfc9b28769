"""The slowest commands and the groups that took most time: what is shown of them, and in how much memory."""

import hashlib
import json
from collections.abc import Iterable

import pytest

from nundb_exporter.log.reader import Reader
from nundb_exporter.log.tally import Tally
from nundb_exporter.log.threads import OwnCommands
from tests.cuts import peak_memory

from . import writing
from .writing import record, request, totals

HTTP, TCP, WEBSOCKET = 1, 2, 3


def tally_of(log: Iterable[bytes], own: OwnCommands | None = None) -> Tally:
    """Return the counts of a log."""
    tally = Tally(own)
    reader = Reader("raw", tally)
    for piece in log:
        reader.feed(piece)
    reader.end()
    return tally


def test_groups_have_count_sum_and_quantiles() -> None:
    """A verb with a key is one; quantiles are exact to an eighth."""
    tally = tally_of(request(number, "get k", f"{number}ms") for number in range(1, 101))
    (group,) = tally.slowest.groups(10, "show")
    assert (group.verb, group.database, group.key, group.count) == ("get", None, "k", 100)
    assert group.seconds == pytest.approx(5.05)
    assert group.p50 == pytest.approx(0.05, rel=1 / 8)
    assert group.p99 == pytest.approx(0.099, rel=1 / 8)


def test_a_group_with_much_time_is_there_among_any_number_of_others() -> None:
    """Groups are dropped when there are too many, but not the heavy ones; memory stays flat."""

    def log() -> Iterable[bytes]:
        for block in range(40):
            numbers = range(block * 1000, (block + 1) * 1000)
            yield b"".join(
                request(
                    number,
                    "get heavy" if number % 100 == 0 else f"get key{number}",
                    "1ms" if number % 100 == 0 else "1µs",
                )
                for number in numbers
            )

    with peak_memory(24 * 1024 * 1024):
        tally = tally_of(log())
        heaviest = tally.slowest.groups(1, "show")[0]
    assert heaviest.key == "heavy"
    assert heaviest.count == 400
    assert totals(tally).commands == {"get": 40_000}


def test_only_the_last_minutes_are_shown() -> None:
    """The window ends with the newest request; a clock that was set back does not empty it."""
    old = request(1, "get old", "9s").replace(b"15:35", b"14:35")
    back = request(2, "get back", "8s").replace(b"15:35", b"15:30")
    tally = tally_of([old, request(3, "get new", "1ms"), back])
    assert [command.key for command in tally.slowest.commands(10, "show")] == ["back", "new"]
    assert {group.key for group in tally.slowest.groups(10, "show")} == {"back", "new"}
    assert totals(tally).commands == {"get": 3}


@pytest.mark.parametrize(
    ("text", "database", "key"),
    [
        ("get k", None, "k"),
        ("set k secret-value", None, "k"),
        ("set $$token secret-value", None, "$$token"),
        ("use-db shop secret-token", "shop", None),
        ("create-db shop secret-token newer", "shop", None),
        ("replicate shop k -1 secret-value", "shop", "k"),
        ("auth secret-user secret-password", None, None),
        ("auth secret-password", None, None),
        ("create-user secret-user secret-token", None, None),
        ("set-permissions secret-user rw", None, None),
        ("resolve 1 shop k -1 secret-value", None, None),
        ("rp 77 replicate shop k -1 secret-value", None, None),
        ("debug pending-ops", None, "pending-ops"),
        ("secret-verb secret", None, None),
        ("set k\nsecret-value", None, "k"),
        ("set k;secret-value", None, "k"),
    ],
)
def test_no_secret_is_shown(text: str, database: str | None, key: str | None) -> None:
    """Neither values nor tokens, passwords, users, nor what a failed login tried."""
    tally = tally_of([request(1, text)])
    (command,) = tally.slowest.commands(10, "show")
    assert (command.database, command.key) == (database, key)
    (group,) = tally.slowest.groups(10, "show")
    shown = json.dumps([command, str(group), [str(sample) for sample in tally.samples()]])
    assert "secret" not in shown


def test_keys_can_be_hidden_or_hashed() -> None:
    """Hidden, a verb is one group; hashed, who knows a key finds it."""
    tally = tally_of([request(1, "get patient-1"), request(2, "get patient-2")])
    assert [(group.key, group.count) for group in tally.slowest.groups(10, "hide")] == [(None, 2)]
    expected = {hashlib.sha256(key).hexdigest()[:16] for key in (b"patient-1", b"patient-2")}
    assert {group.key for group in tally.slowest.groups(10, "hash")} == expected
    assert {command.key for command in tally.slowest.commands(10, "hash")} == expected


def test_the_database_is_that_of_the_thread_as_far_as_it_can_be_known() -> None:
    """From `use-db` to `unwatch-all`; not where several clients share a thread, as over WebSocket."""
    log = [
        request(1, "use-db shop ****", thread=HTTP),
        request(2, "get a", "5ms", thread=HTTP),
        request(3, "unwatch-all", thread=HTTP),
        request(4, "get b", "4ms", thread=HTTP),
        request(5, "use-db desk ****\n", thread=TCP),
        request(6, "get c\n", "3ms", thread=TCP),
        request(7, "use-db shop ****", thread=WEBSOCKET),
        request(8, "use-db desk ****", thread=WEBSOCKET),
        request(9, "get d", "2ms", thread=WEBSOCKET),
        record(10, "nun_db", "nundb starting!"),
        request(11, "get e", "1ms", thread=TCP),
    ]
    for pieces in ([b"".join(log)], log):
        commands = tally_of(pieces).slowest.commands(5, "show")
        assert [(command.key, command.database) for command in commands] == [
            ("a", "shop"),
            ("b", None),
            ("c", "desk"),
            ("d", None),
            ("e", None),
        ]


def test_our_own_commands_can_be_left_out() -> None:
    """A scrape and a look into a database, on any thread; an application's commands beside them stay."""
    log = [
        request(1, "auth **** ****", thread=HTTP),
        request(2, "use-db shop ****", thread=TCP),
        request(3, "metrics-state", thread=HTTP),
        request(4, "get k", thread=TCP),
        request(5, "debug list-dbs", thread=HTTP),
        request(6, "unwatch-all", thread=HTTP),
        request(7, "use-db shop ****", thread=HTTP),
        request(8, "get-safe $connections", thread=HTTP),
        request(9, "keys $conflicts_*", thread=HTTP),
        request(10, "unwatch-all", thread=HTTP),
        request(11, "auth **** ****", thread=HTTP),
        request(12, "snapshot", thread=HTTP),
        request(13, "unwatch-all", thread=HTTP),
        request(14, "unwatch-all", thread=TCP),
    ]
    for pieces in ([b"".join(log)], log):
        found = totals(tally_of(pieces, OwnCommands()))
        assert found.commands == {"use-db": 1, "get": 1, "auth": 1, "snapshot": 1, "unwatch-all": 2}
        assert found.lines == len(log)


def test_values_of_any_length_are_read_in_little_memory() -> None:
    """Nun-db logs them whole, in one line or in many."""
    for value in (b"x" * 12_000_000, b"\n    ".join([b"y" * 1000] * 12_000)):
        line = request(1, "set big ").replace(b"' in", b"%b' in" % value)
        del value
        with peak_memory(20 * 1024 * 1024):
            tally = tally_of(line[begin : begin + 65536] for begin in range(0, len(line), 65536))
        assert totals(tally).commands == {"set": 1}
        assert totals(tally).seconds == {"set": pytest.approx(2.5e-6)}


@pytest.mark.parametrize("framing", ["cri", "docker"])
def test_values_of_any_length_are_read_in_every_format(framing: str) -> None:
    """The pieces in the middle of a long value are left out, not those at its ends."""
    line = request(1, "set big ").replace(b"' in", b"%b' in" % (b"x" * 9_000_000))
    framed = writing.FRAMINGS[framing](line + request(2, "get k"), 16384)
    found = totals(tally_of(framed[begin : begin + 65536] for begin in range(0, len(framed), 65536)))
    assert found.commands == {}  # the reader was told that the log is raw
    tally = Tally()
    reader = Reader("auto", tally)
    for begin in range(0, len(framed), 65536):
        reader.feed(framed[begin : begin + 65536])
    reader.end()
    assert totals(tally).commands == {"set": 1, "get": 1}
