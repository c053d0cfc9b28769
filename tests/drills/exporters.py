"""The exporters of the drills, and what they ask with."""

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from nundb_devserver import HOST, Node
from nundb_exporter.canary.source import CanarySource
from nundb_exporter.config.fleet import DEFAULT_MODULE, Fleet
from nundb_exporter.config.settings import CanarySettings, Module, Target, Web, parse_endpoint
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.demo.workload import DATABASES
from nundb_exporter.files.source import FilesSource
from nundb_exporter.host.settings import HostSettings
from nundb_exporter.host.source import HostSource
from nundb_exporter.log.settings import LogSettings
from nundb_exporter.log.source import LogSource
from nundb_exporter.sources import LocalSource
from nundb_exporter.web import Server, serving

from .pace import Pace

ADMINISTRATOR = Credentials("nun", Secret("nun-pwd"))
SIGN_IN = f"auth {ADMINISTRATOR.user} {ADMINISTRATOR.password.reveal()}"
FAULTS_DATABASE = DatabaseAccess("faults", Secret("faults"))
DISPUTES_DATABASE = DatabaseAccess("disputes", Secret("disputes"))
CANARY_DATABASE = DatabaseAccess("canary", Secret("canary"))
CANARY_DEADLINE_SECONDS = 0.8
ACCESSES = (*DATABASES, FAULTS_DATABASE, DISPUTES_DATABASE)


class Exporter:
    """An exporter on a port of its own, which can be stopped and started, of one node or of several."""

    def __init__(
        self,
        nodes: Sequence[Node],
        port: int,
        collectors: tuple[str, ...],
        canary: CanarySettings | None = None,
        log: Path | None = None,
        *,
        reads_files: bool = False,
    ) -> None:
        self._nodes = nodes
        self._log = log
        self._reads_files = reads_files
        self._port = port
        self._collectors = collectors
        self._canary = canary
        self._running: AsyncExitStack | None = None

    @property
    def address(self) -> str:
        """Where it is scraped."""
        return f"{HOST}:{self._port}"

    @property
    def is_running(self) -> bool:
        """Whether it listens."""
        return self._running is not None

    async def start(self) -> None:
        """Listen."""
        module = Module(
            credentials=ADMINISTRATOR,
            collectors=self._collectors,
            databases=ACCESSES,
            canary=self._canary,
        )
        targets = tuple(Target(parse_endpoint("the node's address", node.http_url), module) for node in self._nodes)
        fleet = Fleet(targets, {DEFAULT_MODULE: module})
        sources = tuple(self._sources(fleet))
        self._running = AsyncExitStack()
        server = Server(fleet, Web(listen=((HOST, self._port),)), sources)
        await self._running.enter_async_context(serving(server, sources))

    def _sources(self, fleet: Fleet) -> Iterator[LocalSource]:
        if len(fleet.nodes) == 1:
            yield HostSource(HostSettings(port=fleet.nodes[0].endpoint.port))
            if self._reads_files:
                yield FilesSource(self._nodes[0].data)
        if self._log is not None:
            yield LogSource(LogSettings(str(self._log)))
        if self._canary is not None:
            yield CanarySource(fleet)

    async def stop(self) -> None:
        """Stop listening."""
        running, self._running = self._running, None
        if running is not None:
            await running.aclose()


def canary_settings(number: int, pace: Pace) -> CanarySettings:
    """Return a canary that writes at each scrape; its name tells it from those of the other nodes of this machine."""
    return CanarySettings(
        CANARY_DATABASE,
        f"node{number}",
        interval_seconds=pace.scrape_seconds,
        deadline_seconds=pace.stretched(CANARY_DEADLINE_SECONDS),
    )
