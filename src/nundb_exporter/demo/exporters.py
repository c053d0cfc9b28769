"""One exporter for each node, as in production, with the tokens of all databases of the demo."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nundb_devserver import HOST, Node
from nundb_exporter.canary.source import CanarySource
from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import CanarySettings, Module, Target, TransportPorts, Web, parse_endpoint
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.errors import ConfigError
from nundb_exporter.files.source import FilesSource
from nundb_exporter.host.settings import HostSettings
from nundb_exporter.host.source import HostSource
from nundb_exporter.judge import NodeReport, describe
from nundb_exporter.log.settings import LogSettings
from nundb_exporter.log.source import LogSource
from nundb_exporter.scrape import Scraper
from nundb_exporter.sources import LocalSource
from nundb_exporter.web import Server, serving

PORT_FLAG: Final = "--exporter-port"
_MAX_PENDING_OPERATIONS: Final = 5000
"""More than the default, so that the demo can list them; its values are short."""
_CANARY: Final = DatabaseAccess("canary", Secret("canary"))
"""The canaries' database, and its token."""
_CANARY_SECONDS: Final = 2.0
_STATUS_SECONDS: Final = 0.9


@dataclass(frozen=True, slots=True)
class Exporter:
    """A running exporter; `address` is where it listens, as `host:port`."""

    scraper: Scraper
    address: str

    @property
    def page(self) -> str:
        """The URL of its metrics."""
        return f"http://{self.address}/metrics"

    async def report(self) -> NodeReport:
        """Scrape the node within a second, and return the report."""
        scrape = await self.scraper.scrape(asyncio.get_running_loop().time() + _STATUS_SECONDS)
        return describe(str(self.scraper.target.endpoint), scrape, time.time())


def _sources(node: Node, log: Path, fleet: Fleet) -> Iterator[LocalSource]:
    with suppress(ConfigError):  # there is no /proc
        # All nodes of the demo share one process.
        yield HostSource(HostSettings(port=node.options.http_port))
    yield FilesSource(node.data)
    # Among the slowest commands shall be those of the applications.
    yield LogSource(LogSettings(str(log), is_from_start=True, is_without_own=True))
    yield CanarySource(fleet)


@asynccontextmanager
async def running(
    node: Node, log: Path, administrator: Credentials, databases: Sequence[DatabaseAccess], port: int
) -> AsyncIterator[Exporter]:
    """Run the exporter of a node, which need not run yet, and of its log, on a port of its own; 0 means any free one.

    Raises:
        ConfigError: the port cannot be listened on.
    """
    module = Module(
        canary=CanarySettings(_CANARY, interval_seconds=_CANARY_SECONDS),
        credentials=administrator,
        collectors=tuple(collector.name for collector in COLLECTORS),
        databases=tuple(databases),
        ports=TransportPorts(
            http=node.options.http_port, tcp=node.options.tcp_port, websocket=node.options.websocket_port
        ),
        max_pending_operations=_MAX_PENDING_OPERATIONS,
    )
    fleet = Fleet.of(Target(parse_endpoint("the node's address", node.http_url), module))
    sources = tuple(_sources(node, log, fleet))
    server = Server(fleet, Web(listen=((HOST, port),)), sources)
    async with AsyncExitStack() as stack:
        try:
            (address,) = await stack.enter_async_context(serving(server, sources))
        except ConfigError as error:
            cure = f"choose others with {PORT_FLAG}, or stop the program that has it"
            raise ConfigError(PORT_FLAG, f"port {port}: {error.problem}", cure) from error
        yield Exporter(server.nodes.configured[0].scraper, address)
