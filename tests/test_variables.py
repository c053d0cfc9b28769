"""Variables that look like settings and are none."""

import pytest

from nundb_exporter.cli import serve
from nundb_exporter.cli.variables import unknown_variables

SETTINGS = serve.command.params


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
