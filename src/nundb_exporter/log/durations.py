"""Durations in buckets: those of the histogram, and finer ones between them, from which quantiles come."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Final

BOUNDS: Final = (*(float(f"{digits}e{exponent}") for exponent in range(-5, 1) for digits in ("1", "2.5", "5")), 10.0)
"""Upper bounds of the histogram's buckets, in seconds: 10 µs to 10 s."""
_STEPS: Final = ("1", "1.1", "1.25", "1.4", "1.6", "1.8", "2", "2.25", "2.5", "2.8", "3.2", "3.6", "4", "4.5", "5",
                 "5.6", "6.3", "7", "8", "9")  # fmt: skip
_FINE: Final = [*(float(f"{step}e{exponent}") for exponent in range(-7, 2) for step in _STEPS), 100.0]
"""100 ns to 100 s. Neighbours differ by at most an eighth; each bound of the histogram is one of them."""

bin_of: Final = partial(bisect_left, _FINE)
"""Return the fine bucket of a duration in seconds."""
_BUCKET_OF_BIN: Final = [bisect_left(BOUNDS, bound) for bound in _FINE] + [len(BOUNDS)]


@dataclass(slots=True)
class Durations:
    """How long many commands took."""

    seconds: float = 0.0
    """The sum."""
    bins: Counter[int] = field(default_factory=Counter)
    """How many fall into each fine bucket."""

    @classmethod
    def of(cls, durations: list[float]) -> "Durations":
        """Return what is kept of durations in seconds."""
        return cls(sum(durations), Counter(map(bin_of, durations)))

    def merge(self, other: "Durations") -> None:
        """Add the other's commands to these."""
        self.seconds += other.seconds
        self.bins.update(other.bins)

    @property
    def count(self) -> int:
        """How many commands these are."""
        return self.bins.total()

    def buckets(self) -> list[int]:
        """Return the counts of the histogram's buckets, the last for all durations above."""
        found = [0] * (len(BOUNDS) + 1)
        for position, count in self.bins.items():
            found[_BUCKET_OF_BIN[position]] += count
        return found

    def quantile(self, share: float) -> float:
        """Return the duration, in seconds, that this share of all durations does not exceed; exact to an eighth."""
        wanted = share * self.count
        so_far = 0
        for position in sorted(self.bins):
            so_far += self.bins[position]
            if so_far >= wanted:
                return _FINE[min(position, len(_FINE) - 1)]
        return 0.0
