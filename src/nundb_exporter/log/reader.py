"""Bytes of a log, however they are cut, to counts."""

from typing import Final

from nundb_exporter.log.formats import framing
from nundb_exporter.log.framing import Framing, Text
from nundb_exporter.log.records import read_errors, read_output
from nundb_exporter.log.tally import Tally

_MAX_HELD: Final = 4 * 1024 * 1024
"""Bytes of an unfinished record that are kept; Nun-db logs values whole, however long they are."""

_HEAD_BYTES: Final = 4096
"""Enough of a first line to tell the format from."""


class Reader:
    """Reads one log, in pieces. Several readers may count into one tally."""

    def __init__(self, form: str, tally: Tally) -> None:
        self._form = form
        self._tally = tally
        self._framing: Framing | None = None
        self._held = b""
        """Begins where a record begins, unless bytes are lost."""
        self._shortened_by = 0
        self.is_lost = False
        """Whether the next bytes may belong to the middle of a record."""

    @property
    def pending(self) -> int:
        """Bytes that were fed and are not counted yet, for they may belong to a record that goes on."""
        return len(self._held) + self._shortened_by

    def recognise(self, head: bytes) -> Framing | None:
        """Tell the format from the log's first bytes, and return it; None if there are too few."""
        if self._framing is None and (b"\n" in head or len(head) >= _HEAD_BYTES):
            self._framing = framing(self._form, head)
        return self._framing

    def skip(self) -> None:
        """Take notice that bytes are missing before those that follow."""
        self._held = b""
        self._shortened_by = 0
        self.is_lost = True

    def feed(self, data: bytes) -> None:
        """Count all records that are whole now."""
        data = self._held + data if self._held else data
        self._held = data
        form = self.recognise(data)
        if form is None:
            return
        if self.is_lost:
            start = form.start(data)
            if start is None:
                self._held = data[-_MAX_HELD:]
                return
            self.is_lost = False
            data = data[start:]
        self._count(*form.take(data), data)
        if len(self._held) > _MAX_HELD:
            whole = self._held
            self._held = form.shortened(whole)
            self._shortened_by += len(whole) - len(self._held)

    def settle(self) -> None:
        """Count the last record too: nothing has followed for a while, so it has ended if its line has."""
        if self._framing is not None and not self.is_lost:
            self._count(*self._framing.take_ended(self._held), self._held)

    def end(self) -> None:
        """Count what is left: nothing will follow."""
        if self._held and not self._held.endswith(b"\n"):
            self.feed(b"\n")
        self.settle()

    def _count(self, text: Text, length: int, data: bytes) -> None:
        self._held = data[length:]
        if length:
            self._shortened_by = 0
        if text.output:
            self._tally.add(read_output(text.output))
        if text.errors:
            self._tally.add(read_errors(text.errors))
