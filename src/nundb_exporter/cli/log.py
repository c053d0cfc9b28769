"""`nundb-exporter log`: what Nun-db's log tells, without a node."""

import asyncio
import logging
from pathlib import Path
from typing import Final

import click

from nundb_exporter import logs
from nundb_exporter.cli.ending import until_signal
from nundb_exporter.cli.exits import Exit
from nundb_exporter.cli.log_flags import FORMAT, FROM_START, KEYS, STATE_FILE, WITHOUT_OWN, log_flags
from nundb_exporter.cli.web_flags import LISTEN_ADDRESS, OPEN_HEALTH, WEB_CONFIG_FILE, listen_addresses
from nundb_exporter.config.settings import Web
from nundb_exporter.errors import ConfigError, SourceError
from nundb_exporter.exposition import Format, render
from nundb_exporter.log.inputs import STANDARD_INPUT
from nundb_exporter.log.settings import LogSettings
from nundb_exporter.log.source import LogSource
from nundb_exporter.system_errors import cause_of
from nundb_exporter.web.local import LocalServer

_LOGGER: Final = logging.getLogger(__name__)
_PATH: Final = "FILE"


@click.command("log")
@click.argument("nundb_log_path", metavar=_PATH)
@log_flags(FORMAT, FROM_START, STATE_FILE, KEYS, WITHOUT_OWN)
@click.option("--once", is_flag=True, help="Read to the end, print the metrics, and end.")
@LISTEN_ADDRESS
@WEB_CONFIG_FILE
@OPEN_HEALTH
def command(
    *,
    once: bool,
    web_listen_address: tuple[str, ...],
    web_config_file: str | None,
    web_open_health: bool,
    log: LogSettings,
) -> Exit:
    """Serve the metrics of Nun-db's log alone, and its slowest commands at /slow.

    FILE is a file, a directory of *.log, a named pipe, or - for standard input, with which the command ends too.

    Exit code 0: done. 2: a setting is wrong. 3: the output cannot be written.
    """
    if once:
        return _print_once(log)
    logs.configure("info", "logfmt")
    web = Web(
        listen=listen_addresses(web_listen_address),
        config_file=web_config_file,
        has_open_health=web_open_health,
    )
    asyncio.run(_serve(LogSource(log), web, log.path))
    return Exit.OK


def read_whole(log: LogSettings) -> LogSource:
    """Read a log from its beginning to its end.

    Raises:
        ConfigError: there is no such log, or it cannot be read.
    """
    if log.path != STANDARD_INPUT and not Path(log.path).exists():
        raise ConfigError(log.path, "does not exist", "name the file that holds Nun-db's standard output")
    source = LogSource(log, is_followed=False)
    try:
        source.read_to_end()
    except (OSError, SourceError) as error:
        told = (
            f"cannot be read ({cause_of(error)})" if isinstance(error, OSError) else f"cannot be read whole ({error})"
        )
        raise ConfigError(log.path, told, "name a log that may be read") from error
    return source


def _print_once(log: LogSettings) -> Exit:
    source = read_whole(LogSettings(log.path, log.form, is_from_start=True, is_without_own=log.is_without_own))
    click.echo(render(source.samples(), Format.TEXT).text, nl=False)
    return Exit.OK


async def _serve(source: LogSource, web: Web, path: str) -> None:
    front = LocalServer(source, web).front
    addresses = front.start()
    loop = asyncio.get_running_loop()
    with until_signal() as ended:

        def end() -> None:
            loop.call_soon_threadsafe(ended.set)

        source.start(end)
        for address in addresses:
            where = "of standard input" if path == STANDARD_INPUT else path
            _LOGGER.info("serving the log %s on %s", where, front.metrics_at(address))
        await ended.wait()
        _LOGGER.info("stopping")
        await front.stop()
        source.stop()
