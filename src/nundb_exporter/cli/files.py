"""`nundb-exporter files`: what a data directory says, without a node."""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from nundb_exporter.cli.check import finding_lines
from nundb_exporter.cli.data_directory import listed, look_at, lost, name_of, saved
from nundb_exporter.cli.exits import Exit
from nundb_exporter.cli.terminal import printable
from nundb_exporter.files.conditions import Look
from nundb_exporter.files.samples import samples
from nundb_exporter.judge import Finding, StoredData, StoredDatabase, describe_stored, restart_objections, written
from nundb_exporter.judge.report import UNKNOWN
from nundb_exporter.quantities import counted, size
from nundb_exporter.table import aligned

_NODE: Final = "this node"


@click.command("files")
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(directory: Path, as_json: bool) -> Exit:
    """Say what is saved in a data directory, what a crash would lose, and whether the node may be restarted.

    DIR is the node's NUN_DBS_DIR. It is only read, no value is, and the node is not asked.

    Exit code 0: the node may be restarted, and loses nothing. 1: not yet, and what to do first. 2: DIR cannot be read,
    or is no data directory. 3: the output cannot be written.
    """
    look = look_at(directory)
    now = time.time()
    data = describe_stored(samples(look), now)
    findings = restart_objections(data, _NODE)
    is_safe = all(finding.severity == "info" for finding in findings)
    if as_json:
        click.echo(_json(directory, look, data, findings, is_safe=is_safe))
    else:
        click.echo("\n".join(_lines(directory, look, data, findings, is_safe=is_safe)))
    return Exit.OK if is_safe else Exit.UNHEALTHY


def _lines(
    directory: Path, look: Look, data: StoredData, findings: Sequence[Finding], *, is_safe: bool
) -> Iterator[str]:
    contents = look.contents
    records = counted(contents.history.records, "record")
    files = counted(contents.oplog_files, "file")
    yield f"{click.style(printable(str(directory)), bold=True)}"
    yield f"  operation log  {records} in {files}, {'valid' if data.is_oplog_valid else 'invalid'}"
    room = "" if data.free_inodes is None else f", for {counted(data.free_inodes, 'file')}"
    yield f"  free space     {size(data.free_bytes or 0)} of {size(data.capacity_bytes or 0)}{room}"
    yield ""
    rows = [_row(database) for database in listed(data)]
    if rows:
        yield from aligned([("DATABASE", "SAVED", "A CRASH WOULD LOSE", "SIZE"), *rows], gap=2)
        yield ""
    for condition in look.told:
        owner = f"database {condition.database}: " if condition.database else ""
        yield f"  {printable(owner + condition.detail)}"
    for condition in look.doubtful:
        yield f"  perhaps, the files are changing: {printable(condition.detail)}"
    if look.told or look.doubtful:
        yield ""
    for finding in findings:
        # Some begin with "the node"; the sentences of `check` begin with an address.
        sentence = finding.sentence[0].upper() + finding.sentence[1:]
        yield from finding_lines(dataclasses.replace(finding, sentence=sentence))
    if is_safe:
        yield f"{click.style('✓', fg='green', bold=True)} may be restarted: everything in the operation log is saved"
    else:
        yield f"{click.style('✗', fg='red', bold=True)} do not restart it yet"


def _row(database: StoredDatabase) -> tuple[str, str, str, str]:
    bytes_ = size(database.size_bytes) if database.name else UNKNOWN
    return name_of(database), saved(database), lost(database), bytes_


def _json(directory: Path, look: Look, data: StoredData, findings: Sequence[Finding], *, is_safe: bool) -> str:
    contents = look.contents
    report = {
        "directory": str(directory),
        "may_restart": is_safe,
        "findings": [dataclasses.asdict(finding) for finding in findings],
        "details": [
            {"kind": each.kind, "database": each.database or None, "detail": each.detail, "certain": each in look.told}
            for each in (*look.told, *look.doubtful)
        ],
        **dataclasses.asdict(data),
        "oplog": {
            "records": contents.history.records,
            "files": contents.oplog_files,
            "bytes": contents.oplog_bytes,
            "oldest": contents.history.oldest,
            "newest": contents.history.newest,
        },
    }
    return written(report)
