"""The exponential moving average, and the form in which its value is printed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_devserver.data.averages import MovingAverage
from nundb_devserver.numbers import float_text, plain_float_text

FINITE = st.floats(min_value=0, allow_nan=False, allow_infinity=False)


def test_the_first_sample_becomes_the_average() -> None:
    """There is nothing to average it with."""
    average = MovingAverage()
    assert average.value == 0.0
    average.add(43)
    assert average.value == 43.0


@given(st.lists(st.integers(0, 100_000), min_size=2))
def test_every_further_sample_counts_two_of_a_hundred_and_one(samples: list[int]) -> None:
    """The weight follows from the period of 100."""
    average = MovingAverage()
    expected = float(samples[0])
    average.add(samples[0])
    for sample in samples[1:]:
        average.add(sample)
        expected = (1 - 2 / 101) * expected + 2 / 101 * sample
    assert average.value == pytest.approx(expected)


def test_a_spike_decays_by_the_sample_and_never_to_zero() -> None:
    """From 1.0 it takes 461 zero samples to fall below 1e-4, and it gets stuck at a denormal number."""
    average = MovingAverage()
    average.add(1)
    for _ in range(460):
        average.add(0)
    assert average.value >= 1e-4
    average.add(0)
    assert average.value < 1e-4
    for _ in range(40_000):
        average.add(0)
    assert float_text(average.value) == "1.24e-322"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (2.0, "2.0"),
        (100000.0, "100000.0"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e16"),
        (1.5e17, "1.5e17"),
        (1e-4, "0.0001"),
        (9.999e-5, "9.999e-5"),
        (7.003404479057364e-5, "7.003404479057364e-5"),
        (6.626183157424634e-37, "6.626183157424634e-37"),
        (39.960153548102895, "39.960153548102895"),
    ],
)
def test_a_float_is_printed_as_rust_prints_it(value: float, text: str) -> None:
    """The forms of the protocol notes 5.3, seen on a real server."""
    assert float_text(value) == text


@given(FINITE)
def test_a_printed_float_reads_back_and_has_no_padding(value: float) -> None:
    """Whatever the value, and the exponent has neither a plus sign nor a leading zero."""
    text = float_text(value)
    assert float(text) == value
    assert re.fullmatch(r"\d+\.\d+|\d(\.\d+)?e-?[1-9]\d*", text)


@given(FINITE)
def test_an_older_server_never_prints_an_exponent(value: float) -> None:
    """It prints plain decimals, however long."""
    text = plain_float_text(value)
    assert float(text) == value
    assert re.fullmatch(r"\d+\.\d+", text)
