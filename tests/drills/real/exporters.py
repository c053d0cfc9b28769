"""The exporter of a real node, in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Module, Target, Web, parse_endpoint
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.files.source import FilesSource
from nundb_exporter.host.settings import HostSettings
from nundb_exporter.host.source import HostSource
from nundb_exporter.log.settings import LogSettings
from nundb_exporter.log.source import LogSource
from nundb_exporter.web import Server
from tests.conformance.targets import PASSWORD, USER

from .nodes import DATABASE, DISPUTED, TOKEN, RealNodes

EXPORTER = 6
"""Beside the node's own ports, which end with 2, 3 and 4."""
OFF_BY_DEFAULT = ("transports", "acting_role")
"""Collectors without which some alerts say nothing. The limit of pending operations is the shipped one."""
ADMINISTRATOR = Credentials(USER, Secret(PASSWORD))
ACCESSES = (DatabaseAccess(DATABASE, Secret(TOKEN)), DatabaseAccess(DISPUTED, Secret(DISPUTED)))

LocalSource = LogSource | FilesSource | HostSource


@asynccontextmanager
async def exporter(nodes: RealNodes, index: int, *, is_beside_node: bool) -> AsyncIterator[str]:
    """Run the exporter of a node, and return its address; beside the node it reads log, directory and process, too."""
    port = nodes.base + 10 * index + EXPORTER
    module = Module(
        credentials=ADMINISTRATOR,
        collectors=tuple(each.name for each in COLLECTORS if each.is_default or each.name in OFF_BY_DEFAULT),
        databases=ACCESSES,
    )
    target = Target(parse_endpoint("the node's address", nodes.url(index)), module)
    sources = _sources(nodes, index) if is_beside_node else ()
    server = Server(Fleet.of(target), Web(listen=(("127.0.0.1", port),)), sources)
    server.start()
    for source in sources:
        source.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        for source in sources:
            source.stop()
        await server.stop()


def _sources(nodes: RealNodes, index: int) -> tuple[LocalSource, ...]:
    return (
        LogSource(LogSettings(str(nodes.log(index)))),
        FilesSource(nodes.directory(index)),
        HostSource(HostSettings(port=nodes.http_port(index))),
    )
