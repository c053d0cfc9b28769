"""`nundb-exporter demo`: a cluster under load, its exporters and Prometheus, in one command."""

import asyncio
import signal
import sys
from collections.abc import Callable
from typing import Any, Final

import click

from nundb_devserver import DEFAULT_PORT_BASE, PORTS_PER_NODE, NotReadyError
from nundb_exporter.cli import terminal
from nundb_exporter.cli.devserver import LAST_PORT, administrator
from nundb_exporter.cli.ending import until_signal
from nundb_exporter.cli.exits import Exit
from nundb_exporter.cli.numbers import Count, Seconds
from nundb_exporter.config.settings import DEFAULT_LISTEN_ADDRESS, parse_listen_address
from nundb_exporter.demo.exporters import PORT_FLAG
from nundb_exporter.demo.faults import CHOICES
from nundb_exporter.demo.run import run
from nundb_exporter.demo.screen import Screen
from nundb_exporter.demo.services import (
    DEFAULT_PROMETHEUS_PORT,
    NODES,
    PORT_BASE_FLAG,
    PROMETHEUS_PORT_FLAG,
    Settings,
)

_DEFAULT_EXPORTER_PORT: Final = parse_listen_address("the default", DEFAULT_LISTEN_ADDRESS)[1]


def _port(name: str, highest: int, default: int | None, help_text: str) -> Callable[..., Any]:
    return click.option(
        name, type=Count(0, highest), default=default, show_default=True, metavar="PORT", help=help_text
    )


@click.command("demo")
@click.option(
    "--fault",
    "faults",
    type=click.Choice(tuple(CHOICES)),
    multiple=True,
    metavar="NAME",
    help="Fault to switch on; repeat the flag for more, one after another. See --list-faults.",
)
@click.option(
    "--fault-node",
    type=Count(0, NODES - 1),
    metavar="N",
    help="Node that gets the faults: 0 is the primary at first. Default: what suits each fault.",
)
@click.option(
    "--fault-after",
    type=Seconds(),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="Seconds before the first fault, and between one fault and the next.",
)
@click.option("--list-faults", is_flag=True, help="List the faults and exit.")
@click.option(
    "--duration",
    type=Seconds(),
    metavar="SECONDS",
    help="Exit after this time. Default: run until Ctrl-C.",
)
@_port(
    PORT_FLAG,
    LAST_PORT - NODES,
    _DEFAULT_EXPORTER_PORT,
    "Port of the exporter of node 0; the others use the next ones.",
)
@_port(
    PORT_BASE_FLAG,
    LAST_PORT - NODES * PORTS_PER_NODE,
    DEFAULT_PORT_BASE,
    "Base of the ports of the nodes: see nundb-exporter devserver --help.",
)
@_port(
    PROMETHEUS_PORT_FLAG,
    LAST_PORT,
    None,
    f"Port of Prometheus. Default: {DEFAULT_PROMETHEUS_PORT}, or any free one if that is in use.",
)
@click.option("--prometheus/--no-prometheus", default=True, help="Start Prometheus if it is installed. Default: yes.")
def command(
    *,
    faults: tuple[str, ...],
    fault_node: int | None,
    fault_after: float,
    list_faults: bool,
    duration: float | None,
    exporter_port: int,
    port_base: int,
    prometheus_port: int | None,
    prometheus: bool,
) -> Exit:
    """Run a demo: three embedded nodes under load, and faults to try.

    Starts a cluster with simulated applications, an exporter for each node, and Prometheus if it is installed, and
    prints what to look at. On a terminal, keys switch faults on and off. Nothing is left behind.
    """
    if list_faults:
        width = max(len(name) for name in CHOICES)
        for name, description in CHOICES.items():
            click.echo(f"{name:<{width}}  {description}")
        return Exit.OK
    settings = Settings(
        administrator=administrator(),
        port_base=port_base,
        exporter_port=exporter_port,
        prometheus_port=prometheus_port,
        has_prometheus=prometheus,
        faults=faults,
        fault_node=fault_node,
        fault_after_seconds=fault_after,
        duration_seconds=duration,
    )
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> Exit:
    is_terminal = sys.stdout.isatty() and not terminal.is_dumb()
    screen = Screen(sys.stdout, is_terminal=is_terminal, has_color=terminal.has_color())
    keyboard = sys.stdin.fileno() if sys.stdin and sys.stdin.isatty() and screen.is_terminal else None
    try:
        # SIGHUP comes when the terminal is closed: Prometheus must not stay behind then either.
        with until_signal(signal.SIGHUP) as ended:
            await run(settings, screen, keyboard, ended)
    except NotReadyError as error:
        click.echo(f"nundb-exporter: the nodes have not become one cluster: {error}", err=True)
        return Exit.UNHEALTHY
    return Exit.OK
