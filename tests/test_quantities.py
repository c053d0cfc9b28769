"""Numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.quantities import age, counted, duration, listed, size, visible


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (7.09e-12, "0 ms"),
        (1e-6, "0.001 ms"),
        (0.00025, "0.25 ms"),
        (0.0006854, "0.685 ms"),
        (0.0009996, "1 ms"),
        (0.0395, "39.5 ms"),
        (0.9996, "1 s"),
        (4.0, "4 s"),
        (12.34, "12.3 s"),
        (59.99, "60 s"),
        (125, "2 min 5 s"),
    ],
)
def test_a_duration_has_three_digits(seconds: float, text: str) -> None:
    """And no exponent; from a minute on it is written like an age."""
    assert duration(seconds) == text


@given(seconds=st.floats(0, 1e9))
def test_a_duration_has_no_exponent(seconds: float) -> None:
    """However small or large."""
    assert "e" not in duration(seconds)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1,023 bytes"),
        (1024, "1 KiB"),
        (1.25 * 2**20, "1.25 MiB"),
        (2**30, "1 GiB"),
        (1.3 * 2**40, "1.3 TiB"),
        (5000 * 2**40, "5,000 TiB"),
    ],
)
def test_a_size_has_the_largest_unit(number: float, text: str) -> None:
    """In powers of 1024."""
    assert size(number) == text


@pytest.mark.parametrize(("names", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), ([*"abc"], "a, b and c")])
def test_names_are_listed_as_in_a_sentence(names: list[str], text: str) -> None:
    """With one `and`, before the last."""
    assert listed(names) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("orders-1 é漢", "orders-1 é漢"),
        ("a\x1b[2J", r"a\x1b[2J"),
        ("\u202egnp", r"\u202egnp"),
        ("a\nb", r"a\nb"),
        ("x" * 500, "x" * 120 + "…"),
    ],
)
def test_all_of_a_name_can_be_seen(name: str, text: str) -> None:
    """What a terminal or a browser would act on is written out, and a long name is cut."""
    assert visible(name) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 ms"),
        (0, "0 ms"),
        (0.0005, "0 ms"),
        (0.25, "250 ms"),
        (0.9999, "999 ms"),
        (1, "1 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (599, "9 min 59 s"),
        (600, "10 min"),
        (659, "10 min"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (86399, "23 h"),
        (86400, "1 d"),
        (90000, "1 d 1 h"),
        (864000, "10 d"),
        (1e9, "11,574 d"),
    ],
)
def test_an_age_is_said_as_people_say_it(seconds: float, text: str) -> None:
    """The largest unit, and the next where that is small."""
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 operations"), (1, "1 operation"), (2, "2 operations"), (1234, "1,234 operations")]
)
def test_a_count_has_its_noun(count: int, text: str) -> None:
    """One is singular, all else is plural."""
    assert counted(count, "operation") == text


SECONDS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}


@given(seconds=st.floats(0, 1e9))
def test_an_age_is_never_more_than_it_is(seconds: float) -> None:
    """Read back it is at most the age, and less by under a second or a tenth."""
    words = age(seconds).split()
    said = sum(
        int(number.replace(",", "")) * SECONDS[unit] for number, unit in zip(words[::2], words[1::2], strict=True)
    )
    assert said <= seconds + 1e-9
    assert seconds - said <= max(1 if seconds >= 1 else 0.001, seconds / 10) + 1e-9
