"""Whether the nodes of a cluster hold the same values: read slowly, kept as fingerprints, never shown."""

from nundb_exporter.compare.members import Compared, Unreachable, find_nodes
from nundb_exporter.compare.result import Copy, DatabaseResult, Difference, Tally
from nundb_exporter.compare.run import Limits, compare

__all__ = [
    "Compared",
    "Copy",
    "DatabaseResult",
    "Difference",
    "Limits",
    "Tally",
    "Unreachable",
    "compare",
    "find_nodes",
]
