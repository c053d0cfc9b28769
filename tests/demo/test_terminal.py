"""The demo on a terminal: a table that stays in its place, and keys that break the cluster and put it right."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

from tests.wire.waiting import eventually

from .terminal import ROWS, terminal
from .test_demo import ANY_PORTS

REDRAWN = re.compile(r"\x1b\[\d+F\x1b\[J")
"""The cursor goes up to where the table begins, and what is below is cleared."""


def screen_before_the_last_table(text: str, columns: int) -> list[str]:
    """Return the lines that a person sees just before the table is drawn once more."""
    *_, last = REDRAWN.finditer(text)
    screen = pyte.Screen(columns, ROWS)
    pyte.Stream(screen).feed(text[: last.start()])
    return [line.rstrip() for line in screen.display]


@pytest.fixture
def temporary(tmp_path: Path) -> Iterator[Path]:
    """A directory in which nothing may be left."""
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


async def test_keys_switch_faults_and_end_it(temporary: Path) -> None:
    """Each key does what the footer says, at once; the terminal is as it was afterwards."""
    async with terminal(temporary, "demo", *ANY_PORTS, "--no-prometheus") as person:
        assert person.is_echoing
        await person.shown("h hung-replica  d dead-replica")
        assert not person.is_echoing
        person.type("x")
        person.type("h")
        await person.shown("hung-replica at node2")
        await person.shown("nundb_replication_pending_operations grows with every write")
        person.type("h")
        await person.shown("hung-replica: has ended")
        person.type("d")
        await person.shown("dead-replica at node2")
        await person.shown("will never ack")
        person.type("r")
        await person.shown("resume: all faults have ended")
        person.type("q")
        await person.shown("nothing is left")
        assert await person.process.wait() == 0
        assert person.is_echoing


@pytest.mark.parametrize("columns", [80, 40])
async def test_the_table_is_drawn_over_the_one_before(temporary: Path, columns: int) -> None:
    """However often it is drawn, and narrow as the terminal may be: the screen holds it once, and all of the keys."""
    async with terminal(temporary, "demo", *ANY_PORTS, "--no-prometheus", columns=columns) as person:
        await eventually(person.seen, lambda text: len(REDRAWN.findall(text)) > 2)
        lines = screen_before_the_last_table(person.text, columns)
        table = [line.split()[0] for line in lines if re.match(r"(NODE|node\d)   ", line)]
        assert table == ["NODE", "node0", "node1", "node2"]
        assert {"h hung-replica", "q quit"} <= {word for line in lines for word in line.split("  ")}
        person.type("q")
        assert await person.process.wait() == 0


async def test_a_dumb_terminal_gets_plain_lines(temporary: Path) -> None:
    """It knows neither colours nor movements of the cursor, so there is no table, and no key changes it."""
    async with terminal(temporary, "demo", *ANY_PORTS, "--no-prometheus", TERM="dumb") as person:
        await person.shown("; node2 ")
        person.process.send_signal(signal.SIGINT)
        await person.shown("nothing is left")
        assert await person.process.wait() == 0
        assert "\x1b" not in person.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_gives_the_terminal_back_too(temporary: Path, number: signal.Signals) -> None:
    """Whoever ends it, keys are echoed again."""
    async with terminal(temporary, "demo", *ANY_PORTS, "--no-prometheus") as person:
        await person.shown("q quit")
        person.process.send_signal(number)
        await person.shown("nothing is left")
        assert await person.process.wait() == 0
        assert person.is_echoing


async def test_it_ends_when_its_terminal_is_closed(temporary: Path) -> None:
    """Nobody could end it otherwise, and its load would go on for ever. What it says at its end reaches nobody."""
    async with terminal(temporary, "demo", *ANY_PORTS, "--no-prometheus") as person:
        await person.shown("q quit")
        person.close()
        assert await person.process.wait() == 3
