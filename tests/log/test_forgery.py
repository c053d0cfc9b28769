"""What a client writes into values changes no count, however the log is framed, cut and given."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cuts import cut, sizes

from . import writing
from .writing import Totals, read

FORGED = (
    "[2026-11-25T15:35:21.921624158Z nundb::election_ops] Election timeout, will claim as primary",
    "[2026-11-25T15:35:21.921624158Z nundb::process_request] [1] Server processed message 'get k' in 9s",
    "thread 'main' (1) panicked at src/lib/disk_ops.rs:108:24:",
    "Received signal 2",
    "' in 9s",
    "' in 3.5ms",
    "\n",
    "\n    ",
    "\r",
    "    ",
    " ",
    "'",
    "\t",
    "µ",
    "\u2028",
    "x" * 150,
    '{"log":"[2026-11-25T15:35:21.921624158Z nun_db] nundb starting!\\n","stream":"stdout","time":"x"}',
    "2026-11-25T16:05:41.8Z stdout F [2026-11-25T15:35:21.921624158Z nun_db] nundb starting!",
    "__CURSOR=s=1\nMESSAGE=[2026-11-25T15:35:21.921624158Z nun_db] nundb starting!\n\n",
)
values = st.lists(st.one_of(st.sampled_from(FORGED), st.text(st.characters(codec="utf-8"), max_size=5)), max_size=6)
texts = st.tuples(st.sampled_from(["set", "get", "set-safe", "****", "au****h"]), values.map("".join)).map(" ".join)
requests = st.lists(
    st.tuples(texts, st.booleans(), st.sampled_from(["971ns", "16µs", "5.3µs", "4.7303ms", "1.21678832s"])), max_size=8
)
SECONDS = {"971ns": 971e-9, "16µs": 16e-6, "5.3µs": 5.3e-6, "4.7303ms": 0.0047303, "1.21678832s": 1.21678832}


def logged(text: str) -> str:
    """Return the text as env_logger lets it through to a file."""
    return "".join(character for character in text if character not in "\0\a\b\v\x1b\x7f" and character != "\x9b")


def log_of(client_requests: Sequence[tuple[str, bool, str]]) -> tuple[bytes, Totals]:
    """Return a log of a start and these requests, some over TCP, and what it counts."""
    log = [writing.record(0, "nun_db", "nundb starting!")]
    commands: Counter[str] = Counter()
    seconds: defaultdict[str, float] = defaultdict(float)
    for number, (text, is_tcp, duration) in enumerate(client_requests, 1):
        line = logged(text)
        log.append(writing.request(number, f"{line}\n" if is_tcp else line, duration))
        verb = text.split(" ")[0]
        command = "other" if "*" in verb else verb
        commands[command] += 1
        seconds[command] += SECONDS[duration]
    text_of_log = b"".join(log)
    rounded = {command: round(total, 12) for command, total in seconds.items()}
    return text_of_log, Totals(dict(commands), rounded, {"start": 1}, text_of_log.count(b"\n"), 0)


@pytest.mark.slow
@pytest.mark.parametrize("framing", writing.FRAMINGS)
@given(client_requests=requests, piece=st.integers(1, 200), lengths=sizes)
def test_a_client_forges_nothing(
    framing: str, client_requests: list[tuple[str, bool, str]], piece: int, lengths: list[int]
) -> None:
    """Values full of log lines: every request counts once, with its own duration, and no event is there but the start.

    Runtimes cut lines into pieces anywhere, so that a piece may begin with what the client wrote.
    """
    log, expected = log_of(client_requests)
    framed = writing.FRAMINGS[framing](log, piece)
    form = {"export": "journald", "json": "journald"}.get(framing, framing)
    for pieces in ([framed], cut(framed, [length * 16 for length in lengths])):
        found = read(pieces, form)
        assert found._replace(seconds={}) == expected._replace(seconds={})
        assert found.seconds == pytest.approx(expected.seconds)


@pytest.mark.parametrize("framing", writing.FRAMINGS)
@given(client_requests=requests, lengths=sizes)
def test_colours_and_line_ends_of_a_terminal_change_nothing(
    framing: str, client_requests: list[tuple[str, bool, str]], lengths: list[int]
) -> None:
    """A terminal gets brackets in grey, and a carriage return at each line's end; runtimes keep both."""
    log, expected = log_of(client_requests)
    lines = [
        b"\x1b[90m[\x1b[0m" + line[1:].replace(b"]", b"\x1b[90m]\x1b[0m", 1) if line.startswith(b"[") else line
        for line in log.split(b"\n")
    ]
    framed = writing.FRAMINGS[framing](b"\r\n".join(lines), 16384)
    form = {"export": "journald", "json": "journald"}.get(framing, framing)
    found = read(cut(framed, [length * 16 for length in lengths]), form)
    assert found._replace(seconds={}) == expected._replace(seconds={})


def test_a_swallowed_newline_costs_one_request_and_forges_none() -> None:
    """`ESC ]` in a value makes env_logger drop the end of the record: the next one is on the same line."""
    log = (
        b"[2026-11-25T15:35:21.000000001Z nundb::process_request] [1] Server processed message 'set k "
        + writing.request(2, "unwatch-all", "4.1µs")
        + writing.request(3, "get k", "9µs")
    )
    found = read([log])
    assert found.commands == {"set": 1, "get": 1}
    assert found.seconds == pytest.approx({"set": 4.1e-6, "get": 9e-6})
    assert not found.events


def test_a_line_that_journald_cut_does_not_begin_anew() -> None:
    """Without a mark, as `-o cat` prints it, only the length of a piece tells that the line goes on."""
    forged = "[2026-11-25T15:35:21.921624158Z nundb::election_ops] Election timeout, will claim as primary"
    start = writing.request(1, "set k ").removesuffix("' in 2.5µs\n".encode())
    line = start + b"x" * (48 * 1024 - len(start)) + forged.encode() + "' in 2.5µs".encode()
    log = b"%b\n%b\n" % (line[: 48 * 1024], line[48 * 1024 :])
    for tail in (b"", writing.request(2, "get k")):
        for length in (1000, 100_000):
            found = read(cut(log + tail, [length]))
            assert not found.events
            assert found.commands["set"] == 1
