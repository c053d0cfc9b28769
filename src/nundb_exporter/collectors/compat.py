"""The five families of the older exporter, with its names, units (milliseconds) and label."""

from collections.abc import Iterable
from typing import Final

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.protocol.commands import METRICS_STATE


def _family(name: str, meaning: str, successor: str, field: str, since: str) -> Family:
    source = f"metrics-state: {field}"
    return Family(name, "gauge", f"{meaning}; replaced by {successor}", source, since=since, labels=("databases",))


PENDING: Final = _family(
    "nun_db_op_log_pending_ops",
    "Operations not yet acknowledged by every member",
    "nundb_replication_pending_operations",
    "pending_ops",
    "2021-10",
)
SIZE: Final = _family(
    "nun_db_op_log_file_size",
    "Size of the operation log in bytes",
    "nundb_oplog_size_bytes",
    "op_log_file_size",
    "2021-11",
)
RECORDS: Final = _family(
    "nun_db_op_log_ops", "Records in the operation log", "nundb_oplog_records", "op_log_count", "2021-11"
)
REPLICATION: Final = _family(
    "nun_db_replication_time_moving_avg",
    "Moving average of the replication time in milliseconds",
    "nundb_replication_duration_moving_average_seconds",
    "replication_time_moving_avg",
    "2021-12",
)
QUERY: Final = _family(
    "nun_db_query_time_moving_avg",
    "Moving average of the query time in milliseconds",
    "nundb_query_duration_moving_average_seconds",
    "get_query_time_moving_avg",
    "2021-12",
)
FAMILIES: Final = (PENDING, SIZE, RECORDS, REPLICATION, QUERY)


def parse(answers: Answers) -> Iterable[Sample]:
    """Yield the numbers as they are on the wire, if the server reports them."""
    state = answers.read(METRICS_STATE)
    if state is not None:
        for family, value in zip(FAMILIES, state, strict=True):
            if value is not None:
                yield family.sample(value, "all")


COLLECTOR: Final = Collector(
    name="compat",
    help="The nun_db_* metrics of the older Rust exporter.",
    commands=(METRICS_STATE,),
    families=FAMILIES,
    parse=parse,
    panels=(
        Panel(
            "Pending operations",
            PENDING.selected,
            "short",
            f"{PENDING}: operations not yet acknowledged by every member.",
        ),
        Panel("Operation log size", SIZE.selected, "bytes", f"{SIZE}: size of the files on disk."),
        Panel("Operation log records", RECORDS.selected, "short", f"{RECORDS}: records in the operation log."),
        Panel(
            "Replication time",
            REPLICATION.selected,
            "ms",
            f"{REPLICATION}: moving average of the time to an acknowledgement.",
        ),
        Panel("Query time", QUERY.selected, "ms", f"{QUERY}: moving average of the time that a command takes."),
    ),
)
