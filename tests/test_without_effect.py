"""Settings that have no effect."""

import pytest

from nundb_exporter.cli import serve
from nundb_exporter.cli.without_effect import unknown_variables, unused_tls, without_effect
from nundb_exporter.config.allow import AllowList, parse_allowed
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Module, Target, Tls, parse_endpoint
from nundb_exporter.credentials import Credentials, Secret

SETTINGS = serve.command.params
TLS = Tls(ca_file="ca.pem")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("NUNDB_EXPORTER_WEB_MAX_REQEUSTS", "did you mean NUNDB_EXPORTER_WEB_MAX_REQUESTS?"),
        ("NUNDB_EXPORTER_NUNDB_URL", "did you mean NUN_URL?"),
        ("NUNDB_EXPORTER_NUNDB_PASSWORD_FILE", "did you mean NUN_PWD_FILE?"),
        ("NUNDB_EXPORTER_COLOUR", "nundb-exporter serve --help lists all"),
    ],
)
def test_a_misspelt_variable_is_told_with_the_nearest(name: str, meant: str) -> None:
    """Also one that has the name which its flag would give it. The value is not repeated."""
    (told,) = unknown_variables({name: "m4rked-secret", "NUN_PWD": "p", "HOME": "/"}, SETTINGS)
    assert told == f"the variable {name} is no setting and has no effect: {meant}"


def test_all_settings_are_known() -> None:
    """Those of every flag."""
    names = {setting.envvar: "" for setting in SETTINGS if isinstance(setting.envvar, str)}
    assert "NUNDB_EXPORTER_COLLECTOR_LOG" in names
    assert not list(unknown_variables(names, SETTINGS))


def test_what_kubernetes_tells_of_a_service_of_that_name_is_none() -> None:
    """Each pod of the namespace gets such variables (kubernetes.io, "Accessing the Service")."""
    service = "NUNDB_EXPORTER"
    names = [
        *(f"{service}_SERVICE_HOST", f"{service}_SERVICE_PORT", f"{service}_SERVICE_PORT_HTTP", f"{service}_PORT"),
        *(f"{service}_PORT_9898_TCP", f"{service}_PORT_9898_TCP_PROTO", f"{service}_PORT_9898_TCP_PORT"),
        *(f"{service}_PORT_9898_TCP_ADDR", f"{service}_HEADLESS_SERVICE_HOST", f"{service}_HEADLESS_PORT_9898_TCP"),
    ]
    assert not list(unknown_variables(dict.fromkeys(names, ""), SETTINGS))


def fleet(*urls: str, tls: Tls = TLS, name: str = "default", allow: str = "") -> Fleet:
    """Return nodes that are asked with these settings of TLS."""
    module = Module(Credentials("nun", Secret("p")), (), tls=tls)
    nodes = tuple(Target(parse_endpoint("", url), module) for url in urls)
    return Fleet(nodes, {name: module}, AllowList((parse_allowed("", allow),) if allow else ()))


def told(*arguments: str) -> list[str]:
    """Return what is told of a command line."""
    with serve.command.make_context("serve", [*arguments]) as context:
        return list(without_effect({}, context, fleet("http://nun-db", tls=Tls())))


@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        (["--nundb.log.path", "x"], ["--nundb.log.path has no effect without --collector.log"]),
        (["--nundb.data-dir", "x"], ["--nundb.data-dir has no effect without --collector.files"]),
        (["--nundb.process", "1"], ["--nundb.process has no effect without --collector.host"]),
        (["--nundb.log.path", "x", "--collector.log"], []),
        (["--nundb.log.path", "x", "--no-collector.log"], []),
        ([], []),
    ],
)
def test_a_place_that_is_not_read_is_told(arguments: list[str], sentences: list[str]) -> None:
    """Unless somebody has switched off what would read it."""
    assert told(*arguments) == sentences


def test_tls_without_a_node_that_speaks_it_is_told() -> None:
    """Whoever names an authority believes that the password is safe on its way."""
    (default,) = unused_tls(fleet("http://nun-db", "tcp://nun-db"))
    assert default.startswith("--nundb.tls has no effect on http, which sends the password in the clear: TLS needs")
    (other,) = unused_tls(fleet("ws://nun-db", name="other"))
    assert other.startswith("modules.other.tls has no effect on ws")


@pytest.mark.parametrize(
    "used",
    [
        fleet("http://nun-db", "wss://nun-db"),
        fleet("http://nun-db", allow="https://nun-db-*:3013"),
        fleet("http://nun-db", tls=Tls()),
        fleet(),
    ],
)
def test_tls_that_is_used_or_may_be_is_not_told(used: Fleet) -> None:
    """Also for what the list allows."""
    assert not list(unused_tls(used))
