"""An embedded Nun-db: its protocol, its replication and its monitoring module, for development and tests.

It behaves like the server of commit ca22706, byte for byte where clients can see it, and fails like it where it is told
to. It shares nothing with the exporter, not even the grammar of replies: it would share its
misreadings.
"""

from nundb_devserver.cluster import Cluster
from nundb_devserver.errors import DevserverError, FaultError, NotReadyError, UnknownError
from nundb_devserver.faults import FAULTS, Fault
from nundb_devserver.node import Node
from nundb_devserver.options import NodeOptions
from nundb_devserver.reports import WIRES
from nundb_devserver.serve import ServeOptions, serve

__all__ = [
    "FAULTS",
    "WIRES",
    "Cluster",
    "DevserverError",
    "Fault",
    "FaultError",
    "Node",
    "NodeOptions",
    "NotReadyError",
    "ServeOptions",
    "UnknownError",
    "serve",
]
