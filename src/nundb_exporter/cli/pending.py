"""`nundb-exporter pending`: which operations wait for whom, since when."""

import asyncio
import dataclasses
import json
import time

import click

from nundb_exporter.cli.exits import Exit
from nundb_exporter.cli.flags import NodeFlags, node_flags
from nundb_exporter.cli.numbers import Seconds
from nundb_exporter.cli.target import read_target
from nundb_exporter.cli.terminal import printable
from nundb_exporter.client import open_transport
from nundb_exporter.client.transport import check_proof
from nundb_exporter.config.settings import Target
from nundb_exporter.errors import ProtocolError, TargetError
from nundb_exporter.judge import PendingGroup, group_pending, unreachable
from nundb_exporter.protocol.commands import PENDING_OPS, auth
from nundb_exporter.protocol.pending import PendingOperation, pending_operations
from nundb_exporter.quantities import age, count, counted
from nundb_exporter.table import aligned


@click.command("pending")
@node_flags
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--timeout", type=Seconds(), default=10.0, show_default=True, metavar="SECONDS", help="Timeout for the node."
)
def command(as_json: bool, timeout: float, flags: NodeFlags) -> Exit:
    """List pending operations: which replica they wait for, how long, and some of their keys.

    Exit code 0: nothing is pending. 1: operations are pending, or the node does not answer. 2: a setting is wrong.
    3: the report cannot be written.
    """
    node = read_target(flags)
    try:
        operations = asyncio.run(_ask(node, timeout))
    except TargetError as error:
        finding = unreachable(str(node.endpoint), error.reason, error.detail)
        return _fail(f"{finding.sentence} {finding.advice}", as_json=as_json)
    except ProtocolError as error:
        return _fail(f"{node.endpoint}: no list of pending operations: {error}.", as_json=as_json)
    groups = group_pending(operations, time.time())
    if as_json:
        rows = [dataclasses.asdict(group) for group in groups]
        click.echo(json.dumps({"pending_operations": len(operations), "groups": rows}, indent=2))
    elif groups:
        _print_table(groups)
        click.echo(f"\n{counted(len(operations), 'operation')} pending.")
    else:
        click.echo("Nothing is pending.")
    return Exit.UNHEALTHY if operations else Exit.OK


def _fail(sentence: str, *, as_json: bool) -> Exit:
    click.echo(json.dumps({"error": sentence}) if as_json else printable(sentence), err=not as_json)
    return Exit.UNHEALTHY


async def _ask(node: Target, timeout_seconds: float) -> list[PendingOperation]:
    transport = open_transport(node.endpoint, node.module.tls, node.module.ports)
    prove = auth(node.module.credentials.user, node.module.credentials.password.reveal())
    try:
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        proof, listing = await transport.execute((prove, PENDING_OPS), deadline)
    finally:
        await transport.close()
    check_proof(node.endpoint, proof)
    if listing.text is None:
        raise ProtocolError("debug pending-ops: unknown to this server, which is older than 2022-01")
    return pending_operations(listing.text)


def _print_table(groups: list[PendingGroup]) -> None:
    rows: list[tuple[str, ...]] = [("MEMBER", "DATABASE", "OPERATION", "COUNT", "OLDEST", "KEYS")]
    for group in groups:
        oldest = "-" if group.oldest_seconds is None else age(group.oldest_seconds)
        keys = ", ".join(group.sample_keys)
        cells = (group.member, group.database or "-", group.operation, count(group.count), oldest, keys)
        rows.append(tuple(map(printable, cells)))
    headings, *lines = aligned(rows, gap=2)
    click.echo(click.style(headings, bold=True))
    for line in lines:
        click.echo(line)
