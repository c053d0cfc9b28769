"""`nundb-exporter generate`: dashboards, rules, runbook, reference, manual page and completions, from the code."""

import contextlib
import re
from pathlib import Path
from typing import Final

import click

from nundb_exporter import __version__
from nundb_exporter.cli import completion
from nundb_exporter.cli.exits import Exit
from nundb_exporter.cli.manual import manual
from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.schema import config_schema
from nundb_exporter.errors import ConfigError
from nundb_exporter.judge.schema import report_schema
from nundb_exporter.monitoring.generate import files
from nundb_exporter.monitoring.reference import README_BEGIN, README_END
from nundb_exporter.project import RUNBOOK

_WIDTH: Final = 110
"""Of the help texts, whatever terminal they are generated on."""


@click.command("generate")
@click.argument(
    "directory", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="[DIR]"
)
@click.option("--check", is_flag=True, help="Write nothing; list the files that would change.")
@click.option(
    "--runbook-url",
    default=RUNBOOK,
    show_default=True,
    metavar="URL",
    help="Where the alerts' annotations point to: your copy of docs/runbook.md.",
)
def command(directory: Path, check: bool, runbook_url: str) -> Exit:
    """Write Grafana dashboards, Prometheus rules, reference documentation, manual page and completions.

    They are written below DIR, into deploy/ and docs/. Exit code 0: done, or with --check: up to date. 1: --check found
    a difference. 3: a file cannot be written.
    """
    _check_runbook(runbook_url)
    generated = files(_readme(directory / "README.md"), help_texts(), runbook_url)
    generated["docs/report.schema.json"] = report_schema()
    generated |= shared_files()
    generated["docs/config.schema.json"] = config_schema([collector.name for collector in COLLECTORS])
    stale = [path for path, text in generated.items() if _text(directory / path) != text]
    for path in stale:
        if not check:
            _write(directory / path, generated[path])
        click.echo(f"{'out of date' if check else 'written'}: {path}")
    return Exit.UNHEALTHY if check and stale else Exit.OK


def _check_runbook(url: str) -> None:
    """Refuse what an alert could not lead to.

    Raises:
        ConfigError: it is not the address of a page, or has an anchor: each alert adds its own.
    """
    if not re.fullmatch(r"https?://[^\s#]+", url):
        raise ConfigError("--runbook-url", "is not the address of a page without an anchor", f"write it as {RUNBOOK}")


def _readme(path: Path) -> str | None:
    """Return the README, if it is one whose table of metrics is written here: of another project it is left alone.

    Raises:
        ConfigError: the end of the table is not marked.
    """
    text = _text(path)
    if text is None or README_BEGIN not in text:
        return None
    if README_END not in text.partition(README_BEGIN)[2]:
        raise ConfigError(str(path), "has the mark before the table of metrics only", f"write {README_END} after it")
    return text


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else None


def _write(path: Path, text: str) -> None:
    """Write a file, whole or not at all.

    Raises:
        OSError: it cannot be written; its `filename` says which.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(text, encoding="utf-8", errors="surrogateescape")
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from error


def shared_files() -> dict[str, str]:
    """Return what a package installs below `share` by its path here: the manual page, and each shell's completion."""
    from nundb_exporter.cli import COMPLETE, NAME, command  # noqa: PLC0415 - it imports this module when it needs it

    texts = {f"man/man1/{NAME}.1": manual(command, NAME, __version__), **completion.scripts(command, NAME, COMPLETE)}
    return {f"deploy/share/{path}": text for path, text in texts.items()}


def help_texts() -> dict[str, str]:
    """Return what `--help` prints, by command."""
    from nundb_exporter.cli import command as program  # noqa: PLC0415 - it imports this module when it needs it

    settings = {**program.context_settings, "terminal_width": _WIDTH, "max_content_width": _WIDTH}
    root = click.Context(program, info_name="nundb-exporter", **settings)
    texts = {"nundb-exporter": program.get_help(root)}
    for name in program.list_commands(root):
        subcommand = program.get_command(root, name)
        if subcommand is not None:
            context = click.Context(subcommand, info_name=name, parent=root)
            texts[f"nundb-exporter {name}"] = subcommand.get_help(context)
    return texts
