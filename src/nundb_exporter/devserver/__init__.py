"""An embedded Nun-db: its protocol, its replication and its monitoring module, for development and tests.

It behaves like the server of commit ca22706, byte for byte where clients can see it, and fails like it where it is told
to. It shares nothing with the exporter but the cutting of a stream into lines.
"""

from nundb_exporter.devserver.cluster import Cluster
from nundb_exporter.devserver.faults import FAULTS, Fault, FaultError, NotReadyError
from nundb_exporter.devserver.node import Node
from nundb_exporter.devserver.options import NodeOptions
from nundb_exporter.devserver.reports import WIRES
from nundb_exporter.devserver.serve import ServeOptions, serve

__all__ = [
    "FAULTS",
    "WIRES",
    "Cluster",
    "Fault",
    "FaultError",
    "Node",
    "NodeOptions",
    "NotReadyError",
    "ServeOptions",
    "serve",
]
