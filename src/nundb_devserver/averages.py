"""The monitoring module: exponential moving averages of query and replication time.

Light on memory (two floats and a flag) and cheap to compute (one multiplication and one addition a sample), as in the
original (monitoring.rs). Decay is per sample, not per time: an idle node keeps its value for ever (protocol notes 5.1).
"""

PERIOD = 100
"""Samples: the original's period, from which the weight 2 / (PERIOD + 1) follows."""


class MovingAverage:
    """An exponential moving average over whole milliseconds."""

    __slots__ = ("_started", "_value", "_weight")

    def __init__(self, period: int = PERIOD) -> None:
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


def float_text(value: float) -> str:
    """Write a float as Rust's `{:?}` does: the shortest decimal that reads back, `1e16` and `9.999e-5` at the ends.

    Python chooses the same digits and the same two borders (1e16 and 1e-4); only the exponent's form differs.
    """
    text = repr(value)
    mantissa, exponent_mark, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent_mark else text


def plain_float_text(value: float) -> str:
    """Write a float as compilers before 2022 did: never an exponent, always a decimal point."""
    text = repr(value)
    if "e" not in text:
        return text
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    shift = int(exponent)
    if shift < 0:
        return "0." + "0" * (-shift - len(whole)) + whole + ("" if fraction == "0" else fraction)
    return whole + fraction.ljust(shift, "0") + ".0"
