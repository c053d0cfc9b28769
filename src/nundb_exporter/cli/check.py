"""`nundb-exporter check`: one readable report of a node or of a cluster's nodes."""

import asyncio
import dataclasses
import json
import time
from collections.abc import Iterator
from datetime import datetime

import click

from nundb_exporter.cli.exits import Exit
from nundb_exporter.cli.flags import NodeFlags, node_flags
from nundb_exporter.cli.numbers import Seconds
from nundb_exporter.cli.target import read_target
from nundb_exporter.cli.terminal import printable
from nundb_exporter.config.settings import Target, parse_endpoint
from nundb_exporter.report import NodeReport, age, describe, findings, plural
from nundb_exporter.scrape import Scraper


@click.command("check")
@click.argument("urls", nargs=-1, metavar="[URL]...")
@node_flags
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--timeout", type=Seconds(), default=5.0, show_default=True, metavar="SECONDS", help="Timeout for each node."
)
def command(urls: tuple[str, ...], as_json: bool, timeout: float, flags: NodeFlags) -> Exit:
    """Report on a node, or on the nodes of a cluster and where they disagree.

    Exit code 0: healthy. 1: the report names a problem. 2: a setting is wrong. 3: the report cannot be
    written.
    """
    if urls:  # they replace NUN_URL, which may then be anything
        flags = dataclasses.replace(flags, url=None)
    node = read_target(flags)
    endpoints = [parse_endpoint(f"URL {position}", url) for position, url in enumerate(urls, 1)] or [node.endpoint]
    targets = [dataclasses.replace(node, endpoint=endpoint) for endpoint in endpoints]
    reports = asyncio.run(_examine(targets, timeout))
    found = findings(reports, time.time())
    if as_json:
        nodes = [dataclasses.asdict(report) for report in reports]
        click.echo(json.dumps({"healthy": not found, "findings": found, "nodes": nodes}, indent=2, default=_as_json))
    else:
        for report in reports:
            click.echo("\n".join(_lines(report)))
            click.echo()
        for sentence in found:
            click.echo(f"{click.style('✗', fg='red', bold=True)} {printable(sentence)}")
        if not found:
            click.echo(f"{click.style('✓', fg='green', bold=True)} healthy")
    return Exit.UNHEALTHY if found else Exit.OK


async def _examine(targets: list[Target], timeout_seconds: float) -> list[NodeReport]:
    return list(await asyncio.gather(*(_examine_one(node, timeout_seconds) for node in targets)))


async def _examine_one(node: Target, timeout_seconds: float) -> NodeReport:
    scraper = Scraper(node)
    try:
        scrape = await scraper.scrape(asyncio.get_running_loop().time() + timeout_seconds)
    finally:
        await scraper.close()
    return describe(str(node.endpoint), scrape.samples, scrape.error, scrape.failures, time.time())


def _as_json(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value))


def _lines(report: NodeReport) -> Iterator[str]:
    state = click.style("up", fg="green") if report.is_up else click.style("down", fg="red", bold=True)
    role = f", {report.role.replace('_', ' ')}" if report.role else ""
    yield f"{click.style(report.url, bold=True)}  {state}{role}"
    if not report.is_up:
        yield _row("reason", report.failure or "")
    if report.started is not None:
        yield _row(
            "started", f"{report.started:%Y-%m-%d %H:%M:%S} UTC, {age(time.time() - report.started.timestamp())} ago"
        )
    if report.pending_operations is not None:
        yield _row("pending", plural(report.pending_operations, "operation"))
    if report.oplog_bytes is not None and report.oplog_records is not None:
        yield _row("oplog", f"{plural(report.oplog_records, 'record')}, {plural(report.oplog_bytes, 'byte')}")
    averages = {"replication": report.replication_seconds, "queries": report.query_seconds}
    for name, seconds in averages.items():
        if seconds is not None:
            yield _row(name, f"{seconds * 1000:.3g} ms (moving average)")
    for position, member in enumerate(report.members):
        connected = {None: "", True: ", linked", False: ", not linked"}[member.is_connected]
        owed = f", owes {plural(member.unacknowledged, 'acknowledgement')}" if member.unacknowledged else ""
        own = " (this node)" if member.is_self else ""
        told = f"{member.name} {member.role.replace('_', ' ')}{own}{connected}{owed}"
        yield _row("members" if not position else "", told)
    for position, (name, strategy) in enumerate(sorted(report.databases.items())):
        connections = report.connections.get(name)
        users = "" if connections is None else f", {plural(connections, 'connection')}"
        yield _row("databases" if not position else "", f"{name} ({strategy}){users}")


def _row(name: str, text: str) -> str:
    return f"  {name:<12} {printable(text)}"
