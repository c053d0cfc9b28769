"""Histograms on a page, with the two parsers of Prometheus' own client as referees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from nundb_exporter.exposition import Format, render
from nundb_exporter.metrics import Family, Histogram, Sample, histogram

DURATION: Histogram = histogram(
    "nundb_command_duration_seconds",
    "How long commands took",
    "test",
    since=None,
    bounds=(1e-05, 0.25, 10),
    labels=("command",),
)
PLAIN = Family("nundb_up", "gauge", "Plain", "test", since=None)


def test_a_histogram_has_one_head_and_its_series_below_it() -> None:
    """Buckets count all observations up to their bound; another family in between does not tear it apart."""
    get = list(DURATION.samples((2, 0, 1, 1), 12.5, "get"))
    page = render([*get[:2], PLAIN.sample(1), *get[2:]], Format.TEXT)
    assert page.text == (
        "# HELP nundb_command_duration_seconds How long commands took (test).\n"
        "# TYPE nundb_command_duration_seconds histogram\n"
        'nundb_command_duration_seconds_bucket{command="get",le="1e-05"} 2\n'
        'nundb_command_duration_seconds_bucket{command="get",le="0.25"} 2\n'
        'nundb_command_duration_seconds_bucket{command="get",le="10.0"} 3\n'
        'nundb_command_duration_seconds_bucket{command="get",le="+Inf"} 4\n'
        'nundb_command_duration_seconds_sum{command="get"} 12.5\n'
        'nundb_command_duration_seconds_count{command="get"} 4\n'
        "# HELP nundb_up Plain (test).\n"
        "# TYPE nundb_up gauge\n"
        "nundb_up 1\n"
    )


@pytest.mark.parametrize("form", Format)
@given(counts=st.lists(st.tuples(*[st.integers(0, 2**40)] * 4), min_size=1, max_size=4), total=st.floats(0, 1e12))
def test_the_referee_reads_a_histogram(form: Format, counts: list[tuple[int, ...]], total: float) -> None:
    """One family of type histogram with all series, whose buckets are cumulative and end with the count."""
    commands = [f"command-{position}" for position in range(len(counts))]
    samples: list[Sample] = []
    for command, own in zip(commands, counts, strict=True):
        samples += DURATION.samples(own, total, command)
    parse = parse_openmetrics if form is Format.OPENMETRICS else parse_text
    (family,) = parse(render(samples, form).text)
    assert (family.name, family.type) == ("nundb_command_duration_seconds", "histogram")
    found = {(sample.name.rpartition("_")[2], *sample.labels.values()): sample.value for sample in family.samples}
    for command, own in zip(commands, counts, strict=True):
        assert [found["bucket", command, le] for le in ("1e-05", "0.25", "10.0", "+Inf")] == [
            sum(own[: position + 1]) for position in range(4)
        ]
        assert found["count", command] == sum(own)
        assert found["sum", command] == total


def test_a_query_names_the_series() -> None:
    """PromQL knows the three series and not the family itself."""
    assert DURATION.bucket.where(command="get") == 'nundb_command_duration_seconds_bucket{command="get"}'
    assert str(DURATION.sum) == "nundb_command_duration_seconds_sum"
    assert str(DURATION.count) == "nundb_command_duration_seconds_count"
