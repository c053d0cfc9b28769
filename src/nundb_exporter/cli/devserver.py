"""`nundb-exporter devserver`: embedded Nun-db nodes, for development and tests."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import click

from nundb_devserver import FAULTS, WIRES, Cluster, FaultError, NotReadyError, ServeOptions, serve
from nundb_devserver.options import (
    DEFAULT_PASSWORD,
    DEFAULT_PORT_BASE,
    DEFAULT_USER,
    HTTP_PORT,
    PORTS_PER_NODE,
    TCP_PORT,
    WEBSOCKET_PORT,
)
from nundb_devserver.reports import CURRENT
from nundb_devserver.serve import CONTROL_PORT
from nundb_exporter.cli.exits import Exit
from nundb_exporter.credentials import Credentials, Secret, check_text, check_word
from nundb_exporter.demo.ports import HOST, refuse_taken
from nundb_exporter.demo.screen import Screen
from nundb_exporter.errors import ConfigError

LAST_PORT: Final = 65535
_PORT_BASE: Final = "--port-base"
_MOST_NODES: Final = 9


@click.command("devserver")
@click.option(
    "--nodes", type=click.IntRange(1, _MOST_NODES), default=1, show_default=True, metavar="N", help="Number of nodes."
)
@click.option(
    _PORT_BASE,
    type=click.IntRange(1, LAST_PORT - TCP_PORT),
    default=DEFAULT_PORT_BASE,
    show_default=True,
    metavar="PORT",
    help="Node i listens on 127.0.0.1 at PORT + 10 i + 2 (WebSocket), + 3 (HTTP) and + 4 (TCP).",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Directory for the data of the nodes. Default: a temporary one, removed at the end.",
)
@click.option(
    "--wire",
    type=click.Choice(tuple(WIRES)),
    default=CURRENT,
    show_default=True,
    help="Reply in the formats of a server of that month.",
)
@click.option(
    "--declutter-interval",
    type=click.IntRange(min=1),
    envvar="NUN_DECLUTTER_INTERVAL",
    default=300,
    show_default=True,
    show_envvar=True,
    metavar="SECONDS",
    help="Seconds between two writes of queued snapshots.",
)
@click.option(
    "--max-op-log-size",
    type=click.IntRange(min=0),
    envvar="NUN_MAX_OP_LOG_SIZE",
    default=1_073_741_824,
    show_default=True,
    show_envvar=True,
    metavar="BYTES",
    help="Limit of the operation log; a segment is a tenth of it.",
)
@click.option("--peer", "peers", multiple=True, metavar="HOST:PORT", help="TCP address of another node to join.")
@click.option(
    "--fault",
    "faults",
    type=click.Choice(tuple(FAULTS)),
    multiple=True,
    metavar="NAME",
    help="Fault to start with; repeatable. See nundb-exporter demo --list-faults.",
)
@click.option("--control-port", "has_control", is_flag=True, help="Switch faults over HTTP at PORT + 1: see its /help.")
@click.option("--quiet", is_flag=True, help="Print only the addresses, no log.")
def command(
    *,
    nodes: int,
    port_base: int,
    data: Path | None,
    wire: str,
    declutter_interval: int,
    max_op_log_size: int,
    peers: tuple[str, ...],
    faults: tuple[str, ...],
    has_control: bool,
    quiet: bool,
) -> int:
    """Run an embedded Nun-db node, or a cluster, for development and tests.

    The administrator is NUN_USER with NUN_PWD, by default nun with nun-pwd. The log goes to standard output, as
    Nun-db's does. As with Nun-db, SIGINT saves queued snapshots before the nodes exit, and SIGTERM saves nothing.
    """
    admin = administrator()
    options = ServeOptions(
        nodes=nodes,
        port_base=port_base,
        data=data,
        user=admin.user,
        password=admin.password.reveal(),
        peers=peers,
        wire=wire,
        declutter_seconds=float(declutter_interval),
        max_oplog_bytes=max_op_log_size,
        faults=faults,
        has_control=has_control,
        has_log=not quiet,
    )
    refuse_taken(_PORT_BASE, _ports(options))
    try:
        asyncio.run(serve(options, lambda cluster: _tell(cluster, options)))
    except (NotReadyError, FaultError) as error:
        click.echo(f"nundb-exporter: {error}", err=True)
        return Exit.UNHEALTHY
    except OSError as error:
        if error.filename:
            cause = (error.strerror or "").lower()
            raise ConfigError("--data", f"cannot use {error.filename} ({cause})", "name another directory") from error
        # Somebody was quicker than we, after the ports were found free.
        raise ConfigError(_PORT_BASE, f"cannot listen ({error})", "choose other ports with it") from error
    return 0


def administrator() -> Credentials:
    """Return the administrator that the environment gives embedded nodes.

    Raises:
        ConfigError: the name or the password does not fit into a Nun-db command.
    """
    user = os.environ.get("NUN_USER") or DEFAULT_USER
    password = os.environ.get("NUN_PWD") or DEFAULT_PASSWORD
    check_word("NUN_USER", user)
    check_text("NUN_PWD", password)
    return Credentials(user, Secret(password))


def _ports(options: ServeOptions) -> list[int]:
    offsets = (WEBSOCKET_PORT, HTTP_PORT, TCP_PORT)
    control = [options.port_base + CONTROL_PORT] if options.has_control else []
    bases = [options.port_base + PORTS_PER_NODE * index for index in range(options.nodes)]
    if bases[-1] + TCP_PORT > LAST_PORT:
        raise ConfigError(_PORT_BASE, f"{options.nodes} nodes need ports beyond {LAST_PORT}", "choose a lower one")
    return [*(base + offset for base in bases for offset in offsets), *control]


def _tell(cluster: Cluster, options: ServeOptions) -> None:
    screen = Screen(sys.stdout, is_terminal=False)
    for index, node in enumerate(cluster.nodes):
        role = " (primary)" if index == cluster.primary else ""
        screen.say(f"node{index}: {node.http_url} {node.ws_url} tcp://{node.name}{role}")
    if options.has_control:
        screen.say(f"control: http://{HOST}:{options.port_base + CONTROL_PORT}")
