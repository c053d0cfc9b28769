"""The configuration file."""

import re
from pathlib import Path, PurePath

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.config.file import parse_file
from nundb_exporter.config.sections import (
    DatabaseSection,
    FileSection,
    LogSection,
    ModuleSection,
    NodeSection,
    TargetsSection,
    TlsSection,
)
from nundb_exporter.config.surroundings import Surroundings
from nundb_exporter.errors import ConfigError

WHOLE = """
modules:
  default:
    user: nun
    password_file: /run/secrets/nun
    collectors: [oplog, cluster]
    databases:
      - {name: shop, token_file: /run/secrets/shop}
    tls: {ca_file: ca.pem, cert_file: c.pem, key_file: k.pem, server_name: nun-db, insecure_skip_verify: true}
    max_pending_operations: 0
    databases_pattern: shop.*
  tls: {user: other, password_file: /run/secrets/other}
targets:
  port: 3015
  allow: ["nun-db-*.nun-db.svc:3013", "10.1.0.0/16:3013", "[fd00::/8]:3013"]
  nodes: ["http://nun-db-0:3013", {url: "https://nun-db-1", module: tls}]
log: {level: debug}
"""


NODES = (("http://nun-db-0:3013", "default"), ("https://nun-db-1", "tls"))


def test_a_whole_file_reads() -> None:
    """Every key of it; a module may have any name, that of a key as well."""
    whole = parse_file("nundb.yml", WHOLE)
    assert whole.modules == {
        "default": ModuleSection(
            user="nun",
            password_file="/run/secrets/nun",
            collectors=["oplog", "cluster"],
            databases=[DatabaseSection(name="shop", token_file="/run/secrets/shop")],
            tls=TlsSection(
                ca_file="ca.pem", cert_file="c.pem", key_file="k.pem", server_name="nun-db", insecure_skip_verify=True
            ),
            max_pending_operations=0,
            databases_pattern="shop.*",
        ),
        "tls": ModuleSection(user="other", password_file="/run/secrets/other"),
    }
    assert whole.targets == TargetsSection(
        port=3015,
        allow=["nun-db-*.nun-db.svc:3013", "10.1.0.0/16:3013", "[fd00::/8]:3013"],
        nodes=[NodeSection.model_construct(url=url, module=module) for url, module in NODES],
    )
    assert whole.log == LogSection(level="debug")


def test_the_example_in_the_documentation_is_a_file_with_every_key() -> None:
    """What a reader copies is taken, and a new key is not forgotten there."""
    document = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")
    (example,) = re.findall(r"^```yaml\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    file = parse_file("configuration.md", example)
    assert file.model_fields_set == set(FileSection.model_fields)
    assert file.modules["default"].model_fields_set == set(ModuleSection.model_fields)
    assert file.targets is not None
    assert file.targets.model_fields_set == set(TargetsSection.model_fields)
    assert all(key in example for key in TlsSection.model_fields)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "modules: {}", "{}"])
def test_a_file_may_say_nothing(text: str) -> None:
    """Then all is left at its default."""
    assert parse_file("nundb.yml", text).modules == {}


def nested(key: str) -> str:
    """Return a file in which the fourth line holds the key."""
    return f"modules:\n  default:\n    user: nun\n    {key}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("moduls: {}", "1: unknown key moduls; did you mean modules?"),
        (nested("usr: nun"), "4: unknown key modules.default.usr; did you mean user?"),
        (nested("tls: {ca_fle: x}"), "4: unknown key modules.default.tls.ca_fle; did you mean ca_file?"),
        (
            nested("canary: {tokenfile: t}"),
            "4: unknown key modules.default.canary.tokenfile; did you mean token_file?",
        ),
        (
            nested("databases: [{nam: shop, token_file: t}]"),
            "4: unknown key modules.default.databases.0.nam; did you mean name?",
        ),
        (
            nested("databases:\n    - {name: shop, token_file: t}\n    - name: chat\n      token: t"),
            "7: unknown key modules.default.databases.1.token; did you mean token_file?",
        ),
        (
            nested("zzz: 1"),
            f"4: unknown key modules.default.zzz; known here: {', '.join(sorted(ModuleSection.model_fields))}",
        ),
        (
            "modules:\n  default:\n  tls:\n    usr: nun\n    password_file: p",
            "4: unknown key modules.tls.usr; did you mean user?",
        ),
        (
            "modules:\n  databases: {tls: {keyfile: k}, user: nun, password_file: p}\ntargets: {nodes: []}",
            "2: unknown key modules.databases.tls.keyfile; did you mean key_file?",
        ),
    ],
)
def test_an_unknown_key_is_named_with_its_line_and_the_nearest(text: str, message: str) -> None:
    """A misspelt key would otherwise be a setting that does nothing."""
    with pytest.raises(ConfigError) as caught:
        parse_file("nundb.yml", text)
    assert str(caught.value) == f"nundb.yml:{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a", "1: the file must be a section of keys, each with its value"),
        ("modules: [1]", "1: modules must be a section of keys, each with its value"),
        ("modules:\n  default: nun", "2: modules.default must be a section of keys, each with its value"),
        ("modules: {1: {}}", "1: modules.1 must be text; write it in quotes"),
        ("1: {}", "1: 1 is a key that must be text; write it in quotes"),
        (nested("password_file: 12"), "4: modules.default.password_file must be text; write it in quotes"),
        (nested("password_file: ''"), "4: modules.default.password_file must not be empty"),
        (nested("collectors: oplog"), "4: modules.default.collectors must be a list"),
        (
            nested("collectors:\n    - oplog\n    - 3"),
            "6: modules.default.collectors.1 must be text; write it in quotes",
        ),
        (nested("databases: [{name: shop}]"), "4: modules.default.databases.0.token_file is missing"),
        (
            nested("tls: {insecure_skip_verify: 'yes'}"),
            "4: .*insecure_skip_verify must be true or false",
        ),
        (nested("max_pending_operations: -1"), "4: .*max_pending_operations must be 0 or more"),
        (nested("max_pending_operations: many"), "4: .*max_pending_operations must be a whole number"),
        (nested("canary: {}"), "4: modules.default.canary.token_file is missing"),
        (nested("canary: {token_file: t, interval_seconds: often}"), "4: .*interval_seconds must be a number"),
        (nested("canary: {token_file: t, interval_seconds: 0}"), "4: .*interval_seconds must be 1.0 or more"),
        (nested("canary: {token_file: t, deadline_seconds: 0}"), "4: .*deadline_seconds must be more than 0.0"),
        (nested("canary: {token_file: t, deadline_seconds: .inf}"), "4: .*deadline_seconds must be a finite number"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_its_line(text: str, message: str) -> None:
    """Nothing is turned into something else in silence."""
    with pytest.raises(ConfigError, match=f"^nundb.yml:{message}; correct it$"):
        parse_file("nundb.yml", text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("modules:\n\tdefault: {}", "2: is not YAML"),
        ("modules: {", "1: is not YAML"),
        ("a: b: c", "1: is not YAML"),
        ("modules: *missing", "1: is not YAML"),
        ("a: !!python/object:os.system x", "1: is not YAML"),
        ("? [a]\n: b", "1: is not YAML"),
        ("a: \x00", "1: is not YAML"),
        ("a: 2026-02-30", "1: is not YAML"),
        ("a: !!bool maybe", "1: is not YAML"),
        ("a: !!int ''", "1: is not YAML"),
        ("a: !!timestamp soon", "1: is not YAML"),
        (f"a: {'9' * 5000}", "1: is not YAML"),
        ("[" * 600, "1: is not YAML"),
    ],
)
def test_what_is_not_yaml_is_told_with_its_line(text: str, problem: str) -> None:
    """Where the parser knows the line it is named; whatever else it raises is a ConfigError too."""
    with pytest.raises(ConfigError, match=f"^nundb.yml:{problem}"):
        parse_file("nundb.yml", text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("modules: {a", "expected ',' or '}', but got the end of the file"),
        ("- a\nb: c", "expected the end of a section, but found '?'"),
        ("modules:\n\tdefault: {}", "found character TAB that cannot start any token"),
        ("password: *hunter2", "found undefined alias"),
        ("password: !hunter'2", "could not determine a constructor for the tag"),
    ],
)
def test_the_parsers_reason_is_told_without_what_the_file_holds(text: str, told: str) -> None:
    """What it quotes of the file may be a secret; what it quotes of its own grammar is none."""
    with pytest.raises(ConfigError) as caught:
        parse_file("nundb.yml", text)
    assert caught.value.problem == f"is not YAML ({told})"


def test_a_secret_in_the_wrong_place_is_not_repeated() -> None:
    """A password where a file name belongs, or under a key that is none, is not in the error."""
    for line in (
        "password: hunter2",
        "password_file: [hunter2]",
        "tls: hunter2",
        "databases: {hunter2: x}",
        "user: *hunter2",
        "user: !hunter2",
        "user: !hunter2 x",
        "user: &hunter2",
        "user: @hunter2",
        "user: %hunter2",
        "user: 'hunter2",
        "user: {hunter2",
        "user: |hunter2",
    ):
        with pytest.raises(ConfigError) as caught:
            parse_file("nundb.yml", nested(line))
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (nested("user: adm"), "4: user is set twice"),
        (nested("databases: []\n    databases: []"), "5: databases is set twice"),
        (nested("databases: [{name: a, name: b, token_file: t}]"), "4: name is set twice"),
        ("modules: {}\nmodules: {}", "2: modules is set twice"),
        ("modules: {default: &a {user: x, tls: *a, user: y}}", "1: user is set twice"),
    ],
)
def test_a_key_that_is_set_twice_is_named_with_its_line(text: str, message: str) -> None:
    """YAML forbids it, and PyYAML drops what the first one says."""
    with pytest.raises(ConfigError) as caught:
        parse_file("nundb.yml", text)
    assert f"nundb.yml:{message}; keep one of them" in str(caught.value).splitlines()


def test_anchors_and_merges_are_taken() -> None:
    """YAML's own means against repetition work."""
    text = "modules:\n  default: &nun {user: nun}\n  other:\n    <<: *nun\n    password_file: p\n"
    assert parse_file("nundb.yml", text).modules["other"] == ModuleSection(user="nun", password_file="p")


@pytest.mark.parametrize("empty", ["", " ~", " null"])
def test_an_empty_value_is_as_if_its_key_were_not_there(empty: str) -> None:
    """Of every key; one that is needed is missed by its name."""
    keys = ("user", "password_file", "collectors", "databases", "tls", "max_pending_operations", "databases_pattern")
    for key in keys:
        assert (
            parse_file("nundb.yml", nested(f"{key}:{empty}").replace("user: nun\n", "")).modules["default"]
            == ModuleSection()
        )
    assert parse_file("nundb.yml", f"modules:\n  default:{empty}\n").modules == {"default": ModuleSection()}
    with pytest.raises(ConfigError, match=r"databases\.0\.name is missing"):
        parse_file("nundb.yml", nested(f"databases:\n    -{empty}"))


def test_names_of_files_are_relative_to_the_directory() -> None:
    """Those of secrets and of TLS; a server's name is none."""
    module = parse_file("nundb.yml", WHOLE, Surroundings(PurePath("/etc/nundb"))).modules["default"]
    assert module.password_file == "/run/secrets/nun"
    assert module.tls.ca_file == "/etc/nundb/ca.pem"
    assert module.tls.key_file == "/etc/nundb/k.pem"
    assert module.tls.server_name == "nun-db"


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=4), st.floats(allow_nan=False))
KEYS = st.sampled_from(
    ["modules", "default", "user", "databases", "name", "token_file", "tls", "ca_file", "zzz", "collectors"]
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=8,
)


@given(
    text=st.one_of(
        st.text(max_size=40),
        TREES.map(yaml.safe_dump),
        TREES.map(lambda tree: yaml.safe_dump({"modules": {"a": tree}})),
    )
)
def test_any_text_is_a_file_or_a_config_error(text: str) -> None:
    """Nothing else is raised, and the error says where."""
    try:
        parse_file("nundb.yml", text)
    except ConfigError as refused:
        said = str(refused)
    else:
        said = "nundb.yml:1: is taken"
    assert all(re.match(r"nundb.yml:\d+: ", line) for line in said.splitlines())
    assert not re.search(r"\b(dict\w*|instance|input|\w+Section)\b", said)
    assert "is not valid" not in said
