"""Everything that the demo runs, from the first port to the last file, and its end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from nundb_devserver import Cluster, NodeOptions
from nundb_exporter.credentials import Credentials
from nundb_exporter.demo import exporters, ports
from nundb_exporter.demo.exporters import Exporter
from nundb_exporter.demo.prometheus import BINARY, FailedError, Prometheus, configuration, find
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
"""So small that in minutes it is seen how the operation log rotates, and falls when it is pruned."""
_DECLUTTER_SECONDS: Final = 30.0
"""So short that snapshots reach the disk while somebody watches."""
_DISTANCES_SECONDS: Final = (0.0, 0.004, 0.009)
"""How far each node is from the others: on one machine every acknowledgement would take less than the millisecond that
Nun-db counts in, and the average of their times would be 0 for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the demo is wanted. Of the ports, 0 means any free one."""

    administrator: Credentials
    port_base: int
    exporter_port: int
    """Of the first node; the others have the next ones."""
    prometheus_port: int | None = None
    """None: the usual one, or another where that is taken."""
    has_prometheus: bool = True
    """Whether to start it where it is installed."""
    faults: tuple[str, ...] = ()
    fault_node: int | None = None
    """Where they go; None: where each is most telling."""
    fault_after_seconds: float = 15.0
    """Before the first fault, and between one and the next."""
    duration_seconds: float | None = None
    """When to end by itself."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs."""

    administrator: Credentials
    cluster: Cluster
    exporters: tuple[Exporter, ...]
    """In the order of the nodes."""
    prometheus: Prometheus | None
    group: asyncio.TaskGroup
    """For whatever shall run as long."""


@asynccontextmanager
async def built(settings: Settings, tell: Callable[[str], None]) -> AsyncIterator[Stage]:
    """Start everything, telling what is up; end everything, and remove every file.

    Raises:
        ConfigError: a port is taken.
        NotReadyError: the nodes have not become one cluster in time.
    """
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="nundb-demo-", ignore_cleanup_errors=True)))
        cluster = Cluster(NODES, port_base=settings.port_base or None, data=directory, options=_options(settings))
        stack.push_async_callback(cluster.end)
        ports.refuse_taken(PORT_BASE_FLAG, _ports(cluster))
        if settings.exporter_port:
            ports.refuse_taken(exporters.PORT_FLAG, range(settings.exporter_port, settings.exporter_port + NODES))
        await _start(cluster)
        tell(f"{NODES} nodes are one cluster, node{cluster.primary} its primary")
        workload = Workload(cluster, settings.administrator)
        await workload.prepare()
        # Only now, so that their first answer is a good one.
        started = tuple([await _exporter(stack, settings, cluster, index) for index in range(NODES)])
        tell(f"exporters listen on {', '.join(exporter.address for exporter in started)}")
        prometheus = _prometheus(settings, directory / "prometheus", tell)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        group.create_task(workload.run())
        tell(f"applications use the databases {', '.join(access.name for access in DATABASES)}")
        if prometheus is not None:
            stack.push_async_callback(prometheus.stop)
            prometheus = await _started(prometheus, started, tell)
        yield Stage(settings.administrator, cluster, started, prometheus, group)


def _ports(cluster: Cluster) -> list[int]:
    options = [node.options for node in cluster.nodes]
    return [port for each in options for port in (each.websocket_port, each.http_port, each.tcp_port)]


def _options(settings: Settings) -> NodeOptions:
    return NodeOptions(
        user=settings.administrator.user,
        password=settings.administrator.password.reveal(),
        max_oplog_bytes=_OPLOG_BYTES,
        declutter_seconds=_DECLUTTER_SECONDS,
    )


async def _exporter(stack: AsyncExitStack, settings: Settings, cluster: Cluster, index: int) -> Exporter:
    port = settings.exporter_port and settings.exporter_port + index
    exporter = await exporters.start(cluster.nodes[index], settings.administrator, DATABASES, port)
    stack.push_async_callback(exporter.server.stop)
    return exporter


async def _start(cluster: Cluster) -> None:
    for node, distance in zip(cluster.nodes, _DISTANCES_SECONDS, strict=True):
        node.conditions.link_delay_seconds = distance
    try:
        await cluster.start_all()
    except OSError as error:  # somebody was quicker than we after the ports were found free
        cause = (error.strerror or str(error)).lower()
        raise ConfigError(PORT_BASE_FLAG, f"cannot listen ({cause})", "choose other ports with it") from error


def _prometheus(settings: Settings, directory: Path, tell: Callable[[str], None]) -> Prometheus | None:
    """Return a Prometheus to start, where it is wanted and installed.

    Raises:
        ConfigError: the port that was asked for is taken.
    """
    binary = find() if settings.has_prometheus else None
    if binary is not None:
        return Prometheus(binary, directory, _prometheus_port(settings.prometheus_port, tell))
    if settings.has_prometheus:
        tell(f"no {BINARY} on PATH: there will be no charts, all the rest is the same")
    return None


async def _started(
    prometheus: Prometheus, scraped: tuple[Exporter, ...], tell: Callable[[str], None]
) -> Prometheus | None:
    """Start it; without it there is still all the rest to see."""
    rules = {"alerts.yml": alerting_rules(GROUPS), "recordings.yml": recording_rules(RECORDINGS)}
    targets = {f"node{index}": exporter.address for index, exporter in enumerate(scraped)}
    try:
        await prometheus.start(configuration(targets, list(rules)), rules)
    except FailedError as error:
        tell(f"Prometheus does not start, there will be no charts: {error}")
        return None
    tell(f"Prometheus scrapes them, its charts begin in some seconds: http://{prometheus.address}")
    return prometheus


def _prometheus_port(wanted: int | None, tell: Callable[[str], None]) -> int:
    """Choose a port. Nobody relies on where it is, unless he says so: another Prometheus must not stop the demo."""
    if wanted == 0:
        return ports.free()
    if ports.is_free(wanted or DEFAULT_PROMETHEUS_PORT):
        return wanted or DEFAULT_PROMETHEUS_PORT
    if wanted is not None:
        raise ConfigError(PROMETHEUS_PORT_FLAG, f"port {wanted} is taken", "choose another, or leave the flag out")
    port = ports.free()
    tell(f"port {DEFAULT_PROMETHEUS_PORT} is taken: Prometheus gets {port} ({PROMETHEUS_PORT_FLAG} chooses another)")
    return port
