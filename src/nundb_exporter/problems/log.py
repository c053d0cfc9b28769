"""The log: whether it goes on, and what it tells at one moment."""

from typing import Final

from nundb_exporter.problems.problem import Problem

SILENT_SECONDS: Final = 900
"""The snapshot thread writes a line every 300 s by default, NUN_DECLUTTER_INTERVAL: three of them are missing."""

SNAPSHOT_THREAD_DEAD: Final = Problem(
    name="NundbSnapshotThreadDead",
    severity="critical",
    title="The snapshot thread of a Nun-db node is dead.",
    sentence="The snapshot thread of {node} is dead, so nothing is saved any more: {reason}.",
    advice="Do not restart the node: copy what is not saved to another one first, because SIGINT no longer saves.",
)
LOG_SILENT: Final = Problem(
    name="NundbLogSilent",
    severity="warning",
    title="A Nun-db node that works logs nothing.",
    sentence="The log of {node} has had no new line for more than 15 minutes, although the node answers.",
    advice="Check that the exporter follows the file or pipe that the node's standard output goes to.",
)

PROBLEMS: Final = (SNAPSHOT_THREAD_DEAD, LOG_SILENT)
