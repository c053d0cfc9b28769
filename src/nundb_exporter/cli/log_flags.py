"""The flags that say which log of Nun-db to read and how."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from nundb_exporter.cli.flags import flag, switch
from nundb_exporter.errors import ConfigError
from nundb_exporter.log.settings import AUTO, FORMATS, HELP, KEY_DISPLAYS, NAME, SHOW, LogSettings

F = TypeVar("F", bound=Callable[..., Any])

PATH: Final = flag(
    "--nundb.log.path",
    "Nun-db's log: a file, a directory of *.log, a named pipe, or - for standard input.",
    default=None,
    metavar="PATH",
)
SWITCH: Final = switch(NAME, HELP)
FORMAT: Final = flag(
    "--nundb.log.format",
    "What wrote the log: Nun-db itself (raw), containerd, CRI-O or Podman (cri), Docker, or journalctl. "
    "By default its first line tells.",
    type=click.Choice(FORMATS),
    default=AUTO,
    show_default=True,
)
FROM_START: Final = flag(
    "--nundb.log.from-start",
    "Count what is in the log already. By default only what follows counts.",
    is_flag=True,
)
STATE_FILE: Final = flag(
    "--nundb.log.state-file",
    "File that keeps how far the log was counted, so that a restart counts nothing twice and skips nothing.",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    metavar="FILE",
)
KEYS: Final = flag(
    "--nundb.log.keys",
    "Show, hide or hash (SHA-256) keys among the slowest commands.",
    type=click.Choice(KEY_DISPLAYS),
    default=SHOW,
    show_default=True,
)
WITHOUT_OWN: Final = flag(
    "--nundb.log.without-own-commands",
    "Do not count what this exporter asks, as far as the log tells.",
    is_flag=True,
)


def log_flags(*flags: Callable[[F], F]) -> Callable[[F], F]:
    """Add some of the flags above to a command, which receives them together as the keyword argument `log`."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def command(*arguments: Any, **values: Any) -> Any:  # noqa: ANN401 - click's own
            return function(*arguments, log=_take(values), **values)

        for add in reversed(flags):
            command = add(command)
        return command  # type: ignore[return-value] # to click, a command is any callable

    return decorate


def _take(values: dict[str, Any]) -> LogSettings | None:
    """Take the flags of the log out of a command's keyword arguments; None if no log is to be read.

    Raises:
        ConfigError: the collector is on without a log.
    """
    path = values.pop("nundb_log_path", None)
    settings = LogSettings(
        path=path or "",
        form=values.pop("nundb_log_format"),
        is_from_start=values.pop("nundb_log_from_start", False),
        state_file=values.pop("nundb_log_state_file", None),
        keys=values.pop("nundb_log_keys", SHOW),
        is_without_own=values.pop("nundb_log_without_own_commands", False),
    )
    is_on = values.pop(f"collector_{NAME}", True)
    if is_on and not path:
        raise ConfigError("--nundb.log.path", "names no log", "write where Nun-db's standard output goes, as a file")
    return settings if is_on else None
