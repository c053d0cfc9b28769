"""Whether ports are free, asked before anything is started, so that an error can name the one that is not."""

from collections.abc import Sequence

from nundb_devserver import first_taken, free_row
from nundb_exporter.errors import ConfigError


def refuse_taken(setting: str, wanted: Sequence[int], users: str, row: int) -> None:
    """Refuse to start what wants ports, all in a row of that length, of which one is taken.

    Raises:
        ConfigError: it is; the text names it, who wants it, and a value with which all of them are free.
    """
    taken = first_taken(wanted)
    if taken is not None:
        cure = f"choose others with {setting}, for instance {free_row(row)}, or stop the program that has it"
        raise ConfigError(setting, f"port {taken}, which {users} would listen on, is taken", cure)
