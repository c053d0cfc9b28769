"""The report of `compare`, as text and as JSON. Keys are hashes unless they are asked for; values are never in it."""

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from nundb_exporter.cli.terminal import printable
from nundb_exporter.compare import Compared, Copy, DatabaseResult, Unreachable
from nundb_exporter.quantities import count, counted
from nundb_exporter.table import aligned

_HASH_DIGITS: Final = 16


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """Which nodes were compared, which could not be, and the result for each database."""

    nodes: Sequence[Compared]
    failures: Sequence[Unreachable]
    databases: Sequence[DatabaseResult]

    @property
    def is_equal(self) -> bool:
        """Whether no difference was found."""
        return all(database.is_equal for database in self.databases)

    @property
    def is_complete(self) -> bool:
        """Whether everything was compared that the settings ask for."""
        return bool(self.databases) and not self.failures and not any(each.gaps for each in self.databases)

    @property
    def model(self) -> str | None:
        """The node that the others are compared with: the primary, or else the first."""
        nodes = sorted(self.nodes, key=lambda node: not node.is_primary)
        return nodes[0].url if nodes else None

    def as_json(self, *, show_keys: bool) -> dict[str, Any]:
        """Return all of it for a script."""
        return {
            "equal": self.is_equal,
            "complete": self.is_complete,
            "nodes": [{"url": node.url, "primary": node.is_primary, "failure": None} for node in self.nodes]
            + [{"url": node.url, "primary": None, "failure": node.reason} for node in self.failures],
            "databases": [self._database_json(database, show_keys=show_keys) for database in self.databases],
        }

    def _database_json(self, database: DatabaseResult, *, show_keys: bool) -> dict[str, Any]:
        fields = dataclasses.asdict(database)
        fields["differences"] = [
            {
                ("key" if show_keys else "key_sha256"): _named(each.key, show_keys=show_keys),
                "copies": {url: copy._asdict() for url, copy in each.copies.items()},
            }
            for each in database.differences
        ]
        tallies = {url: dataclasses.asdict(database.tally(url, self.model or url)) for url in database.nodes}
        return {"equal": database.is_equal, **fields, "tally": tallies}

    def lines(self, most: int, *, show_keys: bool) -> Iterator[str]:
        """Yield all of it for a person; of each database at most so many keys."""
        for node in self.failures:
            failure = printable(f"{node.url} is not compared: {node.reason}")
            yield f"{click.style('✗', fg='yellow', bold=True)} {failure}"
        if len(self.nodes) < 2:  # noqa: PLR2004 - a comparison takes two
            yield "Nothing was compared: that takes two nodes."
        for database in self.databases:
            yield from self._database_lines(database, most, show_keys=show_keys)
        if self.is_equal and self.is_complete:
            yield f"{click.style('✓', fg='green', bold=True)} no difference between {_nodes(len(self.nodes))}"

    def _database_lines(self, database: DatabaseResult, most: int, *, show_keys: bool) -> Iterator[str]:
        differing = counted(len(database.differences), "key differs", "keys differ")
        amount = (
            f"{count(database.compared)} of {counted(database.keys, 'key')} compared on {_nodes(len(database.nodes))}"
        )
        yield f"{click.style(printable(database.name), bold=True)}  {amount}, {differing}"
        for url in database.missing_on:
            yield _row(f"{url} does not have the database")
        for url in database.nodes:
            tally = database.tally(url, self.model or url)
            parts = [
                counted(number, *nouns)
                for number, nouns in (
                    (tally.missing, ("key missing", "keys missing")),
                    (tally.without_first_word, ("value without its first word", "values without their first word")),
                    (tally.other, ("other value", "other values")),
                )
                if number
            ]
            if parts:
                yield _row(f"{url}: {', '.join(parts)}")
        if database.changing:
            yield _row(f"not judged, because every node keeps writing them: {counted(database.changing, 'key')}")
        if database.unreadable:
            yield _row(f"not readable by their names, or gone meanwhile: {counted(database.unreadable, 'key')}")
        for gap in database.gaps:
            yield _row(f"not compared: {gap}")
        yield from _table(database, most, show_keys=show_keys)


def _table(database: DatabaseResult, most: int, *, show_keys: bool) -> Iterator[str]:
    shown = database.differences[:most]
    if not shown:
        return
    rows: list[tuple[str, ...]] = [("KEY", *database.nodes)]
    for each in shown:
        cells = (_cell(each.copies.get(url)) for url in database.nodes)
        rows.append((_named(each.key, show_keys=show_keys), *cells))
    for line in aligned([tuple(map(printable, row)) for row in rows], gap=2):
        yield f"  {line}"
    if len(shown) < len(database.differences):
        yield _row(f"and {counted(len(database.differences) - len(shown), 'key')} more (--list)")


def _cell(copy: Copy | None) -> str:
    if copy is None:
        return "?"
    if copy.letter is None:
        return "missing"
    return f"{copy.letter}, no first word" if copy.lacks_first_word else copy.letter


def _named(key: str, *, show_keys: bool) -> str:
    return key if show_keys else hashlib.sha256(key.encode()).hexdigest()[:_HASH_DIGITS]


def _nodes(number: int) -> str:
    return counted(number, "node")


def _row(text: str) -> str:
    return f"  {printable(text)}"
