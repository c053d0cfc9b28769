"""The command line: the only place that sees arguments, environment, files of settings, and signals."""

import contextlib
import errno
import functools
import gc
import importlib
import io
import logging
import os
import re
import resource
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, Final

import click

from nundb_exporter import __version__
from nundb_exporter.cli import terminal
from nundb_exporter.cli.exits import Exit
from nundb_exporter.errors import ConfigError, ConfigFileError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_COMMANDS: Final = (
    "serve",
    "check",
    "pending",
    "compare",
    "slow",
    "log",
    "files",
    "canary",
    "check-config",
    "devserver",
    "demo",
    "generate",
)
NAME: Final = "nundb-exporter"
COMPLETE: Final = "_NUNDB_EXPORTER_COMPLETE"
"""The variable by which a shell asks for completions."""
_OUTPUT_ERRORS: Final = frozenset(
    {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EAGAIN, errno.EBADF}
)

_USER: Final = re.compile(r"://\S*@")
"""User and password in a URL: click repeats an argument that it did not expect."""


class _Commands(click.Group):
    """The subcommands, each imported when it is needed: an exporter must not pay for a demo when it starts."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        gc.disable()  # of what an import makes nearly all stays, and looking through it again and again takes 5 ms
        try:
            command: click.Command = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}").command
        finally:
            gc.enable()
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Serve where no subcommand is named; a flag before any name is one of serve's."""
        is_bare = not args and not ctx.resilient_parsing  # where a shell asks for completions, a name may follow yet
        if is_bare or (args and args[0].startswith("-") and args[0] not in {"--help", "-h", "--version"}):
            args = ["serve", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say of an unknown name which one is like it, or what to do with a URL."""
        name = args[0]
        if name not in _COMMANDS and not ctx.resilient_parsing:
            if "://" in name:
                ctx.fail(f"A URL is no command: set NUN_URL to it, or look at it with {NAME} check URL")
            from nundb_exporter.config.spelling import nearest  # noqa: PLC0415 - only where a name is wrong

            meant = nearest(name, _COMMANDS)
            ctx.fail(f"No such command {name!r}." + (f" (Did you mean {meant!r}?)" if meant else ""))
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Offer the subcommands; where a flag is begun, serve's flags too."""
        found = super().shell_complete(ctx, incomplete)
        serve = self.get_command(ctx, "serve")
        if serve is not None and incomplete.startswith("-"):
            known = {item.value for item in found}
            flags = serve.shell_complete(click.Context(serve, parent=ctx, info_name="serve"), incomplete)
            found += [item for item in flags if item.value not in known]
        return found


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name=NAME)
def command() -> None:
    """Prometheus exporter for Nun-db.

    To serve metrics, set NUN_URL, NUN_USER and NUN_PWD, run it without a subcommand, and scrape port 9898.

    Exit codes: 0 done or healthy. 1 not healthy, or not what was asked for. 2 a setting is wrong. 3 the system refuses,
    for example because a disk is full or a pipe is closed. 130 and 143 ended by SIGINT or SIGTERM.
    """


def main() -> None:
    """Run the command and end with its exit code; whatever goes wrong on the way is one line on standard error."""
    _end_at_once()
    _raise_limit_of_descriptors()
    # Only serve writes a log: without a handler Python would print warnings between the lines of a report.
    logging.getLogger("nundb_exporter").addHandler(logging.NullHandler())
    if sys.stdout is None:
        sys.stdout = terminal.ClosedOutput()
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may lack a character of the report
    try:
        code = _run()
    except ConfigFileError as error:
        code = Exit.USAGE
        for each in error.errors:
            _fail(code, str(each))
    except ConfigError as error:
        code = _fail(Exit.USAGE, str(error))
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else NAME
        code = _fail(Exit.USAGE, f"{error.format_message().rstrip('.')}; see {where} --help")
    except OSError as error:
        code = _fail(Exit.SYSTEM, _cause(error))
    for stream in (sys.stdout, sys.stderr):
        terminal.discard(stream)
    sys.exit(code)


def _run() -> int:
    """Run the command and return its exit code.

    click's own `main` would do it, but ends with 1 where the reader of standard output has gone, and 1 is a judgement.
    """
    if instruction := os.environ.get(COMPLETE):
        completion = importlib.import_module(f"{__name__}.completion")  # only a shell needs it
        done: int = completion.complete(command, NAME, COMPLETE, instruction)
        return done
    try:
        color = None if terminal.has_color() else False
        with command.make_context(NAME, sys.argv[1:], color=color) as context:
            code: object = command.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    return code if isinstance(code, int) else Exit.OK


def _end_at_once() -> None:
    """End at SIGINT and SIGTERM, whatever is under way: an asyncio program would first wait for its threads.

    One of them may wait minutes for a name server. Commands that have something to save replace this. A signal that is
    ignored, as SIGINT is for a job in the background, stays so.
    """
    for number, code in ((signal.SIGINT, Exit.INTERRUPTED), (signal.SIGTERM, Exit.TERMINATED)):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, functools.partial(_leave, code))


def _raise_limit_of_descriptors() -> None:
    """Raise the soft limit of open files to the hard one, as programs in Go do: each node has up to three connections.

    The usual soft limit of 1,024 is there for select(2), which cannot watch more, and which asyncio does not use.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # macOS allows less than its hard limit says
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _leave(code: Exit, _number: int, _frame: FrameType | None) -> None:
    os._exit(code)


def _cause(error: OSError) -> str:
    """Say what the system refuses; an error without a file's name and with one of these numbers is of the output."""
    cause = (error.strerror or str(error)).lower()
    if error.filename is not None:
        return f"{error.filename}: {cause}; choose another place"
    if error.errno in _OUTPUT_ERRORS:
        return f"cannot write the output: {cause}"
    return f"the system refuses: {cause}"


def _fail(code: Exit, text: str) -> Exit:
    with contextlib.suppress(OSError):
        click.echo(f"{NAME}: {_USER.sub('://****@', ' '.join(text.split()))}", err=True)
    return code
