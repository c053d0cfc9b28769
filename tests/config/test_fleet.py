"""The nodes, modules and allow-list that flags, variables and the file give together."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from nundb_exporter.cli.flags import NodeFlags, node_flags
from nundb_exporter.cli.target import Settings, read_fleet, read_settings, read_target
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import parse_endpoint
from nundb_exporter.credentials import Credentials, Secret
from nundb_exporter.errors import ConfigError, ConfigFileError

OF_VARIABLES = {"NUN_USER": "nun", "NUN_PWD": "nun-pwd"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the place of a configuration file beside two passwords."""
    (tmp_path / "nun").write_text("nun-secret\n")
    (tmp_path / "east").write_text("east-secret\n")
    return tmp_path / "nundb.yml"


def given(file: Path, text: str, *arguments: str, **variables: str) -> Settings:
    """Return the settings of a file, a command line and an environment."""
    found: list[Settings] = []

    @click.command()
    @node_flags
    def command(flags: NodeFlags) -> None:
        found.append(read_settings(flags))

    file.write_text(text)
    clean: dict[str, str | None] = dict.fromkeys(("NUN_URL", "NUN_USER", "NUN_PWD", "NUN_PWD_FILE"))
    arguments = ("--config.file", str(file), *arguments)
    CliRunner().invoke(command, arguments, env={**clean, **variables}, catch_exceptions=False, standalone_mode=False)
    return found[0]


def asked(fleet: Fleet) -> dict[str, Credentials]:
    """Return who asks each node."""
    return {str(node.endpoint): node.module.credentials for node in fleet.nodes}


TWO_MODULES = """
modules:
  default: {user: nun, password_file: nun}
  east: {user: eve, password_file: east, collectors: [oplog]}
"""
NUN = Credentials("nun", Secret("nun-secret"))
EVE = Credentials("eve", Secret("east-secret"))


def test_each_node_is_asked_as_its_module_says(file: Path) -> None:
    """The one that names none as `default` says."""
    fleet = given(file, TWO_MODULES + "targets: {nodes: ['http://a:1', {url: 'http://b:1', module: east}]}").fleet
    assert asked(fleet) == {"http://a:1": NUN, "http://b:1": EVE}
    assert {name: module.credentials for name, module in fleet.modules.items()} == {"default": NUN, "east": EVE}
    assert fleet.modules["east"].collectors == ("oplog",)


def test_flags_and_variables_change_the_default_module_alone(file: Path) -> None:
    """A password that is meant for one kind of node does not reach another."""
    text = TWO_MODULES + "targets: {nodes: ['http://a:1', {url: 'http://b:1', module: east}]}"
    fleet = given(file, text, "--collector.keys", **OF_VARIABLES).fleet
    assert asked(fleet) == {"http://a:1": Credentials("nun", Secret("nun-pwd")), "http://b:1": EVE}
    assert "keys" in fleet.modules["default"].collectors
    assert fleet.modules["east"].collectors == ("oplog",)


def test_a_url_of_the_environment_is_the_only_node(file: Path) -> None:
    """It is nearer to the hand; where the file has it too, it is asked as the file says."""
    text = TWO_MODULES + "targets: {nodes: ['http://a:1', {url: 'http://b:1', module: east}]}"
    assert asked(given(file, text, NUN_URL="http://c:1").fleet) == {"http://c:1": NUN}
    assert asked(given(file, text, "--nundb.url", "http://b:1").fleet) == {"http://b:1": EVE}


def test_without_targets_the_one_node_is_at_the_default_url(file: Path) -> None:
    """As without a file; with the section there are only the nodes that it lists."""
    assert asked(given(file, TWO_MODULES).fleet) == {"http://localhost:3013": NUN}
    assert asked(given(file, TWO_MODULES + "targets: {allow: ['a:1']}").fleet) == {}


def test_variables_alone_make_a_default_module_for_what_is_allowed(file: Path) -> None:
    """A file with an allow-list needs nothing else."""
    fleet = given(file, "targets: {allow: ['a:1'], port: 3015}", **OF_VARIABLES).fleet
    assert fleet.modules["default"].credentials == Credentials("nun", Secret("nun-pwd"))
    assert (fleet.nodes, fleet.port) == ((), 3015)
    assert fleet.allow.refusal(parse_endpoint("", "http://a:1")) is None


def test_a_command_about_one_node_is_told_which_where_there_are_several(file: Path) -> None:
    """It does not take the first in silence."""
    file.write_text(TWO_MODULES + "targets: {nodes: ['http://a:1', 'http://b:1']}")
    with pytest.raises(ConfigError, match=r"has 2 nodes where one is needed; choose one with NUN_URL or --nundb\.url"):
        read_target(NodeFlags(config_file=str(file), collectors={}))


def test_urls_of_an_argument_replace_the_nodes(file: Path) -> None:
    """Each is asked as the file says, if the file has it; the variable may then be anything."""
    file.write_text(TWO_MODULES + "targets: {nodes: ['http://a:1', {url: 'http://b:1', module: east}]}")
    flags = NodeFlags(config_file=str(file), url="redis://x", collectors={})
    assert [node.module.credentials for node in read_fleet(flags, ["http://b:1", "http://c:1"]).nodes] == [EVE, NUN]
    assert len(read_fleet(NodeFlags(config_file=str(file), collectors={}), []).nodes) == 2


def test_all_errors_of_a_file_are_told_at_once(file: Path) -> None:
    """Keys, kinds, missing files, secrets that cannot be used, references: each with its line, in their order."""
    (file.parent / "broken").write_text("hunter2;\n")
    text = """\
modules:
  default:
    user: a b
    password_file: broken
    colectors: [oplog]
    databases:
      - {name: shop, token_file: absent}
  east:
    user: eve
    pasword_file: east
    tls: {ca_file: broken}
    collectors: [oplogs, keys]
targets:
  port: 70000
  allow: [here, "10.1.0.1/16:3013"]
  nodes:
    - http://nun:hunter2@a
    - {url: http://b, module: west}
    - 3
log: {level: loud}
"""
    with pytest.raises(ConfigFileError) as caught:
        given(file, text)
    said = str(caught.value).replace(f"{file}:", "").replace(str(file.parent), "/etc").splitlines()
    assert [line.partition("; ")[0] for line in said] == [
        "3: modules.default.user: contains a space, at which Nun-db splits arguments",
        "4: modules.default.password_file: contains a semicolon at position 8, which ends a Nun-db command",
        "5: unknown key modules.default.colectors",
        "7: modules.default.databases.0.token_file: cannot read /etc/absent (no such file or directory)",
        "10: unknown key modules.east.pasword_file",
        "11: modules.east.tls: /etc/broken cannot be read as PEM",
        "12: modules.east.collectors.0: there is no collector oplogs",
        "14: targets.port must be 65535 or less",
        "15: targets.allow.0: does not end with a port",
        "15: targets.allow.1: is not a network",
        "17: targets.nodes.0.url: holds credentials, which would show in logs",
        "18: targets.nodes.1.module: there is no module west",
        "19: targets.nodes.2 must be a section of keys, each with its value",
        "20: log.level must be one of 'debug', 'info', 'warning', 'warn' or 'error'",
    ]
    assert all("; " in line for line in said)


def test_each_file_of_tls_that_cannot_be_read_is_told_in_its_own_line(file: Path) -> None:
    """With the reason: a missing file is no file of the wrong kind."""
    text = (
        TWO_MODULES
        + "  west:\n    user: wes\n    password_file: east\n    tls:\n      ca_file: absent\n      key_file: .\n"
    )
    with pytest.raises(ConfigFileError) as caught:
        given(file, text)
    said = str(caught.value).replace(f"{file}:", "").replace(str(file.parent), "/etc").splitlines()
    assert [line.partition("; ")[0] for line in said] == [
        "9: modules.west.tls.ca_file: cannot read /etc/absent (no such file or directory)",
        "10: modules.west.tls.key_file: cannot read /etc (is a directory)",
    ]
