"""The demo on a terminal: a table that stays in its place, and keys that break the cluster and put it right."""

import signal
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from .terminal import COLUMNS, terminal
from .test_demo import ANY_PORTS


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


async def test_the_table_is_drawn_over_the_one_before(temporary: Path) -> None:
    """The cursor goes up by as many lines as there were, and no line is longer than the terminal is wide."""
    async with terminal(temporary, "demo", *ANY_PORTS, "--no-prometheus") as person:
        await person.shown("\x1b[8F\x1b[J")
        tables = person.text.partition("Look at")[2].replace("\x1b[8F\x1b[J", "").splitlines()
        assert sum(line.startswith("node0   primary") for line in tables) >= 2
        assert all(len(click.unstyle(line)) < COLUMNS for line in tables if not line.startswith(" "))
        person.type("q")
        assert await person.process.wait() == 0


async def test_a_dumb_terminal_gets_plain_lines(temporary: Path) -> None:
    """It knows neither colours nor movements of the cursor, so there is no table, and no key changes it."""
    async with terminal(temporary, "demo", *ANY_PORTS, "--no-prometheus", TERM="dumb") as person:
        await person.shown("node0 primary, pending")
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
