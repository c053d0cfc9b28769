"""The manual page, in the macros of man(7), written from the commands as `--help` is."""

import inspect
from collections.abc import Iterator
from typing import Final

import click

from nundb_exporter.project import REPOSITORY

_NOTICE: Final = '.\\" Written by `nundb-exporter generate`; changes here are lost.'


def manual(program: click.Group, name: str, version: str) -> str:
    """Return the page of a program and of all its subcommands."""
    root = click.Context(program, info_name=name, **program.context_settings)
    lines = [
        _NOTICE,
        f'.TH {_plain(name.upper())} 1 "" "{_plain(f"{name} {version}")}" "User Commands"',
        ".nh",  # names of flags and variables stay whole
        ".ad l",
        ".SH NAME",
        f"{_plain(name)} \\- {_plain(program.get_short_help_str().rstrip('.'))}",
        ".SH SYNOPSIS",
        f"{_bold(name)} [\\fICOMMAND\\fR] [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...",
        ".SH DESCRIPTION",
        *_paragraphs(program.help),
        ".SH OPTIONS",
        *_options(_records(program, root)),
        ".SH COMMANDS",
    ]
    of_serve: dict[str, str] = {}
    for subcommand in program.list_commands(root):
        command = program.get_command(root, subcommand)
        if command is not None:
            records = _records(command, click.Context(command, info_name=subcommand, parent=root))
            lines += _chapter(subcommand, command, root, records, of_serve)
            of_serve = of_serve or records
    lines += [".SH SEE ALSO", f"{_bold('prometheus')}(1), {_plain(REPOSITORY)}"]
    return "\n".join(lines) + "\n"


def _chapter(
    name: str, command: click.Command, root: click.Context, records: dict[str, str], of_serve: dict[str, str]
) -> Iterator[str]:
    """The first command, serve, tells all of its options; what others share with it, they only name."""
    arguments = " ".join(command.collect_usage_pieces(click.Context(command, info_name=name, parent=root)))
    yield f".SS {_plain(name)} {_plain(arguments)}"
    yield from _paragraphs(command.help)
    yield from _options({flags: text for flags, text in records.items() if of_serve.get(flags) != text})
    shared = [_bold(flags.split()[0]) for flags, text in records.items() if of_serve.get(flags) == text]
    if shared:
        yield ".PP"
        yield f"As for serve: {', '.join(shared)}."


def _records(command: click.Command, context: click.Context) -> dict[str, str]:
    """Return what `--help` says of each option, by its flags."""
    options = (each for each in command.get_params(context) if isinstance(each, click.Option))
    help_option = command.get_help_option(context)
    return dict(filter(None, (each.get_help_record(context) for each in options if each is not help_option)))


def _options(records: dict[str, str]) -> Iterator[str]:
    for flags, text in records.items():
        yield ".TP"
        yield " ".join(_bold(word) if word.startswith("-") else _plain(word) for word in flags.split())
        yield _plain(" ".join(text.split()))


def _paragraphs(text: str | None) -> Iterator[str]:
    for number, paragraph in enumerate(inspect.cleandoc(text or "").split("\n\n")):
        if number:
            yield ".PP"
        yield _plain(" ".join(paragraph.split()))


def _bold(text: str) -> str:
    return f"\\fB{_plain(text)}\\fR"


def _plain(text: str) -> str:
    """Return text that is printed as it is: nothing of it is a macro, and a hyphen can be searched for and copied.

    Within a URL a line may end after each slash.
    """
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("/", "/\\:")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
