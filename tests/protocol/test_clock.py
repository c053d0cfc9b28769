"""The header Date against our clock: what it tells for certain, and no more."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.protocol.clock import clock_offset

NOW = 1795400500.0


@given(
    offset=st.floats(-1e6, 1e6),
    sent=st.floats(NOW, NOW + 1),
    before=st.floats(0, 10),
    after=st.floats(0, 10),
)
def test_an_offset_is_never_told_too_large(offset: float, sent: float, before: float, after: float) -> None:
    """However long the request waits before the header is written, and the answer after it."""
    written = sent + before
    date = formatdate(int(written + offset), usegmt=True)
    told = clock_offset(date, sent, written + after)
    assert told is not None
    assert abs(told) <= abs(offset) + 0.5001
    assert told * offset >= 0


@given(offset=st.floats(-1e6, 1e6), sent=st.floats(NOW, NOW + 1))
def test_an_answer_that_comes_at_once_tells_it_to_half_a_second(offset: float, sent: float) -> None:
    """Up to the second that the header cannot tell."""
    date = formatdate(int(sent + offset), usegmt=True)
    told = clock_offset(date, sent, sent)
    assert told is not None
    assert abs(told - offset) <= (0.5001 if told else 1.0001)


@pytest.mark.parametrize(
    "date",
    [
        "",
        "now",
        "Wed, 99 Nov 2026 16:55:00 GMT",
        "Wed, 25 Nox 2026 16:55:00 GMT",
        "Wed, 25 Nov 99999999 16:55:00 GMT",
    ],
)
def test_what_is_no_date_tells_nothing(date: str) -> None:
    """A proxy may write anything."""
    assert clock_offset(date, NOW, NOW) is None
