"""The flags that say where pages are served, and to whom."""

from collections.abc import Sequence
from typing import Final

from nundb_exporter.cli.flags import FILE, flag
from nundb_exporter.config.settings import DEFAULT_LISTEN_ADDRESS, ListenAddress, parse_listener
from nundb_exporter.errors import ConfigError

_LISTEN: Final = "--web.listen-address"
LISTEN_ADDRESS: Final = flag(
    _LISTEN,
    "Address to listen on, or unix:PATH; repeatable, and separated by spaces in the variable.",
    multiple=True,
    default=(DEFAULT_LISTEN_ADDRESS,),
    show_default=True,
    metavar="HOST:PORT",
)
WEB_CONFIG_FILE: Final = flag(
    "--web.config.file",
    "Web configuration file (YAML): TLS, users, headers, rate limit, in the format of Prometheus' exporter-toolkit. "
    "Read again when it changes.",
    type=FILE,
    default=None,
    metavar="FILE",
)
OPEN_HEALTH: Final = flag(
    "--web.open-health",
    "Answer /-/healthy and /-/ready without a user of --web.config.file, and beyond its rate limit.",
    is_flag=True,
)


def listen_addresses(texts: Sequence[str]) -> tuple[ListenAddress, ...]:
    """Read the addresses to listen on, each once.

    Raises:
        ConfigError: there is none, as in a variable of spaces, or one is none.
    """
    if not texts:
        raise ConfigError(_LISTEN, "names no address", f"write it as {DEFAULT_LISTEN_ADDRESS}, or leave it out")
    return tuple(dict.fromkeys(parse_listener(_LISTEN, text) for text in texts))
