"""Whether ports are free, asked before anything is started, so that an error can name the one that is not."""

from collections.abc import Iterable

from nundb_devserver import first_taken
from nundb_exporter.errors import ConfigError


def refuse_taken(setting: str, wanted: Iterable[int]) -> None:
    """Refuse to start what wants ports of which one is taken.

    Raises:
        ConfigError: it is; the text names it.
    """
    taken = first_taken(wanted)
    if taken is not None:
        cure = f"choose others with {setting}, or stop the program that has it"
        raise ConfigError(setting, f"port {taken} is taken", cure)
