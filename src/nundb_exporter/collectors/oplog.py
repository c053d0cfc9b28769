"""The operation log: its size."""

from collections.abc import Iterable
from typing import Final

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.problems.oplog import LIMIT_BYTES, NEAR, OVER
from nundb_exporter.protocol.commands import METRICS_STATE

SIZE: Final = Family(
    "nundb_oplog_size_bytes",
    "gauge",
    "Size of the operation log files on disk; falls when segments are pruned",
    "metrics-state: op_log_file_size",
    since="2021-11",
    caveat="Before 2024-07 only the current file, without rotated segments.",
)
RECORDS: Final = Family(
    "nundb_oplog_records",
    "gauge",
    "Records in the operation log, 25 bytes each; falls when segments are pruned",
    "metrics-state: op_log_count",
    since="2021-11",
    caveat="Written in the background: the newest records may be missing. Each rotation writes one record twice.",
)


def parse(answers: Answers) -> Iterable[Sample]:
    """Read the two numbers, if the server reports them."""
    state = answers.read(METRICS_STATE)
    if state is None:
        return
    if state.oplog_bytes is not None:
        yield SIZE.sample(state.oplog_bytes)
    if state.oplog_records is not None:
        yield RECORDS.sample(state.oplog_records)


COLLECTOR: Final = Collector(
    name="oplog",
    help="Size of the operation log.",
    commands=(METRICS_STATE,),
    families=(SIZE, RECORDS),
    parse=parse,
    panels=(
        Panel(
            "Operation log size",
            SIZE.selected,
            "bytes",
            "Size of the files on disk; falls when segments are pruned. Thresholds for NUN_MAX_OP_LOG_SIZE = 1 GiB.",
            warning=NEAR * LIMIT_BYTES,
            critical=OVER * LIMIT_BYTES,
        ),
        Panel(
            "Operation log growth",
            f"deriv({RECORDS.selected}[$__rate_interval])",
            "ops",
            "Records per second that a node appends for its own writes and for replicated ones. Negative when segments "
            "are pruned. A steady rate without clients is a resolved conflict that loops between nodes.",
        ),
        Panel(
            "Operation log records", RECORDS.selected, "short", "Records in the log; falls when segments are pruned."
        ),
    ),
)
