"""`nundb-exporter canary`: what is to be done about the canary by hand."""

import asyncio
from typing import Literal

import click

from nundb_exporter.cli.exits import Exit
from nundb_exporter.cli.flags import NodeFlags, node_flags
from nundb_exporter.cli.target import read_target
from nundb_exporter.cli.terminal import printable
from nundb_exporter.config.settings import CanarySettings, Target
from nundb_exporter.errors import ConfigError
from nundb_exporter.quantities import counted


@click.command("canary")
@click.argument("action", type=click.Choice(["remove"]))
@node_flags
def command(action: Literal["remove"], flags: NodeFlags) -> Exit:  # noqa: ARG001 - there is only one
    """Remove what canaries have written, from all members.

    Stop the exporters that have a canary first: they would write it again. Nun-db has no command that removes a
    database: it stays, empty.
    """
    node = read_target(flags)
    settings = node.module.canary
    if settings is None:
        cure = "give the configuration file that has modules.default.canary"
        raise ConfigError("--config.file", "names no canary", cure)
    return asyncio.run(_remove(node, settings))


async def _remove(node: Target, settings: CanarySettings) -> Exit:
    from nundb_exporter.canary.beat import Canary  # noqa: PLC0415 - a slow import: only to do it
    from nundb_exporter.canary.failed import FailedError  # noqa: PLC0415
    from nundb_exporter.canary.tally import Tally  # noqa: PLC0415

    canary = Canary(node, settings, Tally())
    database = printable(settings.access.name)
    try:
        keys = await canary.remove()
    except FailedError as error:
        click.echo(f"nothing is removed: {printable(str(error))}", err=True)
        return Exit.UNHEALTHY
    finally:
        canary.close()
    if keys is None:
        click.echo(f"there is no database {database}: nothing to remove")
    else:
        click.echo(f"removed {counted(len(keys), 'key')} from the database {database}")
    return Exit.OK
