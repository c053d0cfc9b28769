"""Log lines: one a line, whatever is in them, and every field comes back."""

import json
import logging
import re
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.logs import FORMATS, LEVELS, JsonFormatter, LogfmtFormatter, configure

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
    form: str, level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output is left to what was asked for."""
    configure(level, "json" if form == "json" else "logfmt")
    for name in LEVELS:
        logging.getLogger("nundb_exporter.test").log(logging.getLevelName(name.upper()), "at %s", name)
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    fields = [json.loads(line) if form == "json" else read_logfmt(line) for line in lines]
    assert [field["level"] for field in fields] == list(LEVELS[LEVELS.index(level) :])
