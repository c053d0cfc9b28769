"""What the canary has seen so far, and the samples of it."""

import bisect
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nundb_exporter.canary import families
from nundb_exporter.canary.verdict import Sighting
from nundb_exporter.metrics import Histogram, Sample


@dataclass(slots=True)
class _Durations:
    """Observations of one series of a histogram."""

    counts: list[int]
    total: float = 0.0

    def add(self, bounds: tuple[float, ...], seconds: float) -> None:
        self.counts[bisect.bisect_left(bounds, seconds)] += 1
        self.total += seconds


@dataclass(slots=True)
class Tally:
    """Counts of all rounds, and the state after the last one."""

    _durations: dict[tuple[Histogram, str], _Durations] = field(default_factory=dict)
    _missed: Counter[str] = field(default_factory=Counter)
    _members: dict[str, tuple[bool | None, bool | None]] = field(default_factory=dict)
    """Whether each has diverged, and is damaged; None where that cannot be told."""
    _watched: dict[str, bool] = field(default_factory=dict)
    _failure: str | None = None
    _is_paused: bool = False
    _round_at: float | None = None

    def took(self, operation: str, seconds: float) -> None:
        """Note how long the primary took to answer."""
        self._observe(families.OPERATION, operation, seconds)

    def watches(self, primary: str, others: Mapping[str, bool]) -> None:
        """Note who is in the cluster, and whether each member but the primary answers; forget who has left."""
        self._watched = dict(others)
        gone = self._missed.keys() - others.keys() - {primary}
        for member in gone:
            del self._missed[member]
            self._durations.pop((families.DELAY, member), None)

    def failed(self, reason: str, now: float) -> None:
        """Note a round in which nothing could be written; `now` is in seconds since the epoch."""
        self._watched = {}
        self._end(now, reason)

    def paused(self, now: float) -> None:
        """Note a round in which nothing was to be written."""
        self._end(now, None, is_paused=True)

    def saw(self, word: str, sightings: Mapping[str, Sighting], now: float) -> None:
        """Note a round in which a word was written and read back, and what was seen of it at each other member."""
        self._end(now, None)
        for member, sighting in sightings.items():
            if sighting.delay_seconds is not None:
                self._observe(families.DELAY, member, sighting.delay_seconds)
            self._missed[member] += sighting.is_late()
            self._members[member] = (sighting.has_diverged(word), sighting.is_damaged())

    def _end(self, now: float, failure: str | None, *, is_paused: bool = False) -> None:
        self._failure, self._is_paused, self._round_at = failure, is_paused, now
        self._members = {}

    def _observe(self, histogram: Histogram, label: str, seconds: float) -> None:
        durations = self._durations.setdefault((histogram, label), _Durations([0] * (len(histogram.bounds) + 1)))
        durations.add(histogram.bounds, seconds)

    def samples(self) -> Iterator[Sample]:
        """Yield what is known; before the first round nothing is."""
        if self._round_at is None:
            return
        yield families.ROUND.sample(self._round_at)
        yield families.PAUSED.sample(self._is_paused)
        if not self._is_paused:
            yield families.SUCCESS.sample(self._failure is None)
        for reason in families.REASONS:
            yield families.FAILURE.sample(reason == self._failure, reason)
        for (histogram, label), durations in self._durations.items():
            yield from histogram.samples(durations.counts, durations.total, label)
        for member, count in self._missed.items():
            yield families.MISSED.sample(count, member)
        for member, is_watched in self._watched.items():
            yield families.WATCHED.sample(is_watched, member)
        for member, (diverged, damaged) in self._members.items():
            if diverged is not None:
                yield families.DIVERGED.sample(diverged, member)
            if damaged is not None:
                yield families.DAMAGED.sample(damaged, member)
