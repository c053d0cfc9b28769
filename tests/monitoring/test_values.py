"""Values over time are written as promtool reads them: a first sample, then as many more as follow."""

import pytest

from nundb_exporter.monitoring.cases.values import Values, absent, held, notation, rising, seconds_of, steps

EXAMPLES: tuple[tuple[str, Values, str], ...] = (
    ("one value until the end", held(1), "1x8"),
    ("one sample", held(1, "15s") + held(0), "1 0x7"),
    ("one value after another", held(0, "1m") + held(1), "0x3 1x4"),
    ("a value that rises", rising(0, 1), "0+15x8"),
    ("a value that falls", rising(5000, -20, "1m") + held(0), "5000-300x3 0x4"),
    ("a large value", held(1 << 40), "1099511627776x8"),
    ("a fraction", held(0.25), "0.25x8"),
    ("a series that begins later", absent("1m") + held(1), "stale _x3 1x4"),
    ("a series that ends", held(1, "1m") + absent(), "1x3 stale _x4"),
    ("a series that is gone for one scrape", held(1, "1m") + absent("15s") + held(1), "1x3 stale 1x3"),
    ("two values in turn", (held(0, "15s") + held(1, "15s")) * 2, "0 1 0 1"),
    ("several values, each for as long", steps((1, 2, 3), "30s"), "1x1 2x1 3x1"),
)


@pytest.mark.parametrize(
    ("values", "written"), [example[1:] for example in EXAMPLES], ids=[name for name, *_ in EXAMPLES]
)
def test_values_are_written_in_promtools_notation(values: Values, written: str) -> None:
    """At 15 seconds between samples, a case that is judged after two minutes has nine of them."""
    assert notation(values, 120) == written


@pytest.mark.parametrize("values", [held(0, "3m") + held(1), held(0, "5s")], ids=["too late", "too short"])
def test_a_stretch_without_a_sample_is_refused(values: Values) -> None:
    """A case never says something that is not tested."""
    with pytest.raises(ValueError, match="begins after"):
        notation(values, 120)


@pytest.mark.parametrize(("time", "seconds"), [("45s", 45), ("6m30s", 390), ("1h", 3600)])
def test_times_are_durations_of_prometheus(time: str, seconds: int) -> None:
    """Hours, minutes and seconds are understood, also together."""
    assert seconds_of(time) == seconds
