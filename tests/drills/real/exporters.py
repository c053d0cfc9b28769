"""The exporter of a real node, in this process."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from nundb_devserver import HOST
from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Module, Target, Web, parse_endpoint
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.files.source import FilesSource
from nundb_exporter.host.settings import HostSettings
from nundb_exporter.host.source import HostSource
from nundb_exporter.log.settings import LogSettings
from nundb_exporter.log.source import LogSource
from nundb_exporter.sources import LocalSource
from nundb_exporter.web import Server, serving
from tests.conformance.targets import PASSWORD, USER

from .nodes import DATABASE, DISPUTED, TOKEN, RealNodes

EXPORTER = 6
"""Beside the node's own ports, which end with 2, 3 and 4, and that of the relay before it."""
OFF_BY_DEFAULT = ("transports", "acting_role")
"""Collectors without which some alerts say nothing. The limit of pending operations is the shipped one."""
COLLECTED = tuple(each.name for each in COLLECTORS if each.is_default or each.name in OFF_BY_DEFAULT)
ADMINISTRATOR = Credentials(USER, Secret(PASSWORD))
ACCESSES = (DatabaseAccess(DATABASE, Secret(TOKEN)), DatabaseAccess(DISPUTED, Secret(DISPUTED)))


@asynccontextmanager
async def exporter(nodes: RealNodes, index: int, *, is_beside_node: bool) -> AsyncIterator[str]:
    """Run the exporter of a node, and return its address; beside the node it reads log, directory and process, too."""
    module = Module(credentials=ADMINISTRATOR, collectors=COLLECTED, databases=ACCESSES)
    fleet = Fleet.of(Target(parse_endpoint("the node's address", nodes.url(index)), module))
    sources = tuple(_sources(nodes, index)) if is_beside_node else ()
    server = Server(fleet, Web(listen=((HOST, nodes.base + 10 * index + EXPORTER),)), sources)
    async with serving(server, sources) as (address,):
        yield address


def _sources(nodes: RealNodes, index: int) -> Iterator[LocalSource]:
    yield LogSource(LogSettings(str(nodes.log(index))))
    yield FilesSource(nodes.directory(index))
    yield HostSource(HostSettings(port=nodes.http_port(index)))
