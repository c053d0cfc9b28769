"""The operation log: its size."""

from typing import Final

from nundb_exporter.problems.problem import Problem

LIMIT_BYTES: Final = 1 << 30
"""The default of NUN_MAX_OP_LOG_SIZE; no command reports the value in use."""
NEAR: Final = 0.9
"""Of the limit. The log is cut to nine tenths of it, by a task that runs every five minutes (protocol notes 4.2): one
that has been pruned before is always above this, so one moment does not tell."""
OVER: Final = 1.2
"""Of the limit."""

FEW_RECORDS: Final = 20
"""Within a minute: fewer tell nothing about whether they are acknowledged."""
FAST_RECORDS: Final = 1000
"""A second: a resolve that goes round between three nodes makes many thousands (protocol notes 6.8)."""

OVER_LIMIT: Final = Problem(
    name="NundbOplogOverLimit",
    severity="warning",
    title="The operation log of a Nun-db node is no longer pruned.",
    sentence="The operation log of {node} holds {size}, well over the limit of {limit}, and is not pruned.",
    advice="Free disk space, and save what was not snapshotted before you restart the node.",
)

PROBLEMS: Final = (OVER_LIMIT,)
