"""What a comparison finds, from fingerprints of values alone."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import NamedTuple


class Value(NamedTuple):
    """The fingerprints of a value, and of what follows its first word: all that a damaged sync leaves of it."""

    whole: bytes
    rest: bytes


class Fingerprints:
    """Makes fingerprints with a key that no other run has: nobody can guess a short value from one."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, text: str) -> Value:
        """Return those of a value."""
        return Value(self._digest(text), self._digest(text.partition(" ")[2]))

    def _digest(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=16).digest()


Copies = Mapping[str, Value | None]
"""By the URL of a node: what it holds of one key; None where it lacks it."""


class Copy(NamedTuple):
    """What a node has of a key that differs."""

    letter: str | None
    """Copies with the same letter have the same value; None: the node lacks the key."""
    lacks_first_word: bool
    """Whether it is what a damaged sync leaves of another node's value (protocol notes 6.7)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A key whose values are not the same on all nodes."""

    key: str
    copies: Mapping[str, Copy]
    """By the URL of the node."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How the copies of one node differ from those of the node that it is compared with."""

    missing: int = 0
    without_first_word: int = 0
    other: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseResult:
    """How the copies of one database compare."""

    name: str
    nodes: tuple[str, ...] = ()
    """The URLs of the nodes whose copies were compared to the end."""
    missing_on: tuple[str, ...] = ()
    """Nodes that do not have the database, where others do."""
    keys: int = 0
    """How many there are, each once."""
    compared: int = 0
    changing: int = 0
    """Keys that every node wrote anew between two readings: they follow each other, and are never seen alike."""
    unreadable: int = 0
    """Keys that no command can ask for by their name, or that had gone when they were asked for."""
    differences: tuple[Difference, ...] = ()
    gaps: tuple[str, ...] = ()
    """What was not compared and why, in words."""

    @property
    def is_equal(self) -> bool:
        """Whether no difference was found."""
        return not self.differences and not self.missing_on

    def tally(self, url: str, against: str) -> Tally:
        """Count how one node's copies differ from those of the node `against`."""
        missing = without_first_word = other = 0
        for difference in self.differences:
            copy, model = difference.copies.get(url), difference.copies.get(against)
            if copy is None:
                continue
            if copy.letter is None:
                missing += 1
            elif copy.lacks_first_word:
                without_first_word += 1
            elif model is not None and copy.letter != model.letter:
                other += 1
        return Tally(missing, without_first_word, other)


def is_equal(copies: Copies) -> bool:
    """Tell whether all nodes hold the same value, or none holds any. Versions may differ and say nothing."""
    return len(set(copies.values())) <= 1


def is_changing(before: Copies, after: Copies) -> bool:
    """Tell whether every node's copy has changed: a node that no write reaches any more keeps what it has."""
    return all(url in before and before[url] != value for url, value in after.items())


def difference(key: str, copies: Copies) -> Difference:
    """Describe copies that are not equal."""
    distinct = list(dict.fromkeys(value for value in copies.values() if value is not None))
    return Difference(key, {url: _copy(value, distinct) for url, value in copies.items()})


def _copy(value: Value | None, distinct: Sequence[Value]) -> Copy:
    if value is None:
        return Copy(None, lacks_first_word=False)
    is_rest = any(value.whole == other.rest for other in distinct if other != value)
    return Copy(_letter(distinct.index(value)), is_rest)


def _letter(position: int) -> str:
    """Return `a` to `z`, then `a1` to `z1`, and so on."""
    turn, place = divmod(position, len(ascii_lowercase))
    return ascii_lowercase[place] + (str(turn) if turn else "")
