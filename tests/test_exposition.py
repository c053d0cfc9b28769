"""Samples to text, with the two parsers of Prometheus' own client as referees; and which format a client wants."""

import math
import subprocess
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from nundb_exporter.exposition import Format, Page, accepts_gzip, choose_format, render
from nundb_exporter.metrics import Family, Sample
from tests.programs import needed

PLAIN = Family("nundb_up", "gauge", "Plain", "test", since=None)
LABELLED = Family(
    "nundb_database_info",
    "gauge",
    'Back\\slash, "quotes"\nand a newline',
    "test",
    since=None,
    labels=("database", "strategy"),
)
COUNTER = Family("nundb_exporter_samples_dropped_total", "counter", "A counter", "test", since=None, labels=("reason",))
FAMILIES = (PLAIN, LABELLED, COUNTER)

NAMES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.lists(
        st.sampled_from(["\\", '"', "\n", "\\n", "{", "}", ",", "=", " ", "#", "é", "\r", "\u2028", "\0"]), max_size=5
    ).map("".join),
)
VALUES = st.one_of(
    st.integers(0, 2**64),
    st.floats(),
    st.booleans(),
    st.sampled_from([0, 1, -0.0, 2**53, 2**53 + 2, 1e16, 5e-324, 1e308, -1.5, math.inf, -math.inf, math.nan]),
)


def sample_of(family: Family) -> st.SearchStrategy[Sample]:
    """Return any sample of the family; a counter's are neither negative nor NaN."""
    values = st.integers(0, 2**53) if family.kind == "counter" else VALUES
    return st.builds(
        lambda value, labels: family.sample(value, *labels), values, st.tuples(*[NAMES for _ in family.labels])
    )


SAMPLES = st.lists(st.sampled_from(FAMILIES).flatmap(sample_of), max_size=10)


def read(text: str, form: Format) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return what Prometheus' client reads: values by name and labels."""
    parse = parse_openmetrics if form is Format.OPENMETRICS else parse_text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def firsts(samples: Iterable[Sample]) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return the values by name and labels; of twins the first."""
    found: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for family, labels, value in samples:
        found.setdefault((family.name, frozenset(zip(family.labels, labels, strict=True))), float(value))
    return found


@pytest.mark.parametrize("form", Format)
@given(samples=SAMPLES)
def test_the_referee_reads_what_was_meant(form: Format, samples: list[Sample]) -> None:
    """Names full of quotes, backslashes, newlines and odd Unicode, NaN, infinities, every integer: all come back."""
    page = render(samples, form)
    expected, found = firsts(samples), read(page.text, form)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key] == value or (math.isnan(found[key]) and math.isnan(value))
    assert page.dropped == len(samples) - len(expected)


@given(samples=SAMPLES)
def test_each_family_has_one_head_and_stands_together(samples: list[Sample]) -> None:
    """HELP and TYPE once, before the family's samples, in the order in which families first came."""
    heads = [line.split(" ")[2] for line in render(samples, Format.TEXT).text.split("\n") if line.startswith("# TYPE ")]
    assert heads == list(dict.fromkeys(sample.family.name for sample in samples))


def test_a_page_is_these_very_bytes() -> None:
    """The two formats differ in a counter's head, in the escapes of HELP, and in the end."""
    samples = [LABELLED.sample(1, 'a"\\\n', "none"), COUNTER.sample(2, "twin"), PLAIN.sample(True)]
    assert render(samples, Format.TEXT).text == (
        '# HELP nundb_database_info Back\\\\slash, "quotes"\\nand a newline (test).\n'
        "# TYPE nundb_database_info gauge\n"
        'nundb_database_info{database="a\\"\\\\\\n",strategy="none"} 1\n'
        "# HELP nundb_exporter_samples_dropped_total A counter (test).\n"
        "# TYPE nundb_exporter_samples_dropped_total counter\n"
        'nundb_exporter_samples_dropped_total{reason="twin"} 2\n'
        "# HELP nundb_up Plain (test).\n"
        "# TYPE nundb_up gauge\n"
        "nundb_up 1\n"
    )
    assert render(samples, Format.OPENMETRICS).text == (
        '# HELP nundb_database_info Back\\\\slash, \\"quotes\\"\\nand a newline (test).\n'
        "# TYPE nundb_database_info gauge\n"
        'nundb_database_info{database="a\\"\\\\\\n",strategy="none"} 1\n'
        "# HELP nundb_exporter_samples_dropped A counter (test).\n"
        "# TYPE nundb_exporter_samples_dropped counter\n"
        'nundb_exporter_samples_dropped_total{reason="twin"} 2\n'
        "# HELP nundb_up Plain (test).\n"
        "# TYPE nundb_up gauge\n"
        "nundb_up 1\n"
        "# EOF\n"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (False, "0"),
        (-0.0, "0"),
        (0.5, "0.5"),
        (1795400324.15, "1795400324.15"),
        (2**53, "9007199254740992"),
        (2**64 - 1, "1.8446744073709552e+19"),
        (1e300, "1e+300"),
        (5e-324, "5e-324"),
        (math.nan, "NaN"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_a_number_is_written_as_prometheus_reads_it(value: float, text: str) -> None:
    """Whole numbers have no point while they are exact, and what is no number has Prometheus' spelling."""
    assert render([PLAIN.sample(value)], Format.TEXT).text.splitlines()[-1] == f"nundb_up {text}"


def test_of_twins_the_first_stands_and_the_rest_are_counted() -> None:
    """One duplicate would make Prometheus drop the whole page."""
    samples = [
        PLAIN.sample(1),
        LABELLED.sample(2, "a", "b"),
        PLAIN.sample(0),
        LABELLED.sample(3, "a", "b"),
        PLAIN.sample(0),
    ]
    page = render(samples, Format.TEXT)
    assert page.dropped == 3
    assert read(page.text, Format.TEXT) == firsts(samples)


def test_a_page_of_nothing_is_valid() -> None:
    """Both formats can say nothing."""
    assert render([], Format.TEXT) == Page("", 0)
    assert render([], Format.OPENMETRICS) == Page("# EOF\n", 0)


def test_promtool_reads_odd_names() -> None:
    """Prometheus' own parser takes quotes, backslashes, newlines, carriage returns and Unicode in names."""
    promtool = needed("promtool")
    odd = ['"q"', "back\\slash", "a\nb", "a\rb", "café😀", "", "a;b", "{}", "\u2028"]
    text = render([LABELLED.sample(1, name, "none") for name in odd], Format.TEXT).text
    checked = subprocess.run([promtool, "check", "metrics"], input=text.encode(), capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
PROTOBUF_FIRST = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    "application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Format.TEXT),
        ("*/*", Format.TEXT),
        ("text/*", Format.TEXT),
        ("text/plain", Format.TEXT),
        (BROWSER, Format.TEXT),
        (PROMETHEUS_2, Format.OPENMETRICS),
        (PROMETHEUS_3, Format.OPENMETRICS),
        (PROTOBUF_FIRST, Format.OPENMETRICS),
        ("text/plain;version=0.0.4;q=1,*/*;q=0.1", Format.TEXT),
        ("text/plain; version=0.0.4, application/openmetrics-text; version=1.0.0", Format.TEXT),
        ("application/openmetrics-text; version=1.0.0, text/plain; version=0.0.4", Format.OPENMETRICS),
        ("application/openmetrics-text, */*", Format.OPENMETRICS),
        ("*/*, application/openmetrics-text", Format.OPENMETRICS),
        ("*/*; q=0.9, text/plain; q=0.1, application/openmetrics-text; q=0.5", Format.OPENMETRICS),
        ("*/*; q=0.9, application/openmetrics-text; q=0.5", Format.TEXT),
        ("application/openmetrics-text; version=1.0.0; q=0.9, text/plain; q=0.8", Format.OPENMETRICS),
        ("application/openmetrics-text", Format.OPENMETRICS),
        ("APPLICATION/OpenMetrics-Text; Version=1.0.0", Format.OPENMETRICS),
        ('application/openmetrics-text; version="1.0.0"', Format.OPENMETRICS),
        ("application/openmetrics-text; version=0.0.1", Format.TEXT),
        ("application/openmetrics-text; version=2.0.0, text/plain; q=0.1", Format.TEXT),
        ("application/openmetrics-text; q=0", Format.TEXT),
        ("application/openmetrics-text; q=0.000, */*; q=0.001", Format.TEXT),
        ("application/openmetrics-text; q=high", Format.TEXT),
        ("application/openmetrics-text; q=0.5, text/plain; q=1.5", Format.OPENMETRICS),
        ("application/json", Format.TEXT),
        (";;;,,,q=1;=", Format.TEXT),
    ],
)
def test_the_format_is_the_one_that_the_client_prefers(accept: str, form: Format) -> None:
    """Highest quality of what we speak, the first of equals; text where none is known or the header is nonsense."""
    assert choose_format(accept) is form


@pytest.mark.parametrize(
    ("header", "is_asked"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("gzip, deflate, br", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("gzip;q=0.001", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("gzip;q=0.000, deflate", False),
        ("*", True),
        ("*;q=0", False),
        ("identity", False),
        ("deflate, br", False),
        ("gzipped", False),
        ("gzip;q=maybe", False),
    ],
)
def test_gzip_is_for_those_who_ask(header: str, *, is_asked: bool) -> None:
    """`q=0` is a refusal, also against a star."""
    assert accepts_gzip(header) is is_asked


@given(
    header=st.one_of(
        st.text(max_size=30),
        st.lists(st.sampled_from([",", ";", "q", "=", "1.", "gzip", "*/*", "text/plain", '"']), max_size=8).map(
            "".join
        ),
    )
)
def test_no_header_is_an_error(header: str) -> None:
    """A client may send anything; it gets a page."""
    assert choose_format(header) in Format
    assert accepts_gzip(header) in {True, False}
