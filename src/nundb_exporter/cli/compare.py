"""`nundb-exporter compare`: whether the nodes of a cluster hold the same values."""

import asyncio
import json
from collections.abc import Sequence
from typing import Final

import click

from nundb_exporter.cli.comparison import Report
from nundb_exporter.cli.exits import Exit
from nundb_exporter.cli.flags import NodeFlags, node_flags
from nundb_exporter.cli.numbers import Count, Seconds
from nundb_exporter.cli.target import read_fleet
from nundb_exporter.compare import Compared, Limits, Unreachable, compare, find_nodes
from nundb_exporter.config.settings import Target
from nundb_exporter.credentials import DatabaseAccess, check_word
from nundb_exporter.errors import ConfigError

_SETTLE_SECONDS: Final = 1.0
"""A write takes milliseconds to reach the other nodes, a third of a second on a busy machine."""


@click.command("compare")
@click.argument("urls", nargs=-1, metavar="[URL]...")
@node_flags
@click.option("--database", "names", multiple=True, metavar="NAME", help="Compare only this database. Repeatable.")
@click.option(
    "--keys", "pattern", default="", metavar="PATTERN", help="Compare only keys that begin so (shop*) or contain it."
)
@click.option("--show-keys", is_flag=True, help="Show keys instead of their hashes (SHA-256). Values are never shown.")
@click.option(
    "--list", "most", type=Count(min=0), default=20, show_default=True, metavar="N", help="List so many differing keys."
)
@click.option(
    "--max-keys",
    type=Count(min=1),
    default=20_000,
    show_default=True,
    metavar="N",
    help="Compare at most so many keys of a database, spread evenly.",
)
@click.option(
    "--rate",
    type=Count(min=1),
    default=500,
    show_default=True,
    metavar="N",
    help="Keys to ask from each node in a second.",
)
@click.option(
    "--max-time", type=Seconds(), default=600.0, show_default=True, metavar="SECONDS", help="Stop after this time."
)
@click.option(
    "--timeout", type=Seconds(), default=10.0, show_default=True, metavar="SECONDS", help="Timeout of each request."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    *,
    urls: tuple[str, ...],
    names: tuple[str, ...],
    pattern: str,
    show_keys: bool,
    most: int,
    max_keys: int,
    rate: int,
    max_time: float,
    timeout: float,
    as_json: bool,
    flags: NodeFlags,
) -> Exit:
    """Compare the values of the nodes of a cluster, in the databases whose tokens the configuration file has.

    Of a single URL, or of NUN_URL, the other members are found in its list and asked over TCP. Only what is listed and
    read is asked: nothing is changed, and no value is shown.

    Exit code 0: no difference. 1: values, keys or databases differ. 2: a setting is wrong, or there is no difference in
    what could be compared, but not everything could. 3: the report cannot be written.
    """
    targets = read_fleet(flags, urls).nodes
    if any(target.module.databases != targets[0].module.databases for target in targets):
        problem = "the nodes are asked with modules of different databases, as those of several clusters are"
        raise ConfigError("databases", problem, "give the URLs of the nodes of one")
    databases = _chosen(targets[0].module.databases, names)
    if pattern:
        check_word("--keys", pattern)
    limits = Limits(
        pattern=pattern,
        keys=max_keys,
        keys_per_second=rate,
        seconds=max_time,
        timeout_seconds=timeout,
        settle_seconds=_SETTLE_SECONDS,
    )
    report = asyncio.run(_examine(targets, databases, limits))
    if as_json:
        click.echo(json.dumps(report.as_json(show_keys=show_keys), indent=2))
    else:
        click.echo("\n".join(report.lines(most, show_keys=show_keys)))
    if not report.is_equal:
        return Exit.UNHEALTHY
    return Exit.OK if report.is_complete else Exit.USAGE


def _chosen(databases: Sequence[DatabaseAccess], names: Sequence[str]) -> list[DatabaseAccess]:
    if not databases:
        cure = "list databases with a name and a token_file in modules.default.databases of --config.file"
        raise ConfigError("databases", "no database has a token", cure)
    known = {access.name: access for access in databases}
    for name in names:
        if name not in known:
            cure = f"list it there, or choose one of {', '.join(known)}"
            raise ConfigError("--database", f"{name} is not in the configuration file", cure)
    return [known[name] for name in dict.fromkeys(names or known)]


async def _examine(targets: Sequence[Target], databases: Sequence[DatabaseAccess], limits: Limits) -> Report:
    found = await find_nodes(targets, limits.timeout_seconds)
    nodes = [node for node in found if isinstance(node, Compared)]
    failures = [node for node in found if isinstance(node, Unreachable)]
    results = await compare(nodes, databases, limits) if len(nodes) > 1 else []
    return Report(nodes, failures, results)
