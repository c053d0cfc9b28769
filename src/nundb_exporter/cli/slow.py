"""`nundb-exporter slow`: which commands were the slowest, and which took most time."""

import dataclasses

import click

from nundb_exporter.cli.exits import Exit
from nundb_exporter.cli.log import read_whole
from nundb_exporter.cli.log_flags import FORMAT, KEYS, PATH, log_flags
from nundb_exporter.cli.numbers import Count
from nundb_exporter.log.settings import LogSettings
from nundb_exporter.log.slow_report import COMMAND_HEADINGS, GROUP_HEADINGS, Row, command_row, group_row, to_json
from nundb_exporter.table import aligned


@click.command("slow")
@log_flags(PATH, FORMAT, KEYS)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--count", "most", type=Count(min=1), default=10, show_default=True, metavar="N", help="How many of each to list."
)
def command(as_json: bool, most: int, log: LogSettings) -> Exit:
    """List the slowest commands of the log's last ten minutes, and the verbs and keys that took most time.

    Values are never shown. Exit code 0: done. 2: a setting is wrong. 3: the report cannot be written.
    """
    source = read_whole(dataclasses.replace(log, is_from_start=True))
    commands, groups = source.slowest_commands(most), source.slowest_groups(most)
    if as_json:
        click.echo(to_json(commands, groups))
    elif commands:
        _print_table([COMMAND_HEADINGS, *map(command_row, commands)])
        click.echo()
        _print_table([GROUP_HEADINGS, *map(group_row, groups)])
    else:
        click.echo("The log has no commands.")
    return Exit.OK


def _print_table(rows: list[Row]) -> None:
    headings, *lines = aligned(rows, gap=2)
    click.echo(click.style(headings, bold=True))
    for line in lines:
        click.echo(line)
