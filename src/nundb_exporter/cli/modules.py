"""The modules that the flags, the environment and the configuration file describe: how nodes are asked.

Flags and variables describe the module `default`. Of each of its settings holds the first that is given: flag,
environment variable, configuration file, default.
"""

import os
import re
from typing import TYPE_CHECKING, Final

from nundb_exporter.cli.flags import NodeFlags
from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.fleet import DEFAULT_MODULE
from nundb_exporter.config.settings import (
    DEFAULT_MAX_PENDING_OPERATIONS,
    CanarySettings,
    Module,
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
from nundb_exporter.secret_files import SecretFiles

if TYPE_CHECKING:
    from nundb_exporter.config.sections import ModuleSection

NO_FLAGS: Final = NodeFlags(collectors={})
"""What flags and variables say of every other module."""


def read_module(name: str, section: "ModuleSection | None", secrets: SecretFiles, flags: NodeFlags) -> Module:
    """Return the module that a section of the file describes, and as the flags change it.

    Raises:
        ConfigError: a setting is missing or wrong.
    """
    limit = flags.max_pending_operations
    if limit is None and section:
        limit = section.max_pending_operations
    place = f"modules.{name}"
    user = _user(flags.user, section)
    return Module(
        credentials=Credentials(user, _password(name, section, secrets, flags.password_file)),
        collectors=_collectors(flags, section),
        databases=tuple(_databases(section, place, secrets)),
        tls=_tls(flags, section),
        ports=_ports(flags.transports_ports) if flags.transports_ports else None,
        max_pending_operations=DEFAULT_MAX_PENDING_OPERATIONS if limit is None else limit,
        databases_pattern=_databases_pattern(flags, section),
        canary=_canary(section, place, secrets),
    )


def _canary(section: "ModuleSection | None", place: str, secrets: SecretFiles) -> CanarySettings | None:
    given = section.canary if section else None
    if given is None:
        return None
    token = secrets.open(f"{place}.canary.token_file", given.token_file, check_word)
    return CanarySettings(
        access=DatabaseAccess(given.database, token),
        name=given.name,
        interval_seconds=given.interval_seconds,
        deadline_seconds=given.deadline_seconds,
        members={name: parse_endpoint(f"{place}.canary.members", url) for name, url in given.members.items()},
        allows_foreign_keys=given.allow_foreign_keys,
    )


def _databases_pattern(flags: NodeFlags, section: "ModuleSection | None") -> re.Pattern[str] | None:
    if flags.databases_pattern:
        return parse_pattern("--collector.databases.pattern", flags.databases_pattern)
    return re.compile(section.databases_pattern) if section and section.databases_pattern else None


def _user(given: str | None, section: "ModuleSection | None") -> str:
    user = without_editor_marks(given or "") or (section.user if section else None)
    if not user:
        raise ConfigError("NUN_USER", "is not set", "set it to the administrator of the node, or use --nundb.user")
    check_word("NUN_USER", user)
    return user


def _password(name: str, section: "ModuleSection | None", secrets: SecretFiles, path: str | None) -> Secret:
    if path:
        return secrets.open("NUN_PWD_FILE", path, check_text)
    if name == DEFAULT_MODULE and (password := without_editor_marks(os.environ.get("NUN_PWD", ""))):
        check_text("NUN_PWD", password)
        return Secret(password)
    if section and section.password_file:
        return secrets.open(f"modules.{name}.password_file", section.password_file, check_text)
    raise ConfigError("NUN_PWD", "is not set", "set it to the administrator's password, or NUN_PWD_FILE to a file")


def _collectors(flags: NodeFlags, section: "ModuleSection | None") -> tuple[str, ...]:
    """Return the collectors that are on: those of the file's list, or the default ones, as the flags change them."""
    chosen = section.collectors if section else None
    by_default = {collector.name: collector.is_default for collector in COLLECTORS}
    is_on = by_default if chosen is None else dict.fromkeys(chosen, True)
    is_on |= flags.collectors
    return tuple(collector.name for collector in COLLECTORS if is_on.get(collector.name))


def _databases(section: "ModuleSection | None", place: str, secrets: SecretFiles) -> list[DatabaseAccess]:
    return [
        DatabaseAccess(
            each.name, secrets.open(f"{place}.databases: token_file of {each.name}", each.token_file, check_word)
        )
        for each in (section.databases if section else ())
    ]


def _tls(flags: NodeFlags, section: "ModuleSection | None") -> Tls:
    of_flags = {
        "ca_file": flags.tls_ca_file,
        "cert_file": flags.tls_cert_file,
        "key_file": flags.tls_key_file,
        "server_name": flags.tls_server_name,
        "insecure_skip_verify": flags.tls_insecure_skip_verify,
    }
    of_file = section.tls.model_dump() if section else {}
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
