"""The flags that say which process of this host is the node's."""

import functools
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from nundb_exporter.cli.flags import flag, switch
from nundb_exporter.host.settings import AUTO, HELP, NAME, HostSettings

F = TypeVar("F", bound=Callable[..., Any])

_MOST_DIGITS: Final = 10
"""More than any process's number has, and fewer than Python refuses to read."""


class _Process(click.ParamType[int | None]):
    """The number of a process, or `auto`."""

    name = "process"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:  # noqa: ANN401 - click's own
        """Return the number, None for `auto`, or fail as click's own types do."""
        text = str(value).strip()
        if text == AUTO:
            return None
        number = int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0
        if not number:
            self.fail(f"{value!r} is neither the number of a process nor {AUTO}.", param, ctx)
        return number


_SWITCH: Final = switch(NAME, HELP)
_PROCESS: Final = flag(
    "--nundb.process",
    "Number of the node's process, or auto: the one that listens on the port of the URL.",
    type=_Process(),
    default=AUTO,
    show_default=True,
    metavar=f"PID|{AUTO}",
)


def host_flags(function: F) -> F:
    """Add the flags to a command, which receives them together as the keyword argument `host`; None if it is off."""

    @functools.wraps(function)
    def command(*arguments: Any, **values: Any) -> Any:  # noqa: ANN401 - click's own
        is_on = values.pop(f"collector_{NAME}")
        process = values.pop("nundb_process")
        return function(*arguments, host=HostSettings(process) if is_on else None, **values)

    return _SWITCH(_PROCESS(command))  # type: ignore[return-value] # to click, a command is any callable
