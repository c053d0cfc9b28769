"""Every log of a real Nun-db, in every format, against what an independent reader counted."""

import pytest

from nundb_exporter.log.reader import Reader
from nundb_exporter.log.tally import Tally
from nundb_exporter.log.verbs import VERBS
from tests.cuts import cut

from . import observed
from .writing import cri, read, request, totals


@pytest.mark.parametrize("name", observed.COUNTS)
def test_requests_and_their_durations_are_those_of_the_referee(name: str) -> None:
    """Number and sum of durations for each verb; and no line is unknown."""
    found = read([observed.log(name)])
    expected = observed.COUNTS[name]
    assert found.commands == expected["verbs"]
    assert found.seconds == pytest.approx(expected["sum_seconds"], abs=1e-12)
    assert found.lines == expected["physical_lines"]
    assert found.unparsed == 0


@pytest.mark.parametrize("name", observed.COUNTS)
def test_the_slowest_command_of_each_verb_is_the_referee_s_maximum(name: str) -> None:
    """The slowest of all is exact."""
    tally = Tally()
    reader = Reader("raw", tally)
    reader.feed(observed.log(name))
    reader.end()
    (slowest,) = tally.slowest.commands(1, "show")
    assert slowest.seconds == pytest.approx(max(observed.COUNTS[name]["max_seconds"].values()))


@pytest.mark.parametrize("name", [name for name in observed.FORMATS if name != "run.stderr"])
def test_every_format_holds_the_same_requests_and_events(name: str) -> None:
    """Told by its first line, and joined: counts, sums and events are those of the plain log."""
    found = read(cut(observed.in_format(name), [65_536]))
    plain = read([observed.in_format("run.raw.log")])
    assert found.commands == observed.RUN["verbs"]
    assert found.seconds == pytest.approx(observed.RUN["sum_seconds"], abs=1e-12)
    panics = {event for event in plain.events if event.startswith("panic")}
    expected = {event: count for event, count in plain.events.items() if name != "run.stdout" or event not in panics}
    assert found.events == expected
    assert found.unparsed == 0


def test_every_verb_is_known_in_advance() -> None:
    """Each has a series before its first command, and `other` for the rest."""
    names = {sample.labels[0] for sample in Tally().samples() if sample.family.name == "nundb_commands_total"}
    assert names == {*VERBS, "other"}
    assert len(VERBS) == 38


EVENTS = {
    "ack-anomalies.log": {"ack_unknown": 2, "ack_foreign": 1},
    "bind-failed-http.stderr": {"bind_failed": 1, "panic": 1, "panic_other": 1},
    "bind-failed-tcp.log": {"bind_failed": 1},
    "bind-failed-ws.log": {"bind_failed": 1},
    "conflicts.log": {"conflict_newer": 1, "conflict_arbiter": 2, "no_arbiter": 1, "to_arbiter": 1},
    "dir-becomes-readonly.stderr": {"panic_timer": 1},
    "disk-full-snapshot.stderr": {"panic_timer": 1, "panic_other": 1, "disk_full": 1},
    "duplicate-join-kills-primary.stderr": {"duplicate_join": 1, "panic_main": 1},
    "election-timeout.log": {"election_timeout": 1},
    "fd-exhausted-http.log": {"http_accept_died": 2},
    "join-failed.log": {"join_failed": 1},
    "oplog-file-deleted.log": {"start": 1},
    "oplog-invalid-at-start.log": {"oplog_invalid_at_start": 1},
    "panic-http-all-workers.stderr": {"panic": 5, "panic_other": 5},
    "s3-s3_patition-start.log": {"s3_loaded": 1},
    "snapshot-id0-acks.log": {"ack_twice": 2},
    "start-dir-missing.log": {"dir_unusable": 1},
    "watcher-gone.log": {"dead_watcher": 2},
    "write-during-election.log": {"write_during_election": 2},
}


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_that_was_provoked_is_counted(name: str) -> None:
    """Each log was recorded while that was made to happen."""
    found = read([observed.of_event(name)]).events
    assert {event: found.get(event, 0) for event in EVENTS[name]} == EVENTS[name]


@pytest.mark.parametrize("name", observed.EVENTS)
def test_every_line_of_a_provoked_event_is_known(name: str) -> None:
    """Whatever went wrong, Nun-db's own lines are recognised, and panics as well."""
    assert read([observed.of_event(name)]).unparsed == 0


def test_coloured_lines_of_a_container_are_counted_as_they_come() -> None:
    """Not only when nothing more follows: the reader holds no more than the last record."""
    line = request(1, "get k")
    coloured = line.replace(b"[", b"\x1b[90m[\x1b[0m", 1).replace(b"]", b"\x1b[90m]\x1b[0m", 1)
    tally = Tally()
    reader = Reader("auto", tally)
    for _ in range(10):
        reader.feed(cri(coloured, 16384))
    assert totals(tally).commands == {"get": 9}
    assert reader.pending == len(cri(coloured, 16384))
