"""An embedded Nun-db: its protocol, its replication and its monitoring module, for development and tests.

It behaves like the server of commit ca22706, byte for byte where clients can see it, and fails like it where it is told
to. It shares nothing with the exporter, not even the grammar of replies: it would share its misreadings.
"""

from nundb_devserver.client import Client, connected
from nundb_devserver.cluster.cluster import Cluster
from nundb_devserver.cluster.faults import FAULTS
from nundb_devserver.cluster.faults.fault import Fault
from nundb_devserver.cluster.nodes import DEFAULT_PORT_BASE, PORTS_PER_NODE, TCP_PORT
from nundb_devserver.errors import DevserverError, FaultError, NotReadyError, RefusedError, UnknownError
from nundb_devserver.node import Node
from nundb_devserver.options import (
    DEFAULT_DECLUTTER_SECONDS,
    DEFAULT_MAX_OPLOG_BYTES,
    DEFAULT_PASSWORD,
    DEFAULT_USER,
    NodeOptions,
)
from nundb_devserver.ports import HOST, first_taken, free_port, free_row, is_free
from nundb_devserver.program import ServeOptions, serve
from nundb_devserver.releases import CURRENT, RELEASES

__all__ = [
    "CURRENT",
    "DEFAULT_DECLUTTER_SECONDS",
    "DEFAULT_MAX_OPLOG_BYTES",
    "DEFAULT_PASSWORD",
    "DEFAULT_PORT_BASE",
    "DEFAULT_USER",
    "FAULTS",
    "HOST",
    "PORTS_PER_NODE",
    "RELEASES",
    "TCP_PORT",
    "Client",
    "Cluster",
    "DevserverError",
    "Fault",
    "FaultError",
    "Node",
    "NodeOptions",
    "NotReadyError",
    "RefusedError",
    "ServeOptions",
    "UnknownError",
    "connected",
    "first_taken",
    "free_port",
    "free_row",
    "is_free",
    "serve",
]
