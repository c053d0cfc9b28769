"""The flags that say which node to ask and how, each with its environment variable."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click

from nundb_exporter.cli.numbers import Count
from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.settings import DEFAULT_MAX_PENDING_OPERATIONS, DEFAULT_URL

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFlags:
    """What the command line says of a node, or else the environment; None where neither says anything."""

    url: str | None = None
    user: str | None = None
    password_file: str | None = None
    tls_ca_file: str | None = None
    tls_cert_file: str | None = None
    tls_key_file: str | None = None
    tls_server_name: str | None = None
    tls_insecure_skip_verify: bool | None = None
    config_file: str | None = None
    collectors: Mapping[str, bool]
    """The collectors that are switched on or off, by their names."""
    max_pending_operations: int | None = None
    databases_pattern: str | None = None
    transports_ports: str | None = None


class _Option(click.Option):
    """An option whose environment variable may end with a newline: Secrets and ConfigMaps made with `echo` do."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Return the variable's value without it."""
        value = super().resolve_envvar_value(ctx)
        return value if value is None else value.removesuffix("\n").removesuffix("\r")


def flag(name: str, help_text: str, *, env: str | None = None, **attributes: Any) -> Callable[[F], F]:  # noqa: ANN401 - click's own
    """Return a click option with the environment variable that its name gives."""
    stem = name.partition("/")[0].removeprefix("--").replace(".", "_").replace("-", "_")
    return click.option(
        name,
        stem,
        cls=_Option,
        envvar=env or f"NUNDB_EXPORTER_{stem.upper()}",
        show_envvar=True,
        help=help_text,
        **attributes,
    )


def switch(collector: str, help_text: str, *, is_default: bool = False, **attributes: Any) -> Callable[[F], F]:  # noqa: ANN401 - click's own
    """Return the flag that switches a collector on or off."""
    sentence = f"{help_text} {'On' if is_default else 'Off'} by default."
    return flag(f"--collector.{collector}/--no-collector.{collector}", sentence, **attributes)


FILE: Final = click.Path(readable=False)
"""The name of a file, for a shell to complete; whether it can be read is told when it is read."""
_PORTS_HELP: Final = (
    "Ports for the collector transports, as http=3013,tcp=3014,websocket=3012. "
    "Default: next to the port of the URL, as Nun-db's own are."
)
_FLAGS: Final = (
    flag(
        "--nundb.url",
        f"URL of the node: http, https, tcp, ws or wss. Default: {DEFAULT_URL}.",
        env="NUN_URL",
        default=None,
        metavar="URL",
    ),
    flag(
        "--nundb.user",
        "Administrator of the node. The password comes from NUN_PWD or a file.",
        env="NUN_USER",
        default=None,
        metavar="NAME",
    ),
    flag(
        "--nundb.password-file",
        "File with the password, instead of NUN_PWD; read again when it changes.",
        env="NUN_PWD_FILE",
        type=FILE,
        default=None,
        metavar="FILE",
    ),
    flag("--nundb.tls.ca-file", "CA certificates (PEM) to trust.", type=FILE, default=None, metavar="FILE"),
    flag(
        "--nundb.tls.cert-file",
        "Client certificate (PEM), if the node requires one.",
        type=FILE,
        default=None,
        metavar="FILE",
    ),
    flag("--nundb.tls.key-file", "Key of the client certificate (PEM).", type=FILE, default=None, metavar="FILE"),
    flag("--nundb.tls.server-name", "Expected name in the node's certificate.", default=None, metavar="NAME"),
    flag("--nundb.tls.insecure-skip-verify", "Do not verify the node's certificate.", is_flag=True, default=None),
    flag(
        "--config.file",
        "Configuration file (YAML). Names of files in it are relative to its own directory.",
        type=FILE,
        default=None,
        metavar="FILE",
    ),
    *(
        switch(collector.name, collector.help, is_default=collector.is_default, default=None)
        for collector in COLLECTORS
    ),
    flag(
        "--collector.pending.max-operations",
        f"Do not list pending operations if there are more. Default: {DEFAULT_MAX_PENDING_OPERATIONS}.",
        type=Count(min=0),
        default=None,
        metavar="N",
    ),
    flag(
        "--collector.databases.pattern",
        "Show one by one only databases whose whole name matches this regular expression. All are counted.",
        default=None,
        metavar="REGEX",
    ),
    flag("--collector.transports.ports", _PORTS_HELP, default=None, metavar="PORTS"),
)


def node_flags(function: F) -> F:
    """Add the flags of a node to a command, which receives them together as the keyword argument `flags`."""

    @functools.wraps(function)
    def command(*arguments: Any, **values: Any) -> Any:  # noqa: ANN401 - click's own
        return function(*arguments, flags=_take(values), **values)

    for add in reversed(_FLAGS):
        command = add(command)
    return command  # type: ignore[return-value] # to click, a command is any callable


def _take(values: dict[str, Any]) -> NodeFlags:
    """Take the flags of a node out of a command's keyword arguments."""
    switches = {collector.name: values.pop(f"collector_{collector.name}") for collector in COLLECTORS}
    return NodeFlags(
        url=values.pop("nundb_url"),
        user=values.pop("nundb_user"),
        password_file=values.pop("nundb_password_file"),
        tls_ca_file=values.pop("nundb_tls_ca_file"),
        tls_cert_file=values.pop("nundb_tls_cert_file"),
        tls_key_file=values.pop("nundb_tls_key_file"),
        tls_server_name=values.pop("nundb_tls_server_name"),
        tls_insecure_skip_verify=values.pop("nundb_tls_insecure_skip_verify"),
        config_file=values.pop("config_file"),
        collectors={name: is_on for name, is_on in switches.items() if is_on is not None},
        max_pending_operations=values.pop("collector_pending_max_operations"),
        databases_pattern=values.pop("collector_databases_pattern"),
        transports_ports=values.pop("collector_transports_ports"),
    )
