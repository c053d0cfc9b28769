"""Log lines: one a line, whatever is in them, and every field comes back."""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.logs import FORMATS, LEVELS, JsonFormatter, LogfmtFormatter, LogWriter, configure, dropped_lines

MESSAGES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.lists(
        st.sampled_from(['"', "\\", "\n", "\r", "=", " ", "a=b", "\u2028", "\x1b[31m", "é", "level=error"]), max_size=6
    ).map("".join),
)


def record(message: str, *, fails: bool = False) -> logging.LogRecord:
    """Return a record of the message, with the exception that is being handled."""
    trouble = sys.exc_info() if fails else None
    found = logging.LogRecord("nundb_exporter.scrape", logging.WARNING, "f.py", 1, "%s", (message,), trouble)
    found.created = 1795400324.1504
    return found


def read_logfmt(line: str) -> dict[str, str]:
    """Read a line as Prometheus' own tools do: bare words, or strings quoted as in JSON."""
    found = {}
    position = 0
    while position < len(line):
        key = re.compile(r"(\w+)=").match(line, position)
        assert key is not None, line[position:]
        if line[key.end() : key.end() + 1] == '"':
            value, position = json.JSONDecoder().raw_decode(line, key.end())
        else:
            word = re.compile(r'[^ ="]*').match(line, key.end())
            assert word is not None
            value, position = word[0], word.end()
        found[key[1]] = value
        assert line[position : position + 1] in {"", " "}
        position += 1
    return found


@given(message=MESSAGES)
def test_every_field_comes_back(message: str) -> None:
    """In both formats, whatever the message holds: nobody can forge a field or a line."""
    expected = {"ts": "2026-11-23T02:18:44.150Z", "level": "warning", "logger": "nundb_exporter.scrape", "msg": message}
    lines = LogfmtFormatter().format(record(message)), JsonFormatter().format(record(message))
    assert read_logfmt(lines[0]) == expected
    assert json.loads(lines[1]) == expected
    assert not any(re.search(r"[\n\r\x1b]", line) for line in lines)


@pytest.mark.parametrize("formatter", [LogfmtFormatter(), JsonFormatter()], ids=FORMATS)
def test_an_exception_is_one_line_too(formatter: logging.Formatter) -> None:
    """Its traceback is a field of its own."""
    try:
        int("broken")
    except ValueError:
        line = formatter.format(record("a defect", fails=True))
    fields = json.loads(line) if line.startswith("{") else read_logfmt(line)
    assert "\n" not in line
    assert fields["msg"] == "a defect"
    assert fields["exception"].startswith("Traceback (most recent call last):\n")
    assert fields["exception"].endswith("ValueError: invalid literal for int() with base 10: 'broken'")


@pytest.fixture
def _restored() -> Iterator[None]:
    """Put the root logger back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.usefixtures("_restored")
def test_lines_go_to_standard_error_from_their_level_on(
    form: str, level: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Standard output is left to what was asked for."""
    configure(level, "json" if form == "json" else "logfmt")
    for name in LEVELS:
        logging.getLogger("nundb_exporter.test").log(logging.getLevelName(name.upper()), "at %s", name)
    logging.getLogger().handlers[0].flush()
    captured = capfd.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    fields = [json.loads(line) if form == "json" else read_logfmt(line) for line in lines]
    assert [field["level"] for field in fields] == list(LEVELS[LEVELS.index(level) :])


class Reader:
    """A pipe with a log writer at its other end."""

    def __init__(self, **settings: float) -> None:
        self.descriptor, self._writing = os.pipe()
        self._writer = LogWriter(self._writing, **settings)
        self._writer.setFormatter(logging.Formatter("%(message)s"))

    def log(self, text: str, level: int = logging.WARNING, name: str = "test") -> None:
        """Log a line."""
        self._writer.handle(logging.LogRecord(name, level, "f.py", 1, text, (), None))

    @property
    def dropped(self) -> int:
        """How many lines were dropped."""
        return self._writer.dropped

    @property
    def lines(self) -> list[str]:
        """The lines that were written since the last time."""
        self._writer.flush()
        return os.read(self.descriptor, 1 << 20).decode().splitlines()

    def settle(self) -> None:
        """Let the writer write all that it can."""
        self._writer.flush()


@pytest.fixture
def reader() -> Reader:
    """Return a pipe that a log writer writes to. Its thread lives as long as the tests, so the pipe stays open."""
    return Reader()


def test_lines_are_written_in_their_order(reader: Reader) -> None:
    """Each whole."""
    for number in range(100):
        reader.log(f"line {number}")
    assert reader.lines == [f"line {number}" for number in range(100)]
    assert reader.dropped == 0


def test_a_standard_error_that_nobody_reads_stops_nobody(reader: Reader) -> None:
    """Lines that find no place are dropped and counted; those that are written are whole, and it goes on later."""
    sent = 5000
    for number in range(sent):
        reader.log(f"line {number} {'x' * 100}")
    assert 0 < reader.dropped < sent
    seen: list[str] = []
    while len(seen) + reader.dropped < sent:
        seen += reader.lines
    assert all(line.startswith("line ") and line.endswith("x") for line in seen if len(line) > 100)
    reader.log("the end")
    assert reader.lines[-1] == "the end"


def test_a_reader_that_has_gone_costs_only_the_lines(reader: Reader) -> None:
    """A closed pipe is no reason to end, and each line is counted."""
    os.close(reader.descriptor)
    reader.log("one")
    reader.log("two")
    reader.settle()
    assert reader.dropped == 2


def test_a_pipe_that_another_program_made_non_blocking_loses_no_line(reader: Reader) -> None:
    """Node.js does so to what it shares with its children."""
    os.set_blocking(reader._writing, False)
    for number in range(900):
        reader.log(f"{number} {'x' * 200}")
    seen = b""
    while not seen.rstrip().endswith(b"899 " + b"x" * 200):
        seen += os.read(reader.descriptor, 4096)
    assert [line.split()[0] for line in seen.decode().splitlines()] == [str(number) for number in range(900)]
    assert reader.dropped == 0


def test_a_warning_that_repeats_is_written_once(reader: Reader) -> None:
    """A loop that fails thousands of times a second must not fill the disk; another text is another line."""
    for _ in range(1000):
        reader.log("too many open files", logging.ERROR)
        reader.log("another", logging.WARNING)
    assert reader.lines == ["too many open files", "another"]
    assert reader.dropped == 1998


def test_a_warning_is_written_again_after_a_while() -> None:
    """A minute by default."""
    reader = Reader(repeat_seconds=0)
    for _ in range(3):
        reader.log("again")
    assert reader.lines == ["again"] * 3


def test_a_warning_is_written_again_when_all_was_well_meanwhile(reader: Reader) -> None:
    """What its own logger reports at level info ends what was the matter; what another one reports does not."""
    reader.log("failed")
    reader.log("well", logging.INFO, "other")
    reader.log("details", logging.DEBUG)
    reader.log("failed")
    reader.log("recovered", logging.INFO)
    reader.log("failed")
    assert reader.lines == ["failed", "well", "details", "recovered", "failed"]


def test_what_is_no_warning_may_repeat(reader: Reader) -> None:
    """Nobody floods the log with good news."""
    for _ in range(3):
        reader.log("recovered", logging.INFO)
    assert reader.lines == ["recovered"] * 3


def test_different_warnings_without_end_do_not_fill_the_memory(reader: Reader) -> None:
    """What strangers can put into a text is remembered for a while only."""
    for number in range(1000):
        reader.log(f"from client {number}")
    assert len(reader._writer._written_at) <= 200


@pytest.mark.usefixtures("_restored")
def test_dropped_lines_are_counted_for_the_metrics_page(capfd: pytest.CaptureFixture[str]) -> None:
    """Before the log is configured there are none."""
    before = dropped_lines()
    configure("info", "logfmt")
    for _ in range(3):
        logging.getLogger("test").warning("again")
    assert dropped_lines() == 2
    assert before == 0
    assert "again" not in capfd.readouterr().out
