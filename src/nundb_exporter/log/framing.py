"""What runtimes put around Nun-db's lines, taken off again: pieces joined, the two streams told apart.

Everything here is pure and remembers nothing: a framing gets the bytes from a place where a record begins, and says how
many of them are whole records. The rest is given again, with what has followed. So a place in the log is one offset.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

_COLOUR: Final = re.compile(rb"\x1b\[[0-9;]*m")
_STARTS: Final = (b"[", b"\x1b[90m[")
"""How a record begins, the second one on a terminal. A line that a client wrote begins with four blanks."""
JOURNALD_PIECE: Final = 48 * 1024
"""Where journald cuts a line. `journalctl -o short` and `-o cat` do not mark that, so that only the length tells."""

_ENDS_BYTES: Final = 64 * 1024
"""Kept of both ends of a record that is too long: what is between them is a value."""


class Text(NamedTuple):
    """Whole records, as Nun-db wrote them."""

    output: bytes
    errors: bytes = b""
    """Standard error, if the format tells it apart."""


class Framing(Protocol):
    """One format."""

    def take(self, data: bytes) -> tuple[Text, int]:
        """Return the whole records of `data`, which begins with a record, and how many bytes of it they are.

        A record is whole when another one has begun after it.
        """

    def take_ended(self, data: bytes) -> tuple[Text, int]:
        """Return like `take` also a last record whose line has ended, though a further line of it may follow."""

    def start(self, data: bytes) -> int | None:
        """Return where a record begins in `data`, which begins anywhere; None if that cannot be said for certain."""

    def shortened(self, data: bytes) -> bytes:
        """Return what `take` has left, without the middle: one record that is longer than may be kept."""


class Raw:
    """Nun-db's own bytes, also with the colours and the line ends of a terminal."""

    def take(self, data: bytes) -> tuple[Text, int]:
        """See Framing."""
        end = len(data) + 1
        while end:
            end = 1 + max(data.rfind(b"\n" + start, 0, end) for start in _STARTS)
            line = data.rfind(b"\n", 0, max(end - 1, 0)) + 1
            if end - 1 - line != JOURNALD_PIECE:
                break
            end = line + len(_STARTS[1])  # what follows is no record, but the middle of this line
        return self._up_to(data, end)

    def take_ended(self, data: bytes) -> tuple[Text, int]:
        """See Framing."""
        return self._up_to(data, 1 + data.rfind(b"\n"))

    def start(self, data: bytes) -> int | None:
        """See Framing."""
        found = [position for start in _STARTS if (position := data.find(b"\n" + start)) >= 0]
        return 1 + min(found) if found else None

    def shortened(self, data: bytes) -> bytes:
        """See Framing."""
        return data[:_ENDS_BYTES] + data[-_ENDS_BYTES:]

    @staticmethod
    def _up_to(data: bytes, end: int) -> tuple[Text, int]:
        text = without_colours(data[:end])
        if _has_long_line(text):
            lines = text.removesuffix(b"\n").split(b"\n")
            text = b"".join(line if len(line) == JOURNALD_PIECE else line + b"\n" for line in lines)
        return Text(text), end


def without_colours(text: bytes) -> bytes:
    """Take off what Nun-db writes around the brackets of a header on a terminal."""
    return _COLOUR.sub(b"", text) if b"\x1b[" in text else text


def _has_long_line(text: bytes) -> bool:
    """Whether a line may be as long as a piece of journald's; such a one has no end in some half of a piece."""
    half = JOURNALD_PIECE // 2
    return any(text.find(b"\n", begin, begin + half) < 0 for begin in range(0, len(text) - half, half))


class Piece(NamedTuple):
    """One entry of a format that cuts long lines into pieces."""

    text: bytes
    """Without the newline."""
    is_last: bool = True
    """Whether the line ends with it."""
    is_error: bool = False


class Entries(Protocol):
    """How a format of entries is taken apart."""

    def split(self, data: bytes) -> list[bytes]:
        """Return the entries whose end is in `data`; joined, they are its beginning."""

    def read(self, entry: bytes) -> Piece | None:
        """Return what the entry holds; None if it is none of this format."""

    def plain(self, data: bytes) -> tuple[bytes, int]:
        """Return the text of those entries that are a whole line of standard output each, and their number: fast."""


class Pieced:
    """A format of entries, each with one line or with a piece of one."""

    def __init__(self, entries: Entries) -> None:
        self._entries = entries

    def take(self, data: bytes) -> tuple[Text, int]:
        """See Framing."""
        entries = self._entries.split(data)
        text, count = self._entries.plain(data[: sum(map(len, entries))])
        if count == len(entries) and _STARTS[1] not in text:
            end = 1 + text.rfind(b"\n[")
            return Text(text[:end]), sum(map(len, entries[: count - text.count(b"\n", end)]))
        pieces = [self._entries.read(entry) for entry in entries]
        *_, last = (0, *_starts(pieces))
        return _joined(pieces[:last]), sum(map(len, entries[:last]))

    def take_ended(self, data: bytes) -> tuple[Text, int]:
        """See Framing."""
        entries = self._entries.split(data)
        pieces = [self._entries.read(entry) for entry in entries]
        if any(_open_streams(pieces)):
            return self.take(data)
        return _joined(pieces), sum(map(len, entries))

    def start(self, data: bytes) -> int | None:
        """See Framing."""
        entries = self._entries.split(data)
        # The first entry may be a torn one; the next ones may continue a line that began before them.
        pieces = [None, *map(self._entries.read, entries[1:])]
        first = next(_starts(pieces, is_in_line=True), None)
        return None if first is None else sum(map(len, entries[:first]))

    def shortened(self, data: bytes) -> bytes:
        """See Framing."""
        entries = self._entries.split(data)
        beginning, middle = entries[:2], entries[2:]
        kept = 0
        while kept < len(middle) and len(middle[-1 - kept]) * (kept + 1) <= _ENDS_BYTES:
            kept += 1
        whole = sum(map(len, entries))
        return b"".join((*beginning, *middle[len(middle) - kept :], data[whole:]))


def _starts(pieces: Iterable[Piece | None], *, is_in_line: bool = False) -> Iterator[int]:
    """Yield the positions where a record begins while no line is open, of neither stream."""
    is_open = [is_in_line, False]
    for position, piece in enumerate(pieces):
        if piece is not None:
            if not (is_open[0] or is_open[1] or piece.is_error) and piece.text.startswith(_STARTS):
                yield position
            is_open[piece.is_error] = not piece.is_last


def _open_streams(pieces: Iterable[Piece | None]) -> list[bool]:
    is_open = [False, False]
    for piece in pieces:
        if piece is not None:
            is_open[piece.is_error] = not piece.is_last
    return is_open


def _joined(pieces: Sequence[Piece | None]) -> Text:
    streams: tuple[list[bytes], list[bytes]] = ([], [])
    for piece in pieces:
        if piece is not None:
            streams[piece.is_error].extend((piece.text, b"\n") if piece.is_last else (piece.text,))
    output, errors = map(b"".join, streams)
    return Text(without_colours(output), errors)


def split_lines(data: bytes) -> list[bytes]:
    """Return the whole lines, each with its newline."""
    return [line + b"\n" for line in data.split(b"\n")[:-1]]


class Cri:
    """What containerd and conmon write: time, stream, `F` for the last piece of a line and `P` for the others."""

    _ENTRY: Final = re.compile(rb"[^ ]+ (stdout|stderr) ([FP])[^ ]* ?(.*)\n", re.DOTALL)
    _PLAIN: Final = re.compile(rb"(?m)^[^ \n]++ stdout F ")

    def split(self, data: bytes) -> list[bytes]:
        """See Entries."""
        return split_lines(data)

    def read(self, entry: bytes) -> Piece | None:
        """See Entries."""
        found = self._ENTRY.fullmatch(entry)
        return Piece(found[3], found[2] == b"F", found[1] == b"stderr") if found else None

    def plain(self, data: bytes) -> tuple[bytes, int]:
        """See Entries."""
        return self._PLAIN.subn(b"", data)


class Docker:
    """Docker's json-file: each piece of a line is one object."""

    _PLAIN: Final = re.compile(
        rb'(?m)^\{"log":"([^"\\\n]*+)\\n","stream":"stdout"(?:,"attrs":\{[^}\n]*+\})?,"time":"[^"\n]*+"\}$'
    )

    def split(self, data: bytes) -> list[bytes]:
        """See Entries."""
        return split_lines(data)

    def read(self, entry: bytes) -> Piece | None:
        """See Entries."""
        fields = json_object(entry)
        log = fields.get("log")
        if not isinstance(log, str):
            return None
        text = log.encode(errors="surrogatepass")
        return Piece(text.removesuffix(b"\n"), text.endswith(b"\n"), fields.get("stream") == "stderr")

    def plain(self, data: bytes) -> tuple[bytes, int]:
        """See Entries."""
        return self._PLAIN.subn(rb"\1", data)


def json_object(line: bytes) -> dict[str, object]:
    """Return the object on a line; an empty one if there is none."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):  # a thousand brackets
        return {}
    return fields if isinstance(fields, dict) else {}
