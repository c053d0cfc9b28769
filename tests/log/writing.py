"""Logs as Nun-db and the runtimes write them, with whatever values a client likes."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from nundb_exporter.log.reader import Reader
from nundb_exporter.log.tally import Tally

_TIME: Final = "2026-11-25T15:35:{:02d}.{:09d}Z"


def record(number: int, target: str, message: str) -> bytes:
    """Return a record as env_logger writes it: further lines are indented."""
    time = _TIME.format(number // 1000 % 60, number % 1000)
    return f"[{time} {target}] {message}".replace("\n", "\n    ").encode() + b"\n"


def request(number: int, text: str, duration: str = "2.5µs", thread: int = 140_572_511_770_304) -> bytes:
    """Return the record of a request; a command over TCP ends with a newline."""
    return record(number, "nundb::process_request", f"[{thread}] Server processed message '{text}' in {duration}")


def _pieces(line: bytes, size: int) -> Iterator[tuple[bytes, bool]]:
    """Yield the pieces of a line, and whether each is the last."""
    for begin in range(0, max(len(line), 1), size):
        yield line[begin : begin + size], begin + size >= len(line)


def raw(log: bytes, _: int) -> bytes:
    """Return the log as it is."""
    return log


def cri(log: bytes, size: int) -> bytes:
    """Return the log as containerd writes it, with pieces of this size."""
    return b"".join(
        b"2026-11-25T16:05:41.8Z stdout %b %b\n" % (b"F" if is_last else b"P", piece)
        for line in log.split(b"\n")[:-1]
        for piece, is_last in _pieces(line, size)
    )


def docker(log: bytes, size: int) -> bytes:
    """Return the log as Docker's json-file keeps it, with pieces of this size."""
    return b"".join(
        json.dumps(
            {
                "log": piece.decode(errors="replace") + ("\n" if is_last else ""),
                "stream": "stdout",
                "time": "2026-11-25T16:05:41.8Z",
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()
        + b"\n"
        for line in log.split(b"\n")[:-1]
        for piece, is_last in _pieces(line, size)
    )


def export(log: bytes, size: int) -> bytes:
    """Return the log as `journalctl -o export` prints it; every message is binary if its size is odd."""

    def entry(piece: bytes, is_last: bool) -> bytes:
        mark = b"" if is_last else b"_LINE_BREAK=line-max\n"
        message = (
            b"MESSAGE\n%b%b\n" % (len(piece).to_bytes(8, "little"), piece)
            if len(piece) % 2
            else b"MESSAGE=%b\n" % piece
        )
        return b"__CURSOR=s=1\nPRIORITY=6\n%b%b_PID=1\n\n" % (mark, message)

    return b"".join(entry(piece, is_last) for line in log.split(b"\n")[:-1] for piece, is_last in _pieces(line, size))


def journald_json(log: bytes, size: int) -> bytes:
    """Return the log as `journalctl -o json` prints it: every message as numbers if its size is odd."""
    lines: Iterable[dict[str, object]] = (
        {
            "__CURSOR": "s=1",
            "MESSAGE": list(piece) if len(piece) % 2 or not piece.isascii() else piece.decode(),
            **({} if is_last else {"_LINE_BREAK": "line-max"}),
        }
        for line in log.split(b"\n")[:-1]
        for piece, is_last in _pieces(line, size)
    )
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


FRAMINGS: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "raw": raw,
    "cri": cri,
    "docker": docker,
    "export": export,
    "json": journald_json,
}


class Totals(NamedTuple):
    """What a tally has counted."""

    commands: dict[str, float]
    seconds: dict[str, float]
    events: dict[str, float]
    lines: float
    unparsed: float


def totals(tally: Tally) -> Totals:
    """Return what a tally has counted, without zeros."""
    found: dict[str, dict[str, float]] = {}
    for family, labels, value in tally.samples():
        if value:
            found.setdefault(family.name, {})["".join(labels)] = value
    return Totals(
        found.get("nundb_commands_total", {}),
        {verb: round(value, 12) for verb, value in found.get("nundb_command_duration_seconds_sum", {}).items()},
        found.get("nundb_log_events_total", {}),
        found.get("nundb_log_lines_total", {}).get("", 0),
        found.get("nundb_log_unparsed_lines_total", {}).get("", 0),
    )


def read(pieces: Iterable[bytes], form: str = "auto") -> Totals:
    """Return what a reader counts in a log that comes in these pieces."""
    tally = Tally()
    reader = Reader(form, tally)
    for piece in pieces:
        reader.feed(piece)
    reader.end()
    return totals(tally)


LOG: Final = b"".join(
    (
        record(0, "nun_db", "nundb starting!"),
        request(1, "set k a value\nof two lines\n"),
        *(request(number, f"get key{number}") for number in range(2, 12)),
        record(12, "nundb::election_ops", "Will start election"),
        request(13, "set k [2026-11-25T15:35:21.921624158Z nun_db] nundb starting!\n"),
        request(14, "unwatch-all"),
    )
)
EXPECTED: Final = read([LOG])
