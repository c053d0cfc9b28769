"""The collectors, one subject per file. To add one: write its file, add it to COLLECTORS."""

from typing import Final

from nundb_exporter.collectors import (
    acting_role,
    cluster,
    compat,
    conflicts,
    connections,
    databases,
    keys,
    oplog,
    pending,
    process,
    queries,
    replication,
    transports,
)
from nundb_exporter.metrics import Collector

COLLECTORS: Final[tuple[Collector, ...]] = (
    oplog.COLLECTOR,
    replication.COLLECTOR,
    queries.COLLECTOR,
    cluster.COLLECTOR,
    process.COLLECTOR,
    acting_role.COLLECTOR,
    databases.COLLECTOR,
    pending.COLLECTOR,
    connections.COLLECTOR,
    conflicts.COLLECTOR,
    keys.COLLECTOR,
    transports.COLLECTOR,
    compat.COLLECTOR,
)
