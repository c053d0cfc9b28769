"""Answers of nodes and databases, and what a collector reads in them."""

from nundb_exporter.metrics import Answers, Collector, Family, Options
from nundb_exporter.protocol.commands import (
    Command,
)
from nundb_exporter.protocol.replies import Reply

Read = dict[tuple[Family, tuple[str, ...]], float]


def read(collector: Collector, answers: Answers) -> Read:
    """Return what the collector reads, by family and labels."""
    return {(family, labels): value for family, labels, value in collector.parse(answers)}


def node(replies: dict[Command[object], str], limit: int = 1000) -> Answers:
    """Return the answers of a node that said these messages."""
    return Answers(Options(max_pending_operations=limit), {command: Reply(text) for command, text in replies.items()})


FIVE = "op_log_file_size: 350, op_log_count: 14,replication_time_moving_avg: 39.5, get_query_time_moving_avg: 0.25"


def inside(**told: dict[Command[object], str]) -> Answers:
    """Return the answers of databases that said these messages."""
    return Answers(
        Options(databases=tuple(told)),
        database={(name, command): Reply(text) for name, said in told.items() for command, text in said.items()},
    )
