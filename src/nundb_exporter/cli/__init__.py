"""The command line: the only place that sees arguments, environment, files of settings, and signals."""

import contextlib
import importlib
import io
import logging
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import click

from nundb_exporter import __version__
from nundb_exporter.errors import ConfigError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_COMMANDS: Final = ("serve", "check", "pending", "devserver", "demo", "generate")
_USAGE_ERROR: Final = 2


class _Commands(click.Group):
    """The subcommands, each imported when it is needed: an exporter must not pay for a demo when it starts."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        with _without_ca_certificates():
            command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Serve where no subcommand is named; a flag before any name is one of serve's."""
        is_bare = not args and not ctx.resilient_parsing  # where a shell asks for completions, a name may follow yet
        if is_bare or (args and args[0].startswith("-") and args[0] not in {"--help", "-h", "--version"}):
            args = ["serve", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Offer the subcommands; where a flag is begun, serve's flags too."""
        found = super().shell_complete(ctx, incomplete)
        serve = self.get_command(ctx, "serve")
        if serve is not None and incomplete.startswith("-"):
            known = {item.value for item in found}
            flags = serve.shell_complete(click.Context(serve, parent=ctx, info_name="serve"), incomplete)
            found += [item for item in flags if item.value not in known]
        return found


@contextlib.contextmanager
def _without_ca_certificates() -> Iterator[None]:
    """Let aiohttp be imported in less time and memory: 35 ms and 2 MiB.

    Its import loads all CA certificates twice, into default contexts that no connection of ours uses: each TLS
    connection has a context made from its settings (client/transport.py), after this.
    """
    chosen = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = os.devnull
    try:
        yield
    finally:
        if chosen is None:
            del os.environ["SSL_CERT_FILE"]
        else:
            os.environ["SSL_CERT_FILE"] = chosen


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="nundb-exporter")
def command() -> None:
    """Prometheus exporter for Nun-db.

    To serve metrics, set NUN_URL, NUN_USER and NUN_PWD, run it without a subcommand, and scrape port 9898.
    """


def main() -> None:
    """Run the command; a wrong setting ends with exit 2 and one line."""
    # Only serve writes a log: without a handler Python would print warnings between the lines of a report.
    logging.getLogger("nundb_exporter").addHandler(logging.NullHandler())
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may lack a character of the report
        color = False if os.environ.get("NO_COLOR") else None  # https://no-color.org
        code = command.main(standalone_mode=False, prog_name="nundb-exporter", color=color)
    except ConfigError as error:
        _fail(str(error))
    except click.UsageError as error:
        _fail(f"{error.format_message().rstrip('.')}; see nundb-exporter --help")
    except click.exceptions.Abort:
        sys.exit(130)
    else:
        sys.exit(code if isinstance(code, int) else 0)


def _fail(text: str) -> None:
    click.echo(f"nundb-exporter: {' '.join(text.split())}", err=True)
    sys.exit(_USAGE_ERROR)
