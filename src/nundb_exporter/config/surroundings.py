"""What the configuration file is checked against that stands elsewhere."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from nundb_exporter.config.settings import Tls
from nundb_exporter.credentials import Check

_HERE: Final = PurePath()


def _take(*_: object) -> None:
    """Take anything."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All of it; by default nothing is known."""

    directory: PurePath = _HERE
    """Where the configuration file is: names of files in it are relative to that."""
    collectors: Collection[str] | None = None
    """The names of those that exist; None: not known."""
    check_secret: Callable[[str, Check], object] = _take
    """Raises ConfigError, given the name of a file and what checks its content."""
    check_readable: Callable[[str], object] = _take
    """Raises ConfigError, given the name of a file that cannot be read."""
    check_tls: Callable[[Tls], object] = _take
    """Raises ConfigError if the files, which can be read, cannot be used."""
    modules: Collection[str] = ()
    """The names of the modules in the file."""


NOWHERE: Final = Surroundings()
