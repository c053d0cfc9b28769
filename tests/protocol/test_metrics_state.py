"""The five numbers of a node: every form since 2021-10, and a printer of our own."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.errors import ProtocolError
from nundb_exporter.protocol import fields
from nundb_exporter.protocol.fields import MetricsState

from .printed import COUNTS

FIVE = "pending_ops: 3, op_log_file_size: 250, op_log_count: 10,replication_time_moving_avg"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oplog-state pending_opps: 3", MetricsState(3, None, None, None, None)),
        (
            "oplog-state pending_ops: 3, op_log_file_size: 250, op_log_count: 10",
            MetricsState(3, 250, 10, None, None),
        ),
        (
            f"oplog-state {FIVE}: 0.0, get_query_time_moving_avg: 2.5",
            MetricsState(3, 250, 10, 0.0, 2.5),
        ),
        (
            f"metrics-state {FIVE}: 39.960153548102895, get_query_time_moving_avg: 3.736954775075617\n\n",
            MetricsState(3, 250, 10, 39.960153548102895, 3.736954775075617),
        ),
        (
            "metrics-state get_query_time_moving_avg: 1.24e-322, replication_time_moving_avg: 1e16, pending_ops: 1",
            MetricsState(1, None, None, 1e16, 1.24e-322),
        ),
        (
            "metrics-state pending_ops: 18446744073709551615, replication_time_moving_avg: 0.00007003404479057364",
            MetricsState(18446744073709551615, None, None, 0.00007003404479057364, None),
        ),
    ],
    ids=["2021-10", "2021-11", "2021-12-18", "now", "another order", "extremes"],
)
def test_metrics_state_reads_in_all_its_forms(text: str, expected: MetricsState) -> None:
    """The table of the protocol notes 5.3; what a server does not tell is None, and the order does not matter."""
    assert fields.metrics_state(text) == expected


def rust_float(value: float) -> str:
    """Print as Rust's `{:?}` does: as Python, but no sign or zeros in the exponent (protocol notes 5.3)."""
    return re.sub(r"e([+-])0*(\d+)", lambda found: f"e{found[1].replace('+', '')}{found[2]}", repr(value))


AVERAGES = st.floats(0, 1e300, allow_nan=False)


@given(state=st.builds(MetricsState, COUNTS, COUNTS, COUNTS, AVERAGES, AVERAGES))
def test_metrics_state_reads_back_what_the_server_printed(state: MetricsState) -> None:
    """Every number survives, to the last bit."""
    text = (
        f"metrics-state pending_ops: {state[0]}, op_log_file_size: {state[1]}, op_log_count: {state[2]},"
        f"replication_time_moving_avg: {rust_float(state.replication_milliseconds or 0.0)}, "
        f"get_query_time_moving_avg: {rust_float(state.query_milliseconds or 0.0)}"
    )
    assert fields.metrics_state(text) == state


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("metrics-state ", "no field pending_ops"),
        ("metrics-state pending_ops: ", "pending_ops: not a whole number"),
        ("metrics-state pending_ops: -1", "pending_ops: not a whole number"),
        ("metrics-state pending_ops: 1.5", "pending_ops: not a whole number"),
        ("metrics-state pending_ops: 1_000", "pending_ops: not a whole number"),
        ("metrics-state pending_ops: ٣", "pending_ops: not a whole number"),
        ("metrics-state pending_ops: 999999999999999999999", "pending_ops: not a whole number"),
        ("metrics-state pending_ops: 1, op_log_file_size: big", "op_log_file_size: not a whole number"),
        ("metrics-state pending_ops: 1, op_log_count: 1e3", "op_log_count: not a whole number"),
        ("metrics-state pending_ops: 1, replication_time_moving_avg: NaN", "moving_avg: not a number"),
        ("metrics-state pending_ops: 1, get_query_time_moving_avg: inf", "moving_avg: not a number"),
        ("metrics-state pending_ops: 1, get_query_time_moving_avg: 0x10", "moving_avg: not a number"),
        ("metrics-state pending_ops: 1, get_query_time_moving_avg: ", "moving_avg: not a number"),
    ],
)
def test_a_number_that_is_none_is_refused_by_the_name_of_its_field(text: str, problem: str) -> None:
    """What cannot be right is not guessed."""
    with pytest.raises(ProtocolError, match=problem):
        fields.metrics_state(text)
