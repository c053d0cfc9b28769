"""`nundb-exporter serve`: the exporter itself."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, Protocol, runtime_checkable

import click

from nundb_exporter import __version__, logs
from nundb_exporter.cli.ending import until_signal
from nundb_exporter.cli.files_flags import files_flags
from nundb_exporter.cli.flags import NodeFlags, flag, node_flags
from nundb_exporter.cli.host_flags import host_flags
from nundb_exporter.cli.log_flags import (
    FORMAT,
    FROM_START,
    KEYS,
    PATH,
    STATE_FILE,
    SWITCH,
    WITHOUT_OWN,
    log_flags,
)
from nundb_exporter.cli.numbers import Count, Seconds
from nundb_exporter.cli.service_manager import ServiceManager
from nundb_exporter.cli.target import read_settings
from nundb_exporter.cli.web_flags import LISTEN_ADDRESS, OPEN_HEALTH, WEB_CONFIG_FILE, listen_addresses
from nundb_exporter.cli.without_effect import without_effect
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.prefix import parse_telemetry_path, route_prefix
from nundb_exporter.config.settings import (
    DEFAULT_MAX_REQUESTS,
    DEFAULT_TELEMETRY_PATH,
    DEFAULT_TIMEOUT_OFFSET,
    Web,
)
from nundb_exporter.errors import ConfigError
from nundb_exporter.host.settings import HostSettings
from nundb_exporter.log.settings import LogSettings
from nundb_exporter.secret_files import SecretFiles
from nundb_exporter.sources import LocalSource
from nundb_exporter.web import Server, serving
from nundb_exporter.web.reload import Reload

_LOGGER: Final = logging.getLogger(__name__)
_LEVELS: Final = (*logs.LEVELS, "warn")
"""`warn` is how Prometheus' own programs spell it."""
_DEFAULT_LEVEL: Final = "info"


@click.command("serve")
@node_flags
@log_flags(SWITCH, PATH, FORMAT, FROM_START, STATE_FILE, KEYS, WITHOUT_OWN)
@host_flags
@files_flags
@LISTEN_ADDRESS
@flag(
    "--web.systemd-socket",
    "Listen on the sockets that systemd hands over (socket activation), and on no address.",
    is_flag=True,
)
@flag("--web.telemetry-path", "Path of the metrics page.", default=DEFAULT_TELEMETRY_PATH, show_default=True)
@flag(
    "--web.external-url",
    "URL under which clients reach the exporter, for instance through a reverse proxy. Its path is the default of "
    "--web.route-prefix.",
    default=None,
    metavar="URL",
)
@flag(
    "--web.route-prefix",
    "Path below which all pages are. Set it to / where a proxy removes the path of --web.external-url.",
    default=None,
    metavar="PATH",
)
@WEB_CONFIG_FILE
@OPEN_HEALTH
@flag(
    "--web.max-requests",
    "Maximum number of concurrent scrapes of one node; more are answered with status 503.",
    type=Count(min=1),
    default=DEFAULT_MAX_REQUESTS,
    show_default=True,
    metavar="N",
)
@flag(
    "--timeout-offset",
    "Seconds to subtract from the scrape timeout of Prometheus, for sending the answer.",
    type=Seconds(),
    default=DEFAULT_TIMEOUT_OFFSET,
    show_default=True,
    metavar="SECONDS",
)
@flag(
    "--log.level",
    "Only log messages of this level or above. Default: the configuration file's, or else info.",
    type=click.Choice(_LEVELS, case_sensitive=False),
    default=None,
)
@flag(
    "--log.format",
    "Format of the log.",
    type=click.Choice(logs.FORMATS, case_sensitive=False),
    default="logfmt",
    show_default=True,
)
def command(
    *,
    web_listen_address: tuple[str, ...],
    web_systemd_socket: bool,
    web_telemetry_path: str,
    web_external_url: str | None,
    web_route_prefix: str | None,
    web_config_file: str | None,
    web_open_health: bool,
    web_max_requests: int,
    timeout_offset: float,
    log_level: str | None,
    log_format: Literal["logfmt", "json"],
    flags: NodeFlags,
    log: LogSettings | None,
    host: HostSettings | None,
    data_dir: Path | None,
) -> None:
    """Serve the metrics of one node, or of many (the default command).

    Files with a password, a token or a certificate are read again when they have changed. SIGHUP and POST /-/reload
    read the configuration file again too, and use all of it or, if it has an error, nothing. SIGTERM and SIGINT end the
    exporter, after scrapes in progress, within eight seconds.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # even before there is something to read again
    web = Web(
        listen=listen_addresses(web_listen_address),
        telemetry_path=parse_telemetry_path("--web.telemetry-path", web_telemetry_path),
        max_requests=web_max_requests,
        timeout_offset=timeout_offset,
        uses_systemd_socket=web_systemd_socket,
        config_file=web_config_file,
        has_open_health=web_open_health,
        route_prefix=route_prefix(web_external_url, web_route_prefix),
    )
    secrets = SecretFiles()

    def read() -> tuple[Fleet, str]:
        settings = read_settings(flags, secrets=secrets)
        return settings.fleet, log_level or settings.log_level or _DEFAULT_LEVEL

    fleet, level = read()
    sources = _sources(fleet, log, host, data_dir)
    logs.configure(level, log_format)
    for told in without_effect(os.environ, click.get_current_context(), fleet):
        _LOGGER.warning("%s", told)
    asyncio.run(_serve(fleet, web, sources, read))


@runtime_checkable
class _Configured(Protocol):
    """A local source that the configuration file describes, which may be read again."""

    def replace(self, fleet: Fleet) -> None: ...


def _sources(
    fleet: Fleet, log: LogSettings | None, host: HostSettings | None, data_dir: Path | None
) -> list[LocalSource]:
    """Return the local sources that are on. What reads them is imported only where there is something to read."""
    sources: list[LocalSource] = []
    if log is not None:
        from nundb_exporter.log.source import LogSource  # noqa: PLC0415

        sources.append(LogSource(log))
    if any(node.module.canary for node in fleet.nodes):
        from nundb_exporter.canary.source import CanarySource  # noqa: PLC0415

        sources.append(CanarySource(fleet))
    if host is not None:
        from nundb_exporter.host.source import HostSource  # noqa: PLC0415

        port = fleet.nodes[0].endpoint.port if len(fleet.nodes) == 1 else None
        if port is None and host.process is None and data_dir is None:
            problem = "cannot tell the process of one node from several"
            raise ConfigError(
                "--collector.host", problem, "name it with --nundb.process, or run an exporter beside each"
            )
        sources.append(HostSource(replace(host, port=port, data_dir=data_dir)))
    if data_dir is not None:
        from nundb_exporter.files.source import FilesSource  # noqa: PLC0415

        sources.append(FilesSource(data_dir))
    return sources


async def _serve(fleet: Fleet, web: Web, sources: Sequence[LocalSource], read: Callable[[], tuple[Fleet, str]]) -> None:
    """Serve until a signal ends it; `read` returns the nodes and the level of the log as they are set then."""
    manager = ServiceManager(os.environ)

    def read_again() -> None:
        manager.reloading()
        try:
            new, level = read()
            server.nodes.replace(new)
            for source in sources:
                if isinstance(source, _Configured):
                    source.replace(new)
            logs.set_level(level)
        finally:
            manager.ready(_serving(server.nodes.fleet))

    reload = Reload(read_again)
    server = Server(fleet, web, sources, reload)
    async with serving(server, sources) as addresses:
        # Not before: until the loop turns it tells nobody of a signal, and a name may have been looked up for minutes.
        with until_signal() as ended:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload.run, "SIGHUP")
            for address in addresses:
                _LOGGER.info("version %s serves %s on %s", __version__, _nodes(fleet), server.front.metrics_at(address))
            _freeze_garbage_collector()
            manager.ready(_serving(fleet))
            await ended.wait()
            manager.stopping()
            _LOGGER.info("stopping: waiting for scrapes in progress")


def _serving(fleet: Fleet) -> str:
    return f"Serving {_nodes(fleet)}"


def _nodes(fleet: Fleet) -> str:
    if len(fleet.nodes) == 1:
        return str(fleet.nodes[0].endpoint)
    return f"{len(fleet.nodes)} nodes"


def _freeze_garbage_collector() -> None:
    """Let the garbage collector skip what lives as long as the process, and look at the rest less often.

    A scrape makes hundreds of tuples and no cycle; by default they trigger a collection each time, and a walk over all
    imported modules every few hundred scrapes: a tenth of the median time and half of the slowest hundredth's.
    What is garbage already stays too: it is less than 0.1 MiB, and the first page would wait 6 ms for its removal.
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
