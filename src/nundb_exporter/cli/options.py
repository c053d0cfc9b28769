"""The flags that say which node to ask and how, and the target that comes of them and of the configuration file."""

import dataclasses
import difflib
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.settings import (
    DEFAULT_MAX_PENDING_OPERATIONS,
    DEFAULT_URL,
    Target,
    Tls,
    TransportPorts,
    is_host,
    parse_endpoint,
    parse_port,
)
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret, check_text, check_word
from nundb_exporter.errors import ConfigError

if TYPE_CHECKING:
    from nundb_exporter.config.file import Module

F = TypeVar("F", bound=Callable[..., Any])

_IN_FILE: Final = "modules.default"
"""Where the settings of a node stand in the configuration file."""


class Seconds(click.FloatRange):
    """A finite number of seconds, 0 or more: click's own floats may be `nan`, which no clock ever reaches."""

    def __init__(self) -> None:
        super().__init__(min=0)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's own
        """Return the number, or fail as click's own types do."""
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return seconds


def flag(name: str, help_text: str, *, env: str | None = None, **attributes: Any) -> Callable[[F], F]:  # noqa: ANN401 - click's own
    """Return a click option with the environment variable that its name gives."""
    stem = name.partition("/")[0].removeprefix("--").replace(".", "_").replace("-", "_")
    return click.option(
        name, stem, envvar=env or f"NUNDB_EXPORTER_{stem.upper()}", show_envvar=True, help=help_text, **attributes
    )


_FILE: Final = click.Path(readable=False)
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
        "File with the password, instead of NUN_PWD.",
        env="NUN_PWD_FILE",
        type=_FILE,
        default=None,
        metavar="FILE",
    ),
    flag("--nundb.tls.ca-file", "CA certificates (PEM) to trust.", type=_FILE, default=None, metavar="FILE"),
    flag(
        "--nundb.tls.cert-file",
        "Client certificate (PEM), if the node requires one.",
        type=_FILE,
        default=None,
        metavar="FILE",
    ),
    flag("--nundb.tls.key-file", "Key of the client certificate (PEM).", type=_FILE, default=None, metavar="FILE"),
    flag("--nundb.tls.server-name", "Expected name in the node's certificate.", default=None, metavar="NAME"),
    flag("--nundb.tls.insecure-skip-verify", "Do not verify the node's certificate.", is_flag=True, default=None),
    flag("--config.file", "Configuration file (YAML).", type=_FILE, default=None, metavar="FILE"),
    *(
        flag(
            f"--collector.{collector.name}/--no-collector.{collector.name}",
            f"{collector.help} {'On' if collector.is_default else 'Off'} by default.",
            default=None,
        )
        for collector in COLLECTORS
    ),
    flag(
        "--collector.pending.max-operations",
        f"Do not list pending operations if there are more. Default: {DEFAULT_MAX_PENDING_OPERATIONS}.",
        type=click.IntRange(min=0),
        default=None,
        metavar="N",
    ),
    flag("--collector.transports.ports", _PORTS_HELP, default=None, metavar="PORTS"),
)


def node_flags(function: F) -> F:
    """Add the flags of a node to a command; it receives them as keyword arguments for `target`."""
    for add in reversed(_FLAGS):
        function = add(function)
    return function


def target(**flags: Any) -> Target:  # noqa: ANN401 - click's own
    """Return the node that flags, environment and file describe; the first of these that says something holds.

    Raises:
        ConfigError: a setting is missing or wrong.
    """
    module = _module(flags["config_file"])
    ports = flags["collector_transports_ports"]
    limit = flags["collector_pending_max_operations"]
    if limit is None and module:
        limit = module.max_pending_operations
    return Target(
        endpoint=parse_endpoint("NUN_URL", flags["nundb_url"] or DEFAULT_URL),
        credentials=Credentials(_user(flags["nundb_user"], module), _password(flags["nundb_password_file"], module)),
        collectors=_collectors(flags, module),
        databases=tuple(_databases(module)),
        tls=_tls(flags, module),
        ports=_ports(ports) if ports else None,
        max_pending_operations=DEFAULT_MAX_PENDING_OPERATIONS if limit is None else limit,
    )


def read_secret(setting: str, path: str) -> Secret:
    """Read a secret from a file; one newline at its end is the editor's, not the secret's.

    Raises:
        ConfigError: the file cannot be read, or holds what Nun-db cannot take.
    """
    text = _read(setting, path).removesuffix("\n").removesuffix("\r")
    check_text(setting, text)
    return Secret(text)


def _read(setting: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(setting, f"{path} is not UTF-8 text", "name another file") from None
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or "not a file name"
        raise ConfigError(setting, f"cannot read {path} ({cause.lower()})", "name a file that can be read") from None


def _module(path: str | None) -> "Module | None":
    if path is None:
        return None
    from nundb_exporter.config.file import Module, parse_file  # noqa: PLC0415 - costs 50 ms: only where there is a file

    setting = f"--config.file {path}"
    modules = parse_file(setting, _read("--config.file", path)).modules
    if modules and "default" not in modules:
        raise ConfigError(setting, "has no module `default`, and no other is used", "rename the module to default")
    return modules.get("default", Module())


def _user(given: str | None, module: "Module | None") -> str:
    setting, user = "NUN_USER", given
    if not user and module and module.user:
        setting, user = f"{_IN_FILE}.user", module.user
    if not user:
        raise ConfigError(setting, "is not set", "set it to the administrator of the node, or use --nundb.user")
    check_word(setting, user)
    return user


def _password(path: str | None, module: "Module | None") -> Secret:
    if path:
        return read_secret("NUN_PWD_FILE", path)
    if password := os.environ.get("NUN_PWD"):
        check_text("NUN_PWD", password)
        return Secret(password)
    if module and module.password_file:
        return read_secret(f"{_IN_FILE}.password_file", module.password_file)
    raise ConfigError("NUN_PWD", "is not set", "set it to the administrator's password, or NUN_PWD_FILE to a file")


def _collectors(flags: dict[str, Any], module: "Module | None") -> tuple[str, ...]:
    names = [collector.name for collector in COLLECTORS]
    chosen = module.collectors if module else None
    for name in chosen or ():
        if name not in names:
            nearest = difflib.get_close_matches(name, names, n=1)
            cure = f"did you mean {nearest[0]}?" if nearest else f"the collectors are {', '.join(names)}"
            raise ConfigError(f"{_IN_FILE}.collectors", f"there is no collector {name}", cure)
    on = set(chosen) if chosen is not None else {collector.name for collector in COLLECTORS if collector.is_default}
    for name in names:
        switch = flags[f"collector_{name}"]
        if switch is not None:
            (on.add if switch else on.discard)(name)
    return tuple(name for name in names if name in on)


def _databases(module: "Module | None") -> list[DatabaseAccess]:
    found: dict[str, DatabaseAccess] = {}
    for database in module.databases if module else ():
        check_word(f"{_IN_FILE}.databases: name", database.name)
        if database.name in found:
            raise ConfigError(f"{_IN_FILE}.databases", f"{database.name} is listed twice", "keep one of them")
        setting = f"{_IN_FILE}.databases: token_file of {database.name}"
        token = read_secret(setting, database.token_file)
        check_word(setting, token.reveal())
        found[database.name] = DatabaseAccess(database.name, token)
    return list(found.values())


def _tls(flags: dict[str, Any], module: "Module | None") -> Tls:
    settings = module.tls.model_dump() if module else {}
    for field in dataclasses.fields(Tls):
        given = flags[f"nundb_tls_{field.name}"]
        if given is not None:
            settings[field.name] = given
    tls = Tls(**settings)
    if tls.server_name is not None and not is_host(tls.server_name):
        cure = "write the name as the node's certificate has it"
        raise ConfigError("--nundb.tls.server-name", "is not a host name", cure)
    if tls.key_file and not tls.cert_file:
        raise ConfigError("--nundb.tls.key-file", "has no certificate", "set --nundb.tls.cert-file too")
    return tls


def _ports(text: str) -> TransportPorts:
    pairs = [pair.partition("=") for pair in text.split(",")]
    ports = {name: port for name, _, digits in pairs if (port := parse_port(digits))}
    if len(pairs) != len(ports) or ports.keys() != {"http", "tcp", "websocket"}:
        cure = "write it as http=3013,tcp=3014,websocket=3012"
        raise ConfigError("--collector.transports.ports", "does not give three ports", cure)
    return TransportPorts(http=ports["http"], tcp=ports["tcp"], websocket=ports["websocket"])
