"""What the canary writes, when it must not, and what values mean."""

import json
import socket
import subprocess
from pathlib import Path

import promql_parser
import pytest

from nundb_exporter.canary import brake, words
from nundb_exporter.canary.families import FAMILIES, SUBJECT
from nundb_exporter.canary.flock import default_name
from nundb_exporter.canary.tally import Tally
from nundb_exporter.canary.verdict import Sighting
from nundb_exporter.config.settings import parse_endpoint
from nundb_exporter.exposition import Format, render
from nundb_exporter.metrics import Panel
from nundb_exporter.protocol import canary
from nundb_exporter.protocol.pending import PendingOperation
from nundb_exporter.subjects import SUBJECTS
from tests.programs import needed

OLD, WORD, NEWER = (words.word(number) for number in (1_700_000_000_000_000_000, 1_800_000_000_000_000_000, 1 << 63))
WATCHERS = Path(__file__).parents[1] / "transcripts" / "watchers-websocket.jsonl"


def test_words_have_one_length_and_later_ones_are_larger() -> None:
    """So files do not grow, and one can tell a value that is being overtaken."""
    assert len({len(word) for word in (words.word(0), OLD, WORD, NEWER)}) == 1
    assert words.word(0) < OLD < WORD < NEWER
    assert " " not in WORD


def test_keys_of_two_exporters_differ_and_do_not_show_their_names() -> None:
    """A name may be that of a machine."""
    assert words.key_of("a") != words.key_of("b")
    assert words.key_of("secret-host") == words.key_of("secret-host")
    assert "secret" not in words.key_of("secret-host")


def test_exporters_that_call_their_nodes_localhost_have_keys_of_their_own() -> None:
    """Sidecars do, each in a pod of its own; and one machine may have several nodes."""
    urls = ("http://localhost:3013", "http://127.0.0.1:4013", "http://nun-db-0:3013")
    names = [default_name(parse_endpoint("", url)) for url in urls]
    host = socket.gethostname()
    assert names == [f"{host} localhost:3013", f"{host} 127.0.0.1:4013", "nun-db-0:3013"]


@pytest.mark.parametrize(
    ("key", "is_ours"), [("still", True), (words.key_of("a"), True), ("$$token", True), ("", True), ("basket", False)]
)
def test_foreign_keys_are_told_from_the_canarys(key: str, is_ours: bool) -> None:
    """Nun-db's own keys, and an empty one, are nobody's."""
    assert words.is_canarys(key) is is_ours


@pytest.mark.parametrize(
    ("sighting", "diverged", "late"),
    [
        (Sighting(before=OLD, delay_seconds=0.003), False, False),
        (Sighting(before=OLD, first=WORD), False, True),
        (Sighting(before=OLD, first=OLD, second=WORD, delay_seconds=1.2), False, True),
        (Sighting(before=OLD, first=OLD, second=OLD), True, True),
        (Sighting(before="", first="", second=""), True, True),
        (Sighting(before="", first=OLD, second=OLD), False, True),
        (Sighting(before=OLD, first=OLD), None, True),
        (Sighting(before=OLD, first=OLD, second=NEWER), None, True),
        (Sighting(is_silent=True), None, False),
        (Sighting(before=OLD, first=OLD, second=OLD, is_young=True), None, False),
    ],
    ids=[
        "arrived",
        "there, and nobody was told",
        "late",
        "never arrived",
        "without the database",
        "earlier words still arrive",
        "fell silent",
        "another exporter has the same key",
        "silent",
        "has just joined",
    ],
)
def test_what_a_members_values_mean(sighting: Sighting, diverged: bool | None, late: bool) -> None:
    """Judged by values, and only where they tell."""
    assert (sighting.has_diverged(WORD), sighting.is_late()) == (diverged, late)


@pytest.mark.parametrize(
    ("value", "damaged"), [("first second", False), ("second", True), ("", True), ("<Empty>", True), (None, None)]
)
def test_what_is_left_of_two_words(value: str | None, damaged: bool | None) -> None:
    """A faulty sync loses the first of them, or both."""
    assert Sighting(still=value).is_damaged() is damaged
    assert Sighting(still=value, is_young=True).is_damaged() is None


def test_nothing_is_written_for_a_member_that_hangs() -> None:
    """Neither for one that does not answer, nor for one that answers and acknowledges nothing."""
    operations = [
        PendingOperation(1, "update", "canary", "beat", {"b:1": False, "c:1": True}),
        PendingOperation(2, "update", "shop", "basket", {"c:1": False}),
    ]
    assert brake.owed(operations, "canary") == {"b:1"}
    assert brake.reason((), ()) is None
    assert brake.reason({"c:1"}, ()) == "c:1 does not answer, and the primary would keep each write for it"
    assert brake.reason((), {"b:1"}) == "the primary still keeps the last word for b:1"


def test_what_a_real_server_tells_a_watcher_is_read() -> None:
    """Each change comes twice, with and without its version, and replies are no notices."""
    told = [
        message
        for line in WATCHERS.read_text(encoding="utf-8").splitlines()
        for message in json.loads(line).get("recv", [])
        if json.loads(line)["t" if "t" in json.loads(line) else "about"] == "ws"
    ]
    notices = [canary.notice(message) for message in told if canary.is_notice(message)]
    assert canary.Notice("a", "two words") in notices
    assert canary.Notice("n", "3") in notices
    assert not any(canary.is_notice(message) for message in told if message == "ok \n" or message.startswith("value "))


def test_a_member_that_has_left_is_forgotten() -> None:
    """In a cluster whose members get new addresses, the page does not grow; one that is primary now is kept."""
    tally = Tally()
    tally.saw(WORD, {name: Sighting(before=OLD, delay_seconds=0.003) for name in ("a:1", "b:1", "c:1")}, 1000.0)
    tally.watches("a:1", {"b:1": True})
    tally.paused(1015.0)
    labels = {label for sample in tally.samples() for label in sample.labels}
    assert {"a:1", "b:1"} <= labels
    assert "c:1" not in labels


def test_promtool_finds_nothing_to_say_of_the_page() -> None:
    """And every sample is of a declared family."""
    tally = Tally()
    tally.took("set", 0.002)
    tally.saw(WORD, {"b:1": Sighting(before=OLD, delay_seconds=0.003, still="second")}, 1000.0)
    samples = list(tally.samples())
    assert {sample.family.part_of or sample.family for sample in samples} <= set(FAMILIES)
    assert SUBJECT in SUBJECTS
    page = render(samples, Format.TEXT).text
    assert 'nundb_canary_replication_delay_seconds_bucket{member="b:1",le="0.005"} 1' in page
    assert 'nundb_canary_damaged{member="b:1"} 1' in page
    checked = subprocess.run(
        [needed("promtool"), "check", "metrics"], input=page.encode(), capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


@pytest.mark.parametrize("panel", SUBJECT.panels, ids=lambda panel: panel.title)
def test_every_panel_is_valid(panel: Panel) -> None:
    """Prometheus' grammar accepts the expression."""
    promql_parser.parse(panel.expression.replace("$__rate_interval", "1m"))
