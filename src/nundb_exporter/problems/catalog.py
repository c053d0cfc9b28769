"""All problems. Who needs those of one subject alone imports them from its file: an exporter needs few."""

from typing import Final

from nundb_exporter.problems import canary, cluster, databases, exporter, files, host, log, node, oplog, replication
from nundb_exporter.problems.problem import Problem

PROBLEMS: Final[tuple[Problem, ...]] = (
    *node.PROBLEMS,
    *exporter.PROBLEMS,
    *cluster.PROBLEMS,
    *replication.PROBLEMS,
    *oplog.PROBLEMS,
    *databases.PROBLEMS,
    *host.PROBLEMS,
    *files.PROBLEMS,
    *canary.PROBLEMS,
    *log.PROBLEMS,
)
