"""The flags that say which data directory to read."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from nundb_exporter.cli.flags import flag, switch
from nundb_exporter.errors import ConfigError
from nundb_exporter.files.settings import HELP, NAME

F = TypeVar("F", bound=Callable[..., Any])

_SWITCH: Final = switch(NAME, HELP)
_DIRECTORY: Final = flag(
    "--nundb.data-dir",
    "Nun-db's data directory, its NUN_DBS_DIR; only read, and never a value.",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
)


def files_flags(function: F) -> F:
    """Add the flags to a command, which receives the directory, or None, as the keyword argument `data_dir`."""

    @functools.wraps(function)
    def command(*arguments: Any, **values: Any) -> Any:  # noqa: ANN401 - click's own
        return function(*arguments, data_dir=_take(values), **values)

    return _SWITCH(_DIRECTORY(command))  # type: ignore[return-value] # to click, a command is any callable


def _take(values: dict[str, Any]) -> Path | None:
    """Take the flags out of a command's keyword arguments.

    Raises:
        ConfigError: the collector is on without a directory.
    """
    directory: Path | None = values.pop("nundb_data_dir")
    if not values.pop(f"collector_{NAME}"):
        return None
    if directory is None:
        raise ConfigError("--nundb.data-dir", "names no directory", "write what the node has as NUN_DBS_DIR")
    return directory
