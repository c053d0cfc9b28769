"""The node that the flags, the environment and the configuration file describe.

Of each setting holds the first that is given: flag, environment variable, configuration file, default.
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nundb_exporter.cli.flags import NodeFlags
from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.settings import (
    DEFAULT_MAX_PENDING_OPERATIONS,
    DEFAULT_URL,
    Target,
    Tls,
    TransportPorts,
    is_host,
    parse_endpoint,
    parse_pattern,
    parse_port,
)
from nundb_exporter.credentials import (
    Credentials,
    DatabaseAccess,
    Secret,
    check_text,
    check_word,
    without_editor_marks,
)
from nundb_exporter.errors import ConfigError
from nundb_exporter.secret_files import SecretFile, read_text

if TYPE_CHECKING:
    from nundb_exporter.config.file import Module

_IN_FILE: Final = "modules.default"
"""Where the settings of a node stand in the configuration file."""


def read_target(flags: NodeFlags) -> Target:
    """Return the node that is to be asked.

    Raises:
        ConfigError: a setting is missing or wrong.
    """
    module = _module(flags.config_file) if flags.config_file else None
    limit = flags.max_pending_operations
    if limit is None and module:
        limit = module.max_pending_operations
    return Target(
        endpoint=parse_endpoint("NUN_URL", flags.url or DEFAULT_URL),
        credentials=Credentials(_user(flags.user, module), _password(flags.password_file, module)),
        collectors=_collectors(flags, module),
        databases=tuple(_databases(module)),
        tls=_tls(flags, module),
        ports=_ports(flags.transports_ports) if flags.transports_ports else None,
        max_pending_operations=DEFAULT_MAX_PENDING_OPERATIONS if limit is None else limit,
        databases_pattern=_databases_pattern(flags, module),
    )


def _module(path: str) -> "Module":
    from nundb_exporter.config.file import Module, parse_file  # noqa: PLC0415 - a slow import: only where there is a file

    setting = f"--config.file {path}"
    modules = parse_file(setting, read_text("--config.file", path), Path(path).parent).modules
    if modules and "default" not in modules:
        raise ConfigError(setting, "has no module `default`, and no other is used", "rename the module to default")
    return modules.get("default", Module())


def _databases_pattern(flags: NodeFlags, module: "Module | None") -> re.Pattern[str] | None:
    if flags.databases_pattern:
        return parse_pattern("--collector.databases.pattern", flags.databases_pattern)
    if module and module.databases_pattern:
        return parse_pattern(f"{_IN_FILE}.databases_pattern", module.databases_pattern)
    return None


def _user(given: str | None, module: "Module | None") -> str:
    setting, user = "NUN_USER", without_editor_marks(given or "")
    if not user and module and module.user:
        setting, user = f"{_IN_FILE}.user", module.user
    if not user:
        raise ConfigError(setting, "is not set", "set it to the administrator of the node, or use --nundb.user")
    check_word(setting, user)
    return user


def _password(path: str | None, module: "Module | None") -> Secret:
    if path:
        return SecretFile("NUN_PWD_FILE", path)
    if password := without_editor_marks(os.environ.get("NUN_PWD", "")):
        check_text("NUN_PWD", password)
        return Secret(password)
    if module and module.password_file:
        return SecretFile(f"{_IN_FILE}.password_file", module.password_file)
    raise ConfigError("NUN_PWD", "is not set", "set it to the administrator's password, or NUN_PWD_FILE to a file")


def _collectors(flags: NodeFlags, module: "Module | None") -> tuple[str, ...]:
    """Return the collectors that are on: those of the file's list, or the default ones, as the flags change them."""
    names = [collector.name for collector in COLLECTORS]
    chosen = module.collectors if module else None
    for name in chosen or ():
        if name not in names:
            import difflib  # noqa: PLC0415 - only where a name is wrong

            nearest = difflib.get_close_matches(name, names, n=1)
            cure = f"did you mean {nearest[0]}?" if nearest else f"the collectors are {', '.join(names)}"
            raise ConfigError(f"{_IN_FILE}.collectors", f"there is no collector {name}", cure)
    by_default = {collector.name: collector.is_default for collector in COLLECTORS}
    is_on = by_default if chosen is None else dict.fromkeys(chosen, True)
    is_on |= flags.collectors
    return tuple(name for name in names if is_on.get(name))


def _databases(module: "Module | None") -> list[DatabaseAccess]:
    found: dict[str, DatabaseAccess] = {}
    for database in module.databases if module else ():
        check_word(f"{_IN_FILE}.databases: name", database.name)
        if database.name in found:
            raise ConfigError(f"{_IN_FILE}.databases", f"{database.name} is listed twice", "keep one of them")
        setting = f"{_IN_FILE}.databases: token_file of {database.name}"
        found[database.name] = DatabaseAccess(database.name, SecretFile(setting, database.token_file, check_word))
    return list(found.values())


def _tls(flags: NodeFlags, module: "Module | None") -> Tls:
    of_flags = {
        "ca_file": flags.tls_ca_file,
        "cert_file": flags.tls_cert_file,
        "key_file": flags.tls_key_file,
        "server_name": flags.tls_server_name,
        "insecure_skip_verify": flags.tls_insecure_skip_verify,
    }
    of_file = module.tls.model_dump() if module else {}
    tls = Tls(**(of_file | {name: value for name, value in of_flags.items() if value is not None}))
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
