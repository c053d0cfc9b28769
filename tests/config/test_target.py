"""Flags, environment and file: which of them holds, and what is refused."""

import re
from pathlib import Path

import click
import pytest
import trustme
from click.testing import CliRunner

from nundb_exporter.cli.flags import NodeFlags, node_flags
from nundb_exporter.cli.numbers import Seconds
from nundb_exporter.cli.target import read_fleet, read_target
from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.settings import Endpoint, Module, Target, Tls, TransportPorts
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.errors import ConfigError

DEFAULTS = tuple(collector.name for collector in COLLECTORS if collector.is_default)
ENVIRONMENT = {"NUN_USER": "nun", "NUN_PWD": "nun-pwd"}


def chosen(*arguments: str, **environment: str) -> Target:
    """Return the target of a command line and an environment."""
    found: list[Target] = []

    @click.command()
    @node_flags
    def command(flags: NodeFlags) -> None:
        found.append(read_target(flags))

    names = {"NUN_URL", "NUN_USER", "NUN_PWD", "NUN_PWD_FILE"}
    clean: dict[str, str | None] = dict.fromkeys(names)
    CliRunner().invoke(command, arguments, env={**clean, **environment}, catch_exceptions=False, standalone_mode=False)
    return found[0]


def test_three_variables_are_enough() -> None:
    """As for the exporter before ours; even the URL has a default."""
    assert chosen(**ENVIRONMENT) == Target(
        Endpoint("http", "localhost", 3013), Module(Credentials("nun", Secret("nun-pwd")), DEFAULTS)
    )
    assert chosen(NUN_URL="tcp://nun-db", **ENVIRONMENT).endpoint == Endpoint("tcp", "nun-db", 3014)


def test_a_target_does_not_show_its_password() -> None:
    """However it is logged."""
    assert "nun-pwd" not in repr(chosen(**ENVIRONMENT))


def test_a_flag_beats_the_environment_and_both_beat_the_file(tmp_path: Path) -> None:
    """The nearest to the hand holds."""
    (tmp_path / "pwd").write_text("from-file\n")
    file = tmp_path / "nundb.yml"
    file.write_text(f"modules: {{default: {{user: filed, password_file: {tmp_path}/pwd, max_pending_operations: 7}}}}")
    from_file = chosen("--config.file", str(file))
    assert from_file.module.credentials == Credentials("filed", Secret("from-file"))
    assert from_file.module.max_pending_operations == 7
    with pytest.raises(ConfigError, match=r"^NUN_USER: contains a space"):
        chosen("--config.file", str(file), NUN_USER="a b")
    from_environment = chosen("--config.file", str(file), **ENVIRONMENT)
    assert from_environment.module.credentials == Credentials("nun", Secret("nun-pwd"))
    flags = ["--nundb.user", "flag", "--collector.pending.max-operations", "0"]
    from_flags = chosen(*flags, NUNDB_EXPORTER_CONFIG_FILE=str(file), **ENVIRONMENT)
    assert from_flags.module.credentials.user == "flag"
    assert from_flags.module.max_pending_operations == 0


def test_databases_to_show_are_chosen_by_a_regular_expression(tmp_path: Path) -> None:
    """In the file or by the flag, which holds where both are there; by default all are shown."""
    file = tmp_path / "nundb.yml"
    file.write_text("modules: {default: {databases_pattern: shop}}")
    assert chosen(**ENVIRONMENT).module.databases_pattern is None
    assert chosen("--config.file", str(file), **ENVIRONMENT).module.databases_pattern == re.compile("shop")
    both = chosen("--config.file", str(file), "--collector.databases.pattern", "chat", **ENVIRONMENT)
    assert both.module.databases_pattern == re.compile("chat")


def test_a_pattern_that_is_none_is_refused() -> None:
    """With the setting's name and what is wrong."""
    with pytest.raises(ConfigError, match=r"^--collector\.databases\.pattern: is not a regular expression \("):
        chosen("--collector.databases.pattern", "shop(", **ENVIRONMENT)


def test_a_password_file_beats_the_variable(tmp_path: Path) -> None:
    """Whoever names a file means it."""
    (tmp_path / "pwd").write_text("two words\r\n")
    assert chosen("--nundb.password-file", str(tmp_path / "pwd"), **ENVIRONMENT).module.credentials.password == Secret(
        "two words"
    )
    assert chosen(NUN_USER="nun", NUN_PWD_FILE=str(tmp_path / "pwd")).module.credentials.password == Secret("two words")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"NUN_PWD": "p"}, "NUN_USER: is not set"),
        ({"NUN_USER": "nun"}, "NUN_PWD: is not set"),
        ({"NUN_USER": "", "NUN_PWD": "p"}, "NUN_USER: is not set"),
        ({"NUN_USER": "nun", "NUN_PWD": ""}, "NUN_PWD: is not set"),
        ({"NUN_USER": "a b", "NUN_PWD": "p"}, "NUN_USER: contains a space"),
        ({"NUN_USER": "a;b", "NUN_PWD": "p"}, "NUN_USER: contains a semicolon"),
        ({"NUN_USER": "nun", "NUN_PWD": "hunter2;x"}, "NUN_PWD: contains a semicolon"),
        ({"NUN_USER": "nun", "NUN_PWD": " hunter2"}, "NUN_PWD: begins or ends with white space"),
        ({**ENVIRONMENT, "NUN_URL": "redis://x"}, "NUN_URL: is not a URL"),
        ({"NUN_USER": "nun", "NUN_PWD_FILE": "/does/not/exist"}, "NUN_PWD_FILE: cannot read /does/not/exist"),
        ({**ENVIRONMENT, "NUNDB_EXPORTER_CONFIG_FILE": "/does/not/exist"}, "--config.file: cannot read"),
    ],
)
def test_a_setting_is_refused_by_its_name(environment: dict[str, str], message: str) -> None:
    """One line says which setting, what is wrong, and what to do; never the secret."""
    with pytest.raises(ConfigError, match=message) as caught:
        chosen(**environment)
    assert "hunter2" not in str(caught.value)
    assert caught.value.cure


def test_collectors_are_switched_by_flags() -> None:
    """A flag adds to the default ones or takes from them, as its variable does; the order is always the same."""
    assert chosen("--collector.keys", "--no-collector.oplog", **ENVIRONMENT).module.collectors == tuple(
        collector.name
        for collector in COLLECTORS
        if (collector.is_default or collector.name == "keys") and collector.name != "oplog"
    )
    assert chosen(NUNDB_EXPORTER_COLLECTOR_KEYS="1", **ENVIRONMENT).module.collectors == (
        *(name for name in (collector.name for collector in COLLECTORS) if name in {*DEFAULTS, "keys"}),
    )


def test_the_file_lists_exactly_the_collectors_that_are_on(tmp_path: Path) -> None:
    """A flag adds to its list or takes from it; the order is always the same."""
    file = tmp_path / "nundb.yml"
    file.write_text("modules: {default: {collectors: [keys, cluster]}}")
    of_file = ["--config.file", str(file)]
    assert chosen(*of_file, **ENVIRONMENT).module.collectors == ("cluster", "keys")
    assert chosen(*of_file, "--collector.oplog", "--no-collector.keys", **ENVIRONMENT).module.collectors == (
        "oplog",
        "cluster",
    )


@pytest.mark.parametrize(
    ("name", "cure"),
    [("oplogs", r"did you mean oplog\?"), ("zzz", "the collectors are oplog, replication")],
)
def test_an_unknown_collector_is_named_with_the_nearest(tmp_path: Path, name: str, cure: str) -> None:
    """A misspelt name would otherwise collect nothing in silence."""
    file = tmp_path / "nundb.yml"
    file.write_text(f"modules: {{default: {{collectors: [{name}]}}}}")
    with pytest.raises(
        ConfigError, match=rf"nundb\.yml:1: modules\.default\.collectors\.0: there is no collector {name}; {cure}"
    ):
        chosen("--config.file", str(file), **ENVIRONMENT)


def test_a_file_whose_modules_are_all_unused_is_refused(tmp_path: Path) -> None:
    """A misspelt `default` would otherwise switch everything in the file off in silence; others may stand beside it."""
    file = tmp_path / "nundb.yml"
    (tmp_path / "pwd").write_text("p")
    file.write_text("modules: {defualt: {user: filed, password_file: pwd}}")
    with pytest.raises(ConfigError, match="there is no module default, and no other is used; rename the module"):
        chosen("--config.file", str(file), NUN_PWD="p")
    file.write_text("modules: {default: {user: filed}, other: {user: another, password_file: pwd}}")
    assert chosen("--config.file", str(file), NUN_PWD="p").module.credentials.user == "filed"


def test_a_user_of_the_file_is_refused_by_its_place(tmp_path: Path) -> None:
    """The variable is not to blame for what the file says."""
    file = tmp_path / "nundb.yml"
    file.write_text("modules: {default: {user: a b}}")
    with pytest.raises(ConfigError, match=r"nundb\.yml:1: modules\.default\.user: contains a space"):
        chosen("--config.file", str(file), NUN_PWD="p")


def test_a_node_that_is_given_twice_is_asked_once(tmp_path: Path) -> None:
    """However it is spelt: twice itself, a primary would be one of two."""
    password = tmp_path / "pwd"
    flags = NodeFlags(user="nun", password_file=str(password), collectors={})
    password.write_text("p")
    urls = ["http://nun-db", "tcp://nun-db", "HTTP://NUN-DB:80/"]
    nodes = read_fleet(flags, urls).nodes
    assert [str(node.endpoint) for node in nodes] == ["http://nun-db:80", "tcp://nun-db:3014"]


@pytest.mark.parametrize("second", ["http://nun-db", "'HTTP://NUN-DB:80/'", "{url: http://nun-db, module: other}"])
def test_a_node_that_is_listed_twice_is_refused(tmp_path: Path, second: str) -> None:
    """Of two modules nobody could say which one is meant."""
    file = tmp_path / "nundb.yml"
    (tmp_path / "pwd").write_text("p")
    module = "{user: nun, password_file: pwd}"
    file.write_text(f"modules: {{default: {module}, other: {module}}}\ntargets:\n  nodes: [http://nun-db:80, {second}]")
    with pytest.raises(ConfigError, match=r"nundb\.yml:3: targets\.nodes: http://nun-db:80 is listed twice; keep one"):
        chosen("--config.file", str(file))


def databases(tmp_path: Path, *names: str, token: str) -> list[str]:
    """Write a file with these databases, and return the flags that name it."""
    (tmp_path / "token").write_text(token)
    entries = ", ".join(f"{{name: '{name}', token_file: {tmp_path}/token}}" for name in names)
    (tmp_path / "nundb.yml").write_text(f"modules: {{default: {{databases: [{entries}]}}}}")
    return ["--config.file", str(tmp_path / "nundb.yml")]


def test_databases_come_with_their_tokens(tmp_path: Path) -> None:
    """Each from a file of its own."""
    assert chosen(*databases(tmp_path, "shop", "chat", token="shop-token"), **ENVIRONMENT).module.databases == (
        DatabaseAccess("shop", Secret("shop-token")),
        DatabaseAccess("chat", Secret("shop-token")),
    )


@pytest.mark.parametrize(
    ("names", "token", "message"),
    [
        (("shop", "shop"), "t", "modules.default.databases: shop is listed twice"),
        (("a b",), "t", "modules.default.databases.0.name: contains a space"),
        (("a;b",), "t", "modules.default.databases.0.name: contains a semicolon"),
        (("shop",), "user token", "modules.default.databases.0.token_file: contains a space"),
        (("shop",), "hunter2;", "modules.default.databases.0.token_file: contains a semicolon"),
    ],
)
def test_a_database_is_refused_with_its_reason(
    tmp_path: Path, names: tuple[str, ...], token: str, message: str
) -> None:
    """A token with a space would be read as a user and another token."""
    with pytest.raises(ConfigError, match=message) as caught:
        chosen(*databases(tmp_path, *names, token=token), **ENVIRONMENT)
    assert "hunter2" not in str(caught.value)


def test_tls_is_set_by_flags_over_the_file(tmp_path: Path) -> None:
    """Each of its settings on its own."""
    file = tmp_path / "nundb.yml"
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    file.write_text("modules: {default: {tls: {ca_file: ca.pem, server_name: filed, insecure_skip_verify: true}}}")
    assert chosen("--config.file", str(file), "--nundb.tls.server-name", "flag", **ENVIRONMENT).module.tls == Tls(
        ca_file=str(tmp_path / "ca.pem"), server_name="flag", insecure_skip_verify=True
    )
    with pytest.raises(ConfigError, match=r"--nundb\.tls\.server-name: is not a host name"):
        chosen("--nundb.tls.server-name", "a..b", **ENVIRONMENT)
    with pytest.raises(ConfigError, match=r"--nundb\.tls\.key-file: has no certificate"):
        chosen("--nundb.tls.key-file", "key.pem", **ENVIRONMENT)


def test_names_of_files_are_relative_to_the_file_that_holds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the working directory is: a service's is often `/`. An absolute name stays as it is."""
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "pwd").write_text("from-file\n")
    (tmp_path / "token").write_text("shop-token\n")
    trustme.CA().cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().issue_cert("exporter.test").private_key_and_cert_chain_pem.write_to_path(tmp_path / "c.pem")
    (folder / "nundb.yml").write_text(
        "modules: {default: {user: nun, password_file: pwd, databases: [{name: shop, token_file: ../token}], "
        f"tls: {{ca_file: ca.pem, cert_file: {tmp_path}/c.pem}}}}}}"
    )
    for directory, name in ((tmp_path, "etc/nundb.yml"), (Path("/"), str(folder / "nundb.yml")), (folder, "nundb.yml")):
        monkeypatch.chdir(directory)
        node = chosen("--config.file", name)
        assert node.module.credentials.password == Secret("from-file")
        assert node.module.databases == (DatabaseAccess("shop", Secret("shop-token")),)
        assert Path(node.module.tls.ca_file or "").absolute() == folder / "ca.pem"
        assert node.module.tls.cert_file == str(tmp_path / "c.pem")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_newline_at_the_end_of_a_variable_is_not_part_of_it(end: str, tmp_path: Path) -> None:
    """Secrets of Kubernetes that were made with `echo` end with one, and nobody sees it."""
    (tmp_path / "pwd").write_text("of-file")
    node = chosen(
        NUN_USER=f"nun{end}",
        NUN_PWD=f"nun-pwd{end}",
        NUN_URL=f" http://nun-db:3013{end}",
        NUNDB_EXPORTER_COLLECTOR_KEYS=f"true{end}",
        NUNDB_EXPORTER_COLLECTOR_PENDING_MAX_OPERATIONS=f"7{end}",
    )
    assert node.module.credentials == Credentials("nun", Secret("nun-pwd"))
    assert node.endpoint == Endpoint("http", "nun-db", 3013)
    assert "keys" in node.module.collectors
    assert node.module.max_pending_operations == 7
    of_file = chosen(NUN_USER="nun", NUN_PWD_FILE=f"{tmp_path}/pwd{end}")
    assert of_file.module.credentials.password == Secret("of-file")


def test_a_byte_order_mark_is_not_part_of_a_variable() -> None:
    """Editors on Windows write it, and `kubectl create secret --from-env-file` takes it over."""
    node = chosen(NUN_USER="\ufeffnun", NUN_PWD="\ufeffnun-pwd")
    assert node.module.credentials == Credentials("nun", Secret("nun-pwd"))


@pytest.mark.parametrize(
    "content",
    [
        "modules:",
        "modules:\n  default:",
        "modules:\n  default:\n    databases:\n    tls:\n    collectors:\n    user:\n",
    ],
)
def test_an_empty_section_is_as_if_it_were_not_there(content: str, tmp_path: Path) -> None:
    """As it stays when all below it is commented out."""
    (tmp_path / "nundb.yml").write_text(content)
    assert chosen("--config.file", str(tmp_path / "nundb.yml"), **ENVIRONMENT) == chosen(**ENVIRONMENT)


def test_the_transports_ports_read() -> None:
    """In any order."""
    given = chosen("--collector.transports.ports", "tcp=1,websocket=2,http=65535", **ENVIRONMENT)
    assert given.module.ports == TransportPorts(http=65535, tcp=1, websocket=2)


@pytest.mark.parametrize(
    "text",
    [
        "3013,3014,3012",
        "http=3013",
        "http=3013,tcp=3014,websocket=x",
        "http=3013,tcp=3014,websocket=0",
        "http=3013,tcp=3014,websocket=65536",
        "http=3013,tcp=3014,websocket=" + "9" * 5000,
        "http=3013,tcp=3014,websocket=3012,http=1",
        "http=3013,tcp=3014,websocket=3012,ftp=21",
        "http=3013,tcp=3014,websocket=3012,",
    ],
)
def test_ports_that_are_not_three_are_refused(text: str) -> None:
    """Each transport once, each a port."""
    with pytest.raises(ConfigError, match=r"--collector\.transports\.ports: does not give three ports"):
        chosen("--collector.transports.ports", text, **ENVIRONMENT)


@pytest.mark.parametrize(("text", "seconds"), [("0", 0.0), ("0.25", 0.25), ("1e3", 1000.0)])
def test_seconds_read(text: str, seconds: float) -> None:
    """A number of them, 0 among them."""
    assert Seconds()(text) == seconds


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "-0.1", "1 s", "", "1,5"])
def test_seconds_that_no_clock_reaches_are_refused(text: str) -> None:
    """Float would take `nan` and `inf`; a deadline cannot."""
    with pytest.raises(click.BadParameter):
        Seconds()(text)
