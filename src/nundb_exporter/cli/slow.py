"""`nundb-exporter slow`: which commands were the slowest, and which took most time."""

import dataclasses
import json

import click

from nundb_exporter.cli.exits import Exit
from nundb_exporter.cli.log import read_whole
from nundb_exporter.cli.log_flags import FORMAT, KEYS, PATH, log_flags
from nundb_exporter.cli.numbers import Count
from nundb_exporter.cli.terminal import printable
from nundb_exporter.log.settings import LogSettings
from nundb_exporter.log.slowest import WINDOW_MINUTES, Group, SlowCommand
from nundb_exporter.quantities import count, duration
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
        report = {
            "window_minutes": WINDOW_MINUTES,
            "commands": [each._asdict() for each in commands],
            "groups": [dataclasses.asdict(each) for each in groups],
        }
        click.echo(json.dumps(report, indent=2))
    elif commands:
        _print_commands(commands)
        click.echo()
        _print_groups(groups)
    else:
        click.echo("The log has no commands.")
    return Exit.OK


def _print_commands(commands: list[SlowCommand]) -> None:
    rows: list[tuple[str, ...]] = [("DURATION", "COMMAND", "DATABASE", "KEY", "WHEN")]
    rows += [(duration(each.seconds), each.verb, each.database or "-", each.key or "-", each.time) for each in commands]
    _print_table(rows)


def _print_groups(groups: list[Group]) -> None:
    rows: list[tuple[str, ...]] = [("TOTAL", "COMMAND", "DATABASE", "KEY", "COUNT", "MEDIAN", "P99")]
    for each in groups:
        quantiles = (duration(each.p50), duration(each.p99))
        rows.append(
            (duration(each.seconds), each.verb, each.database or "-", each.key or "-", count(each.count), *quantiles)
        )
    _print_table(rows)


def _print_table(rows: list[tuple[str, ...]]) -> None:
    headings, *lines = aligned([tuple(map(printable, row)) for row in rows], gap=2)
    click.echo(click.style(headings, bold=True))
    for line in lines:
        click.echo(line)
