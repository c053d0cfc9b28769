"""The samples of one scrape, looked up by family and labels."""

from collections.abc import Iterable
from typing import Final

from nundb_exporter.metrics import Family, Sample

_LARGEST: Final = 2.0**64
"""A node may send any number: one beyond those of 64 bits, as Nun-db counts, is taken as unknown."""


class Values:
    """The samples of one scrape."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._by_family: dict[Family, list[tuple[tuple[str, ...], float]]] = {}
        for sample in samples:
            self._by_family.setdefault(sample.family, []).append((sample.labels, sample.value))

    def all(self, family: Family) -> list[tuple[tuple[str, ...], float]]:
        """Return each sample of the family, twins included."""
        return self._by_family.get(family, [])

    def number(self, family: Family, *labels: str) -> float | None:
        """Return a value; None if there is none, or one that cannot be."""
        found = dict(reversed(self.all(family))).get(labels)
        return found if found is not None and -_LARGEST <= found <= _LARGEST else None

    def count(self, family: Family, *labels: str) -> int | None:
        """Return a value that is a whole number."""
        value = self.number(family, *labels)
        return None if value is None else int(value)

    def flag(self, family: Family, *labels: str) -> bool | None:
        """Return a value that is 0 or 1."""
        value = self.number(family, *labels)
        return None if value is None else bool(value)
