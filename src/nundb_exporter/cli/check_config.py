"""`nundb-exporter check-config`: what is wrong in a configuration file, without starting anything."""

import click

from nundb_exporter.cli.exits import Exit
from nundb_exporter.cli.target import read_file
from nundb_exporter.cli.terminal import printable
from nundb_exporter.errors import ConfigFileError
from nundb_exporter.quantities import counted
from nundb_exporter.secret_files import SecretFiles


@click.command("check-config")
@click.argument("file", type=click.Path(readable=False), metavar="FILE")
def command(file: str) -> Exit:
    """Look for errors in a configuration file, and in the files that it names.

    Each error is a line that begins with FILE and the number of the line. Nothing is asked over the network, and flags
    and variables do not count. Exit code 0: there is no error. 1: there are some. 2: FILE cannot be read.
    """
    try:
        content = read_file("FILE", file, SecretFiles())
    except ConfigFileError as refused:
        for error in refused.errors:
            click.echo(printable(str(error)))
        return Exit.UNHEALTHY
    nodes = len(content.targets.nodes or ()) if content.targets else 0
    click.echo(f"{printable(file)}: no error, {counted(len(content.modules), 'module')}, {counted(nodes, 'node')}")
    return Exit.OK
