"""The formats of journalctl.

journald drops blank lines and trailing blanks, and cuts lines at 48 KiB. Only `-o export` and `-o json` mark a cut.
`-o short` and `-o cat` do not: with blanks at the cut, a client could make a line begin there.
"""

import re
from typing import Final

from nundb_exporter.log.framing import JOURNALD_PIECE, Piece, json_object, split_lines

_CUT: Final = "line-max"
"""The value of _LINE_BREAK on every piece of a line but the last."""


class _NothingPlain:
    """A format without a faster way."""

    def plain(self, data: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - the signature of Entries
        """See Entries."""
        return b"", -1


class Export(_NothingPlain):
    """`journalctl -o export`: fields, one a line, and an empty line after each entry.

    A field with control bytes is binary: its name, a newline, its length as 64 bits, its bytes.
    """

    _BINARY: Final = re.compile(rb"(?m)^[A-Z0-9_]++$")
    _LENGTH_BYTES: Final = 8

    def split(self, data: bytes) -> list[bytes]:
        """See Entries."""
        entries = []
        begin = 0
        while (end := self._end(data, begin)) is not None:
            entries.append(data[begin:end])
            begin = end
        return entries

    def _end(self, data: bytes, begin: int) -> int | None:
        """Return where the entry that begins there ends, or None if its end is not in the data."""
        end = data.find(b"\n\n", begin)
        while end >= 0:
            binary = self._BINARY.search(data, begin, end + 1)
            if binary is None:
                return end + 2
            # The length may hold any byte, and the bytes what a client wrote.
            begin = binary.end() + 1 + self._LENGTH_BYTES
            begin += int.from_bytes(data[binary.end() + 1 : begin], "little")
            end = data.find(b"\n\n", begin)
        return None

    def read(self, entry: bytes) -> Piece | None:
        """See Entries."""
        message = None
        is_last = True
        begin = 0
        while begin < len(entry):
            end = entry.find(b"\n", begin)
            name, is_text, value = entry[begin:end].partition(b"=")
            if not is_text:
                begin = end + 1 + self._LENGTH_BYTES
                end = begin + int.from_bytes(entry[end + 1 : begin], "little")
                value = entry[begin:end]
            if name == b"MESSAGE":
                message = value
            elif name == b"_LINE_BREAK":
                is_last = value != _CUT.encode()
            begin = end + 1
        return None if message is None else Piece(message, is_last)


class Json(_NothingPlain):
    """`journalctl -o json`: an object a line; a message with control bytes is a list of numbers."""

    def split(self, data: bytes) -> list[bytes]:
        """See Entries."""
        return split_lines(data)

    def read(self, entry: bytes) -> Piece | None:
        """See Entries."""
        fields = json_object(entry)
        message = fields.get("MESSAGE")
        is_last = fields.get("_LINE_BREAK") != _CUT
        if isinstance(message, str):
            return Piece(message.encode(errors="surrogatepass"), is_last)
        if isinstance(message, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in message):  # noqa: PLR2004 - a byte
            return Piece(bytes(message), is_last)
        return None


class Short(_NothingPlain):
    """`journalctl -o short` and its variants: time, perhaps the host, program and process, and then the line."""

    ENTRY: Final = re.compile(
        rb"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\d[T ]\S+(?: [A-Z]+)?) (?:\S+ )?"
        rb"[^\s\[]+\[\d+\]: (.*)\n",
        re.DOTALL,
    )

    def split(self, data: bytes) -> list[bytes]:
        """See Entries."""
        return split_lines(data)

    def read(self, entry: bytes) -> Piece | None:
        """See Entries."""
        found = self.ENTRY.fullmatch(entry)
        return Piece(found[1], len(found[1]) != JOURNALD_PIECE) if found else None
