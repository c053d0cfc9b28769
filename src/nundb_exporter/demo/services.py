"""Starts and stops what the demo runs: nodes, exporters, applications and Prometheus."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from nundb_devserver import PORTS_PER_NODE, Cluster, NodeOptions, free_port, is_free
from nundb_exporter.credentials import Credentials
from nundb_exporter.demo import exporters, ports
from nundb_exporter.demo.exporters import Exporter
from nundb_exporter.demo.prometheus import BINARY, FailedError, Prometheus, configuration, find, how_to_install
from nundb_exporter.demo.workload import DATABASES, Workload
from nundb_exporter.errors import ConfigError
from nundb_exporter.monitoring.alerts import GROUPS
from nundb_exporter.monitoring.recordings import RECORDINGS
from nundb_exporter.monitoring.rule_files import alerting_rules, recording_rules

NODES: Final = 3
PORT_BASE_FLAG: Final = "--port-base"
PROMETHEUS_PORT_FLAG: Final = "--prometheus-port"
DEFAULT_PROMETHEUS_PORT: Final = 9090

_OPLOG_BYTES: Final = 250_000
"""Small, so that rotation and pruning show within minutes."""
_DECLUTTER_SECONDS: Final = 30.0
"""Short, so that snapshots reach the disk within a demo."""
_LINK_DELAYS_SECONDS: Final = (0.0, 0.004, 0.009)
"""Delay of each node's links. Without it every acknowledgement would take less than the millisecond that Nun-db counts
in, and the average would always be 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of the demo. Port 0 means any free one."""

    administrator: Credentials
    port_base: int
    exporter_port: int
    """Of the exporter of the first node; the others use the next ones."""
    prometheus_port: int | None = None
    """None: the default one, or any free one if that is taken."""
    has_prometheus: bool = True
    """Whether to start Prometheus if it is installed."""
    faults: tuple[str, ...] = ()
    fault_node: int | None = None
    """The node that gets the faults; None: each fault's default node."""
    fault_after_seconds: float = 15.0
    """Time before the first fault, and between two faults."""
    duration_seconds: float | None = None
    """When to end; None: when it is told to."""


@dataclass(frozen=True, slots=True)
class Services:
    """What is running."""

    administrator: Credentials
    cluster: Cluster
    exporters: tuple[Exporter, ...]
    """In the order of the nodes."""
    prometheus: Prometheus | None
    group: asyncio.TaskGroup
    """For tasks that end with the demo."""


@asynccontextmanager
async def running_services(settings: Settings, tell: Callable[[str], None]) -> AsyncIterator[Services]:
    """Start everything, and say so through `tell`; in the end stop everything and remove every file.

    Raises:
        ConfigError: a port is taken.
        NotReadyError: the nodes have not become one cluster in time.
    """
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="nundb-demo-", ignore_cleanup_errors=True)))
        cluster = Cluster(
            NODES, port_base=settings.port_base or None, data=directory, logs=directory, options=_options(settings)
        )
        stack.push_async_callback(cluster.end)
        ports.refuse_taken(PORT_BASE_FLAG, cluster.ports, "a node", NODES * PORTS_PER_NODE)
        if settings.exporter_port:
            wanted = range(settings.exporter_port, settings.exporter_port + NODES)
            ports.refuse_taken(exporters.PORT_FLAG, wanted, "an exporter", NODES)
        await _start_nodes(cluster)
        tell(f"{NODES} nodes are one cluster, node{cluster.primary} its primary")
        workload = Workload(cluster, settings.administrator)
        await workload.prepare()
        # After the cluster, so that their first answer is a good one.
        started = tuple([await _start_exporter(stack, settings, cluster, index) for index in range(NODES)])
        tell(f"exporters listen on {', '.join(exporter.address for exporter in started)}")
        prometheus = _prometheus(settings, directory / "prometheus", tell)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        group.create_task(workload.run())
        tell(f"applications use the databases {', '.join(access.name for access in DATABASES)}")
        if prometheus is not None:
            stack.push_async_callback(prometheus.stop)
            prometheus = await _start_prometheus(prometheus, started, tell)
        yield Services(settings.administrator, cluster, started, prometheus, group)


def _options(settings: Settings) -> NodeOptions:
    return NodeOptions(
        user=settings.administrator.user,
        password=settings.administrator.password.reveal(),
        max_oplog_bytes=_OPLOG_BYTES,
        declutter_seconds=_DECLUTTER_SECONDS,
    )


async def _start_exporter(stack: AsyncExitStack, settings: Settings, cluster: Cluster, index: int) -> Exporter:
    port = settings.exporter_port and settings.exporter_port + index
    node, log = cluster.nodes[index], cluster.logs[index]
    return await stack.enter_async_context(exporters.running(node, log, settings.administrator, DATABASES, port))


async def _start_nodes(cluster: Cluster) -> None:
    for node, delay in zip(cluster.nodes, _LINK_DELAYS_SECONDS, strict=True):
        node.conditions.link_delay_seconds = delay
    try:
        await cluster.start_all()
    except OSError as error:  # a port was taken after it was found free
        cause = (error.strerror or str(error)).lower()
        raise ConfigError(PORT_BASE_FLAG, f"cannot listen ({cause})", "choose other ports with it") from error


def _prometheus(settings: Settings, directory: Path, tell: Callable[[str], None]) -> Prometheus | None:
    """Return a Prometheus to start, if it is wanted and installed.

    Raises:
        ConfigError: the port that was asked for is taken.
    """
    binary = find() if settings.has_prometheus else None
    if binary is not None:
        return Prometheus(binary, directory, prometheus_port(settings.prometheus_port, tell))
    if settings.has_prometheus:
        tell(f"no {BINARY} on PATH, so there are no charts; to have them: {how_to_install()}")
    return None


async def _start_prometheus(
    prometheus: Prometheus, scraped: tuple[Exporter, ...], tell: Callable[[str], None]
) -> Prometheus | None:
    """Start Prometheus, or return None and say why not: the demo goes on without it."""
    rules = {"alerts.yml": alerting_rules(GROUPS), "recordings.yml": recording_rules(RECORDINGS)}
    targets = {f"node{index}": exporter.address for index, exporter in enumerate(scraped)}
    try:
        await prometheus.start(configuration(targets, list(rules)), rules)
    except FailedError as error:
        tell(f"Prometheus does not start, there will be no charts: {error}")
        return None
    tell(f"Prometheus scrapes them, its charts begin in some seconds: http://{prometheus.address}")
    return prometheus


def prometheus_port(wanted: int | None, tell: Callable[[str], None], usual: int = DEFAULT_PROMETHEUS_PORT) -> int:
    """Choose a port: the usual one being taken must not stop the demo, one that was asked for must.

    Raises:
        ConfigError: the port that was asked for is taken.
    """
    if wanted == 0:
        return free_port()
    if is_free(wanted or usual):
        return wanted or usual
    if wanted is not None:
        raise ConfigError(PROMETHEUS_PORT_FLAG, f"port {wanted} is taken", "choose another, or leave the flag out")
    port = free_port()
    tell(f"port {usual} is taken: Prometheus gets {port} ({PROMETHEUS_PORT_FLAG} chooses another)")
    return port
