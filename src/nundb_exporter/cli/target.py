"""The nodes that the flags, the environment and the configuration file describe."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from nundb_exporter.cli.flags import NodeFlags
from nundb_exporter.cli.modules import NO_FLAGS, read_module
from nundb_exporter.client.tls import check_tls
from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.allow import AllowList, parse_allowed
from nundb_exporter.config.fleet import DEFAULT_MODULE, Fleet
from nundb_exporter.config.settings import DEFAULT_URL, Module, Target, parse_endpoint
from nundb_exporter.errors import ConfigError
from nundb_exporter.secret_files import SecretFiles, check_readable

if TYPE_CHECKING:
    from nundb_exporter.config.sections import FileSection

_FILE: Final = "--config.file"


def read_file(setting: str, path: str, secrets: SecretFiles) -> "FileSection":
    """Read the configuration file that a setting names, and what it names.

    Raises:
        ConfigError: it cannot be read, or holds errors (a ConfigFileError).
    """
    # A slow import: only where there is a file.
    from nundb_exporter.config.file import parse_file  # noqa: PLC0415
    from nundb_exporter.config.surroundings import Surroundings  # noqa: PLC0415

    surroundings = Surroundings(
        directory=Path(path).parent,
        collectors=tuple(collector.name for collector in COLLECTORS),
        check_secret=lambda name, check: secrets.open("", name, check),
        check_readable=partial(check_readable, ""),
        check_tls=check_tls,
    )
    return parse_file(path, secrets.text(setting, path), surroundings)


class Settings(NamedTuple):
    """What a reload may change."""

    fleet: Fleet
    log_level: str | None
    """None: nothing is said of it."""


def read_settings(flags: NodeFlags, urls: Sequence[str] = (), secrets: SecretFiles | None = None) -> Settings:
    """Return the nodes that are to be asked, what else may be, and what else the file says.

    The nodes are at `urls`, or else at the URL of the flag or variable, each once, and each asked as the file says if
    the file has it too. Without any URL they are those of the file's section `targets`; without that section, the
    default URL.

    Raises:
        ConfigError: a setting is missing or wrong.
    """
    secrets = secrets or SecretFiles()
    file = read_file(_FILE, flags.config_file, secrets) if flags.config_file else None
    sections = file.modules if file else {}
    targets = file.targets if file else None
    listed = [(parse_endpoint("", node.url), node.module) for node in (targets and targets.nodes) or ()]
    given = list(dict.fromkeys(parse_endpoint(f"URL {position}", url) for position, url in enumerate(urls, 1)))
    if not given and (flags.url or targets is None):
        given = [parse_endpoint("NUN_URL", flags.url or DEFAULT_URL)]
    nodes = [(endpoint, dict(listed).get(endpoint, DEFAULT_MODULE)) for endpoint in given] or listed
    names = {*sections, *(name for _, name in nodes), *([DEFAULT_MODULE] if flags.user else [])}
    modules: dict[str, Module] = {}
    for name in sorted(names):
        section = sections.get(name)
        own = flags if name == DEFAULT_MODULE else NO_FLAGS
        modules[name] = read_module(name, section, secrets, own)
    found = tuple(Target(endpoint, modules[name]) for endpoint, name in nodes)
    fleet = Fleet(found, modules)
    if targets is not None:
        fleet = Fleet(found, modules, AllowList(tuple(parse_allowed("", text) for text in targets.allow)), targets.port)
    return Settings(fleet, file.log.level if file else None)


def read_target(flags: NodeFlags) -> Target:
    """Return the one node that is to be asked.

    Raises:
        ConfigError: a setting is missing or wrong, or there is not exactly one node.
    """
    return only_node(read_settings(flags).fleet)


def read_fleet(flags: NodeFlags, urls: Sequence[str]) -> Fleet:
    """Return the nodes at the URLs, or else all that are configured.

    Raises:
        ConfigError: a setting is missing or wrong, or there is no node.
    """
    fleet = read_settings(flags, urls).fleet
    if not fleet.nodes:
        raise ConfigError(_FILE, "has no node", "name one with NUN_URL or --nundb.url")
    return fleet


def only_node(fleet: Fleet) -> Target:
    """Return the one node that is configured.

    Raises:
        ConfigError: there is none, or another one.
    """
    if len(fleet.nodes) != 1:
        problem = f"has {len(fleet.nodes) or 'no'} nodes where one is needed"
        raise ConfigError(_FILE, problem, "choose one with NUN_URL or --nundb.url")
    return fleet.nodes[0]
