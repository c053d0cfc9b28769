"""The flags that say where pages are served, and to whom."""

from typing import Final

from nundb_exporter.cli.flags import FILE, flag
from nundb_exporter.config.settings import DEFAULT_LISTEN_ADDRESS

LISTEN_ADDRESS: Final = flag(
    "--web.listen-address",
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
