"""`nundb-exporter devserver`: embedded Nun-db nodes, for development and tests."""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Final

import click

from nundb_devserver import (
    CURRENT,
    DEFAULT_DECLUTTER_SECONDS,
    DEFAULT_MAX_OPLOG_BYTES,
    DEFAULT_PASSWORD,
    DEFAULT_PORT_BASE,
    DEFAULT_USER,
    FAULTS,
    HOST,
    RELEASES,
    TCP_PORT,
    Cluster,
    FaultError,
    NodeOptions,
    NotReadyError,
    ServeOptions,
    first_taken,
    serve,
)
from nundb_exporter.cli.exits import Exit
from nundb_exporter.cli.numbers import Count
from nundb_exporter.credentials import Credentials, Secret, check_text, check_word, without_editor_marks
from nundb_exporter.errors import ConfigError

LAST_PORT: Final = 65535
_PORT_BASE: Final = "--port-base"
_MOST_NODES: Final = 9


@click.command("devserver")
@click.option("--nodes", type=Count(1, _MOST_NODES), default=1, show_default=True, metavar="N", help="Number of nodes.")
@click.option(
    _PORT_BASE,
    type=Count(1, LAST_PORT - TCP_PORT),
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
    "--release",
    type=click.Choice(tuple(RELEASES)),
    default=CURRENT,
    show_default=True,
    help="Understand and reply as a server of that month did.",
)
@click.option(
    "--declutter-interval",
    type=Count(min=1),
    envvar="NUN_DECLUTTER_INTERVAL",
    default=int(DEFAULT_DECLUTTER_SECONDS),
    show_default=True,
    show_envvar=True,
    metavar="SECONDS",
    help="Seconds between two writes of queued snapshots.",
)
@click.option(
    "--max-op-log-size",
    type=Count(min=0),
    envvar="NUN_MAX_OP_LOG_SIZE",
    default=DEFAULT_MAX_OPLOG_BYTES,
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
@click.option("--control", "has_control", is_flag=True, help="Switch faults over HTTP at PORT + 1: see its /help.")
@click.option("--quiet", is_flag=True, help="Print only the addresses, no log.")
def command(
    *,
    nodes: int,
    port_base: int,
    data: Path | None,
    release: str,
    declutter_interval: int,
    max_op_log_size: int,
    peers: tuple[str, ...],
    faults: tuple[str, ...],
    has_control: bool,
    quiet: bool,
) -> Exit:
    """Run an embedded Nun-db node, or a cluster, for development and tests.

    The administrator is NUN_USER with NUN_PWD, by default nun with nun-pwd. The log goes to standard output, as
    Nun-db's does. As with Nun-db, SIGINT saves queued snapshots before the nodes exit, and SIGTERM saves nothing.
    """
    admin = administrator()
    options = ServeOptions(
        nodes=nodes,
        port_base=port_base,
        data=data,
        node=NodeOptions(
            user=admin.user,
            password=admin.password.reveal(),
            release=release,
            declutter_seconds=float(declutter_interval),
            max_oplog_bytes=max_op_log_size,
        ),
        peers=peers,
        faults=faults,
        has_control=has_control,
        has_log=not quiet,
    )
    _check_ports(options)
    try:
        asyncio.run(serve(options, lambda cluster: _tell(cluster, options)))
    except (NotReadyError, FaultError) as error:
        click.echo(f"nundb-exporter: {error}", err=True)
        return Exit.UNHEALTHY
    except OSError as error:
        if error.filename:
            cause = (error.strerror or "").lower()
            raise ConfigError("--data", f"cannot use {error.filename} ({cause})", "name another directory") from error
        # The port was taken after it was found free.
        raise ConfigError(_PORT_BASE, f"cannot listen ({error})", "choose other ports with it") from error
    return Exit.OK


def administrator() -> Credentials:
    """Return the administrator that the environment gives embedded nodes.

    Raises:
        ConfigError: the name or the password does not fit into a Nun-db command.
    """
    user = without_editor_marks(os.environ.get("NUN_USER", "")) or DEFAULT_USER
    password = without_editor_marks(os.environ.get("NUN_PWD", "")) or DEFAULT_PASSWORD
    check_word("NUN_USER", user)
    check_text("NUN_PWD", password)
    return Credentials(user, Secret(password))


def _check_ports(options: ServeOptions) -> None:
    if max(options.ports) > LAST_PORT:
        raise ConfigError(_PORT_BASE, f"{options.nodes} nodes need ports beyond {LAST_PORT}", "choose a lower one")
    taken = first_taken(options.ports)
    if taken is not None:
        cure = f"choose others with {_PORT_BASE}, or stop the program that has it"
        raise ConfigError(_PORT_BASE, f"port {taken} is taken", cure)


def _tell(cluster: Cluster, options: ServeOptions) -> None:
    # A reader that has gone away, or a full disk, ends the output, not the nodes.
    with contextlib.suppress(OSError):
        for index, node in enumerate(cluster.nodes):
            role = " (primary)" if index == cluster.primary else ""
            click.echo(f"node{index}: {node.http_url} {node.ws_url} tcp://{node.name}{role}")
        if options.has_control:
            click.echo(f"control: http://{HOST}:{options.control_port}")
