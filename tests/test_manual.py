"""The manual page and the completions that packages install."""

import re
from pathlib import Path

import click
import pytest

from nundb_exporter.cli.generate import help_texts, shared_files
from nundb_exporter.cli.manual import manual

ROOT = Path(__file__).parent.parent
SHARED = shared_files()


def read(page: str) -> str:
    """Return what a reader sees of a page, as one line."""
    text = re.sub(r"(?m)^\.\S+ ?", "", page)
    text = re.sub(r"\\(f[BIR]|&|:)", "", text).replace(r"\-", "-").replace(r"\e", "\\")
    return " ".join(text.split())


@click.group()
def program() -> None:
    r"""Show .

    .beginning with a dot and 'quoted, C:\temp.
    """


@program.command()
@click.option("--odd-one/--no-odd-one", help="Either.")
@click.argument("place")
def serve(place: str, *, odd_one: bool) -> None:
    """Stay."""


@program.command()
@click.option("--odd-one/--no-odd-one", help="Either.")
@click.option("--own", help="'Alone.")
def stop(own: str, *, odd_one: bool) -> None:
    """Go."""


@pytest.mark.parametrize("path", SHARED)
def test_a_committed_file_is_what_the_commands_say(path: str) -> None:
    """`make generate` would change nothing."""
    assert (ROOT / path).read_text(encoding="utf-8") == SHARED[path]


def test_every_command_and_flag_is_in_the_manual_page() -> None:
    """With what `--help` says of it."""
    (page,) = (read(text) for path, text in SHARED.items() if path.endswith(".1"))
    for text in help_texts().values():
        assert all(flag in page for flag in re.findall(r"(?m)^  (--\S+)", text))
        description = text.partition("\n\n")[2].partition("Options:")[0]
        assert " ".join(description.split()) in page


def test_text_is_never_taken_for_a_macro() -> None:
    """What begins with a dot or a quotation mark, or holds a backslash, is read as it was written."""
    page = manual(program, "program", "1.0")
    assert r".beginning with a dot and 'quoted, C:\temp." in read(page)
    assert "'Alone." in read(page)
    assert not re.findall(r"(?m)^(?:\.beg|')", page)


def test_an_option_that_serve_has_too_is_told_once() -> None:
    """The others name it, and tell their own."""
    page = read(manual(program, "program", "1.0"))
    assert page.count("Either.") == 1
    assert "stop [OPTIONS] Go. --own TEXT 'Alone. As for serve: --odd-one." in page
