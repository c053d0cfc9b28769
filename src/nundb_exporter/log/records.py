"""From the text of Nun-db's log to its requests and events.

Nun-db writes values as clients sent them, so the text holds whatever they chose, also whole log lines. Two rules keep
them apart: a record begins only at the start of a physical line, and a line that begins with four blanks belongs to the
record before it. Nun-db indents every further line of a record so; what is not indented, no client has written. The
text given here must hold whole records.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import mul
from typing import Final, NamedTuple

from nundb_exporter.log.event_lines import BY_TARGET, PANIC, PLAIN_LINES, panic_events
from nundb_exporter.log.events import HEARTBEAT, START

_WORD_BYTES: Final = 120
"""Of a longer key, only the beginning is kept: a client may choose keys as long as it likes."""
_TORN_MICRO: Final = "\ufffd\ufffds".encode()
"""Docker cuts lines within a character, and then writes each half of it as U+FFFD."""
_SECONDS: Final = {b"ns": 1e-9, b"\xc2\xb5s": 1e-6, b"\xce\xbcs": 1e-6, _TORN_MICRO: 1e-6, b"ms": 1e-3, b"s": 1.0}
"""By unit. There are two micro signs, which look alike."""
_REPLICATED: Final = rb"replicate(?:-increment|-remove)?+ "
_WORD: Final = rb"[^ \n';]{0,%d}+" % _WORD_BYTES
_DURATION: Final = rb"(\d++(?:\.\d{1,9}+)?+)(\xc2\xb5s|ns|ms|s|\xce\xbcs|(?:\xef\xbf\xbd){2}s)\r?"

# Nearly all lines match this at once, several hundred thousand a second. The groups: time, thread, verb, start (the
# verb and the word after it; of a replicated write, two words), number, unit. The last `' in` of a line counts, because
# a value may hold others; the branches spare the search for it where nothing follows the start. TCP's commands end with
# a newline, so that the quote stands on a line of its own. A request of more lines than that is left for _request.
_REQUEST: Final = re.compile(
    rb"(?m)^\[(.{30}) nundb::process_request\] \[(\d+)\] Server processed message '"
    rb"(?=([a-z-]++)[ \n';])((?:%b%b|[a-z-]++)(?: %b)?+)"
    rb"(?:' in |[^\n'].*' in |'.*' in |(?:[^\n].*)?\n    ' in )%b$(?!\n    )" % (_REPLICATED, _WORD, _WORD, _DURATION)
)
_STRIDE: Final = 7
"""re.split returns for each match the text before it and the six groups."""
_RECORD: Final = re.compile(rb"(?m)^(?!    ).+(?:\n    .*)*")
_HEADER: Final = re.compile(rb"\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) ([A-Za-z_]\w*(?:::\w+)*)\] ")
_LONG_REQUEST: Final = re.compile(rb"\[(\d+)\] Server processed message '(.*)' in %b\Z" % _DURATION, re.DOTALL)
_LOOKS_LIKE_REQUEST: Final = re.compile(rb"\[\d+\] Server processed message '")
_START: Final = re.compile(
    rb"(?=([^ \n]*+))((?:%b%b|[^ \n]{0,%d}+)(?: %b)?+)" % (_REPLICATED, _WORD, _WORD_BYTES, _WORD)
)


class Request(NamedTuple):
    """One request, as far as anybody outside this module sees it."""

    time: bytes
    """As logged: RFC 3339 in UTC, with nanoseconds."""
    thread: bytes
    verb: bytes
    start: bytes
    """The verb and the first word after it, if there is one; of a replicated write, the database and the key."""
    seconds: float


@dataclass(slots=True)
class Requests:
    """Many requests, each field a column: a row for each would cost more than reading it."""

    times: list[bytes] = field(default_factory=list)
    threads: list[bytes] = field(default_factory=list)
    verbs: list[bytes] = field(default_factory=list)
    starts: list[bytes] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def rows(self) -> Iterator[Request]:
        """Yield the requests one by one."""
        yield from map(Request._make, zip(self.times, self.threads, self.verbs, self.starts, self.seconds, strict=True))

    def minutes(self) -> Iterator[tuple[int, int]]:
        """Yield the positions of requests of one minute, as ranges: mostly all are."""
        begin, end = 0, len(self.times)
        minute = slice(16)
        if end and self.times[0][minute] != self.times[-1][minute]:
            for position in range(1, end):
                if self.times[position][minute] != self.times[begin][minute]:
                    yield begin, position
                    begin = position
        if end:
            yield begin, end

    def before_and_from(self, time: bytes) -> "tuple[Requests, Requests]":
        """Return the requests before the first of that time or later, and the rest."""
        at = next((position for position, each in enumerate(self.times) if each >= time), len(self.times))
        columns = (self.times, self.threads, self.verbs, self.starts, self.seconds)
        before, after = ([column[part] for column in columns] for part in (slice(at), slice(at, None)))
        return Requests(*before), Requests(*after)  # type: ignore[arg-type] # each column keeps its type

    @classmethod
    def of(cls, rows: "list[Request]") -> "Requests":
        """Return the rows as columns."""
        return cls(*map(list, zip(*rows, strict=True))) if rows else cls()


@dataclass(slots=True)
class Records:
    """What one piece of the log says."""

    requests: Requests
    events: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    unparsed: int = 0
    """Lines that are none that Nun-db is known to write."""
    last_time: bytes | None = None
    heartbeat: bytes | None = None
    """When the snapshot thread last said that it is alive."""
    started: bytes | None = None
    """When a process last began: threads of before are gone."""


def read_output(text: bytes) -> Records:
    """Read whole records of Nun-db's standard output, or of both streams together."""
    parts = _REQUEST.split(text)
    seconds = list(map(mul, map(float, parts[5::_STRIDE]), map(_SECONDS.__getitem__, parts[6::_STRIDE])))
    requests = Requests(parts[1::_STRIDE], parts[2::_STRIDE], parts[3::_STRIDE], parts[4::_STRIDE], seconds)
    records = Records(requests, lines=_lines(text))
    if seconds:
        records.last_time = requests.times[-1]
    rest = b"".join(parts[::_STRIDE])
    if not rest.isspace():
        _read_rest(rest, records)
    return records


def read_errors(text: bytes) -> Records:
    """Read Nun-db's standard error, if it is kept apart: only panics are written there."""
    records = Records(Requests(), lines=_lines(text))
    for line in text.split(b"\n"):
        records.events.update(_plain_events(line) or ())
    return records


def _lines(text: bytes) -> int:
    return text.count(b"\n") + (not text.endswith(b"\n") and text != b"")


def _read_rest(rest: bytes, records: Records) -> None:
    """Read what is no simple request. Between the pieces of `rest`, where requests were, are blank lines."""
    odd: list[Request] = []
    parsed_lines = 0
    panic_ends_at = -1
    for found in _RECORD.finditer(rest):
        record = found[0]
        header = _HEADER.match(record)
        if header is not None:
            message = record[header.end() :]
            records.last_time = max(records.last_time or b"", header[1])
            if _LOOKS_LIKE_REQUEST.match(message):
                request = _request(header[1], message.replace(b"\n    ", b"\n"))
                if request is None:
                    continue
                odd.append(request)
            else:
                _note_events(records, header[1], header[2], message)
        else:
            events = _plain_events(record)
            is_of_panic = PANIC.match(record) is not None or found.start() == panic_ends_at + 1
            if is_of_panic:
                panic_ends_at = found.end()
            elif events is None:
                continue
            records.events.update(events or ())
        parsed_lines += 1 + record.count(b"\n")
    records.unparsed += sum(1 for line in rest.split(b"\n") if line not in {b"", b"\r"}) - parsed_lines
    if odd:
        records.requests = Requests.of(sorted([*records.requests.rows(), *odd]))


def _request(time: bytes, message: bytes) -> Request | None:
    found = _LONG_REQUEST.match(message)
    if found is None:
        return None
    start = _START.match(found[2])
    assert start is not None  # noqa: S101 - it matches the empty text too
    return Request(time, found[1], start[1][:_WORD_BYTES], start[2], float(found[3]) * _SECONDS[found[4]])


def _note_events(records: Records, time: bytes, target: bytes, message: bytes) -> None:
    for pattern, event in BY_TARGET.get(target, ()):
        if pattern.match(message):
            records.events[event] += 1
            if event == HEARTBEAT:
                records.heartbeat = time
            elif event == START:
                records.started = time


def _plain_events(line: bytes) -> tuple[str, ...] | None:
    """Return the events that a line without a header stands for, or None if the line is not known."""
    panic = PANIC.match(line)
    if panic is not None:
        return panic_events(panic[1])
    return next((events for pattern, events in PLAIN_LINES if pattern.match(line)), None)
