"""What the demo shows: lines that stay, and below them, on a terminal, a table that is refreshed in place."""

import os
import re
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

import click

from nundb_exporter.judge import NodeReport
from nundb_exporter.table import aligned

_UP_AND_CLEAR: Final = "\x1b[{}F\x1b[J"
"""Cursor to the start of the line so many above, then clear to the end of the screen (ECMA-48: CPL, ED)."""
_COLOR: Final = re.compile(r"\x1b\[[0-9;]*m")
"""Colours and bold (ECMA-48: SGR)."""
_HEADINGS: Final = ("NODE", "ROLE", "PENDING", "OPLOG RECORDS", "REPLICATION")
_GAP: Final = 3


class Screen:
    """Writes to a stream until it fails, for example because its reader has gone; `failure` tells that."""

    def __init__(self, stream: TextIO, *, is_terminal: bool, has_color: bool = True) -> None:
        self.is_terminal = is_terminal
        self._has_color = has_color
        self.failure: OSError | None = None
        self._stream = stream
        self._shown: list[str] = []

    @property
    def width(self) -> int:
        """How long a line can be, in characters; one column stays free, where a terminal may wrap already."""
        return shutil.get_terminal_size().columns - 1

    @property
    def height(self) -> int:
        """How many lines can be shown and refreshed; the cursor stands below them."""
        return shutil.get_terminal_size().lines - 1

    def say(self, text: str = "") -> None:
        """Write a line that stays, above the table; on a terminal it is wrapped between words.

        One that holds an address is left whole, for whoever copies it.
        """
        lines = wrapped(text, self.width) if self.is_terminal and "://" not in text else [text]
        self._write(f"{self._erase()}{_joined(lines)}{_joined(self._shown)}")

    def show(self, lines: Sequence[str]) -> None:
        """Replace the table; where there is no terminal, write the lines below the last ones."""
        before = self._erase()
        if self.is_terminal:
            self._shown = [_fitted(line, self.width) for line in lines[: self.height]]
        self._write(before + _joined(self._shown or lines))

    def keep_table(self) -> None:
        """Leave the table on the screen: what comes next is written below it."""
        self._shown = []

    def _erase(self) -> str:
        return _UP_AND_CLEAR.format(len(self._shown)) if self._shown else ""

    def _write(self, text: str) -> None:
        if self.failure is not None:
            return
        try:
            self._stream.write(text if self._has_color else _COLOR.sub("", text))
            self._stream.flush()
        except OSError as error:
            self.failure = error
            # What is still buffered would fail once more when Python ends (its documentation, "Note on SIGPIPE").
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def wrapped(text: str, width: int) -> list[str]:
    """Cut a text into lines, between words; further ones are indented."""
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    lines = textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return lines or [text]


def table(reports: Mapping[str, NodeReport], width: int) -> list[str]:
    """Return a row for each node, under headings; the last columns are left out where they are too wide."""
    rows: list[tuple[str, ...]] = [_HEADINGS, *((name, *_cells(report)) for name, report in reports.items())]
    lines = aligned(rows, gap=_GAP)
    while max(map(len, lines)) > width and len(rows[0]) > 1:
        rows = [row[:-1] for row in rows]
        lines = aligned(rows, gap=_GAP)
    return lines


def sentence(reports: Mapping[str, NodeReport]) -> str:
    """Return all nodes in one line, for where there is no terminal."""
    return "; ".join(
        "{} {}, pending {}, oplog records {}, replication {}".format(name, *_cells(report))
        for name, report in reports.items()
    )


def _cells(report: NodeReport) -> tuple[str, ...]:
    role = report.texts["role"] if report.is_up else f"down: {report.reason}"
    return (role, *(report.texts[field] for field in ("pending_operations", "oplog_records", "replication_seconds")))


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _fitted(line: str, width: int) -> str:
    """Cut a line that would wrap: the table must be as many lines on the screen as it has."""
    plain = click.unstyle(line)
    return line if len(plain) <= width else plain[:width]
