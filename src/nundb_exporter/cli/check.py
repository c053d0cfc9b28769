"""`nundb-exporter check`: one readable report of a node or of a cluster's nodes."""

import asyncio
import dataclasses
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from nundb_exporter.cli.exits import Exit
from nundb_exporter.cli.files_flags import files_flags
from nundb_exporter.cli.flags import NodeFlags, node_flags
from nundb_exporter.cli.host_flags import host_flags
from nundb_exporter.cli.numbers import Seconds
from nundb_exporter.cli.target import read_fleet
from nundb_exporter.cli.terminal import printable
from nundb_exporter.config.settings import Target
from nundb_exporter.errors import ConfigError
from nundb_exporter.host.settings import HostSettings
from nundb_exporter.judge import Database, Finding, Member, NodeReport, Report, StoredData, describe, judge, to_json
from nundb_exporter.quantities import counted, duration
from nundb_exporter.scrape import Scraper
from nundb_exporter.sources import Source, Sources

_MARKS: Final = {"critical": ("✗", "red"), "warning": ("✗", "yellow"), "info": ("i", "blue")}
"""Of each severity: the mark before a finding, and its colour."""


@click.command("check")
@click.argument("urls", nargs=-1, metavar="[URL]...")
@node_flags
@host_flags
@files_flags
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--timeout", type=Seconds(), default=5.0, show_default=True, metavar="SECONDS", help="Timeout for each node."
)
def command(
    *,
    urls: tuple[str, ...],
    as_json: bool,
    timeout: float,
    flags: NodeFlags,
    host: HostSettings | None,
    data_dir: Path | None,
) -> Exit:
    """Report on a node, or on the nodes of a cluster and where they disagree.

    Exit code 0: healthy; what is only for information does not count. 1: the report names a problem, critical or a
    warning. 2: a setting is wrong. 3: the report cannot be written.
    """
    fleet = read_fleet(flags, urls)
    targets = fleet.nodes
    if host is not None and host.process is not None and len(targets) > 1:
        cure = "leave it out: the ports of the URLs tell the processes"
        raise ConfigError("--nundb.process", "names one process for several nodes", cure)
    if data_dir is not None and len(targets) > 1:
        cure = "give the URL of the node that it belongs to"
        raise ConfigError("--nundb.data-dir", "names the data of one node for several", cure)
    # Before the first question, whose answer would have to wait.
    sources = [Sources(list(_sources(node, host, data_dir))) for node in targets]
    nodes = asyncio.run(_examine(targets, sources, timeout))
    if len(nodes) > 1:
        modules = (fleet.name_of(target.module) for target in targets)
        nodes = [dataclasses.replace(node, module=name) for node, name in zip(nodes, modules, strict=True)]
    report = judge(nodes)
    if as_json:
        click.echo(to_json(report))
    else:
        click.echo("\n".join(_lines(report)))
    return Exit.OK if report.healthy else Exit.UNHEALTHY


def _sources(node: Target, host: HostSettings | None, data_dir: Path | None) -> Iterator[Source]:
    """Yield the local sources that are on. What reads them is imported only where there is something to read."""
    if host is not None:
        from nundb_exporter.host.source import HostSource  # noqa: PLC0415

        process = HostSource(dataclasses.replace(host, port=node.endpoint.port, data_dir=data_dir))
        process.start()
        yield process
    if data_dir is not None:
        from nundb_exporter.cli.data_directory import LookedAt, look_at  # noqa: PLC0415

        yield LookedAt(look_at(data_dir))


async def _examine(targets: Sequence[Target], sources: Sequence[Sources], timeout_seconds: float) -> list[NodeReport]:
    each = (_examine_one(node, local, timeout_seconds) for node, local in zip(targets, sources, strict=True))
    return list(await asyncio.gather(*each))


async def _examine_one(node: Target, sources: Sources, timeout_seconds: float) -> NodeReport:
    scraper = Scraper(node)
    try:
        scrape = await scraper.scrape(asyncio.get_running_loop().time() + timeout_seconds)
    finally:
        await scraper.close()
    return describe(str(node.endpoint), sources.joined(scrape), time.time(), timeout_seconds)


def _lines(report: Report) -> Iterator[str]:
    for node in report.nodes:
        yield from _node_lines(node)
        yield ""
    for finding in report.findings:
        yield from finding_lines(finding)
    if report.healthy:
        summary = f": {report.summary}" if report.summary else ""
        yield f"{click.style('✓', fg='green', bold=True)} healthy{summary}"


def finding_lines(finding: Finding) -> Iterator[str]:
    """Yield a finding's sentence and its advice."""
    mark, colour = _MARKS[finding.severity]
    yield f"{click.style(mark, fg=colour, bold=True)} {printable(finding.sentence)}"
    yield f"  {printable(finding.advice)}"


def _node_lines(node: NodeReport) -> Iterator[str]:
    texts = node.texts
    state = click.style("up", fg="green") if node.is_up else click.style("down", fg="red", bold=True)
    role = f", {texts['role']}" if node.role else ""
    yield f"{click.style(node.url, bold=True)}  {state}{role}"
    if node.failure is not None:
        yield _row("reason", node.failure)
    if node.same_as is not None:
        yield _row("same node", node.same_as)
        return
    yield from _numbers(node)
    yield from _rows("members", map(_member, node.members))
    yield from _rows("databases", map(_database, node.databases))
    if node.data is not None:
        yield from _rows("saved", _saved(node.data))


def _numbers(node: NodeReport) -> Iterator[str]:
    texts = node.texts
    if node.started is not None:
        yield _row("started", f"{texts['started']}, {texts['uptime']} ago")
    if node.acting_primary is not None:
        yield _row("acting", texts["acting"])
    if node.pending_operations is not None:
        yield _row("pending", counted(node.pending_operations, "operation"))
    if node.oplog_bytes is not None and node.oplog_records is not None:
        yield _row("oplog", f"{counted(node.oplog_records, 'record')}, {texts['oplog_bytes']}")
    for name, seconds in (("replication", node.replication_seconds), ("queries", node.query_seconds)):
        if seconds is not None:
            yield _row(name, f"{duration(seconds)} (moving average)")
    if node.open_files is not None and node.max_files is not None:
        yield _row("open files", texts["files"])
    transports = [f"{name} {'up' if is_up else 'down'}" for name, is_up in node.transports.items()]
    if transports:
        yield _row("transports", ", ".join(transports))


def _member(member: Member) -> str:
    link = (
        " (this node)" if member.is_self else {None: "", True: ", linked", False: ", not linked"}[member.is_connected]
    )
    owed = member.unacknowledged or 0
    debt = f", owes {counted(owed, 'acknowledgement')}" if owed else ""
    return f"{member.texts['name']} {member.texts['role']}{link}{debt}"


def _database(database: Database) -> str:
    users = "" if database.connections is None else f", {counted(database.connections, 'connection')}"
    keys = "" if database.keys is None else f", {counted(database.keys, 'key')}"
    strategy = "" if database.strategy is None else f" ({database.texts['strategy']})"
    return f"{database.texts['name']}{strategy}{users}{keys}"


def _saved(data: StoredData) -> Iterator[str]:
    from nundb_exporter.cli.data_directory import listed, lost, name_of, saved  # noqa: PLC0415

    for database in listed(data):
        when = f" {saved(database)}" if database.name else ""
        yield f"{name_of(database)}{when}; a crash would lose {lost(database)}"


def _rows(name: str, texts: Iterable[str]) -> Iterator[str]:
    for position, text in enumerate(texts):
        yield _row("" if position else name, text)


def _row(name: str, text: str) -> str:
    return f"  {name:<12} {printable(text)}"
