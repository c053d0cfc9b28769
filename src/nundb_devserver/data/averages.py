"""The monitoring module: exponential moving averages of query and replication time.

Light on memory (two floats and a flag) and cheap to compute (one multiplication and one addition a sample), as in the
original (monitoring.rs). Decay is per sample, not per time: an idle node keeps its value for ever (protocol notes 5.1).
"""

from typing import Final

_PERIOD: Final = 100
"""Samples: the original's period, from which the weight 2 / (period + 1) follows."""


class MovingAverage:
    """An exponential moving average over whole milliseconds."""

    __slots__ = ("_started", "_value", "_weight")

    def __init__(self, period: int = _PERIOD) -> None:
        self._weight = 2.0 / (period + 1.0)
        self._value = 0.0
        self._started = False

    @property
    def value(self) -> float:
        """The average in milliseconds; 0.0 before the first sample."""
        return self._value

    def add(self, milliseconds: int) -> None:
        """Take one sample; the first one becomes the average as it is."""
        if self._started:
            self._value = (1.0 - self._weight) * self._value + self._weight * milliseconds
        else:
            self._value = float(milliseconds)
            self._started = True
