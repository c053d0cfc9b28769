"""Under which path the pages are."""

from urllib.parse import unquote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.config.prefix import parse_external_url, parse_telemetry_path, route_prefix
from nundb_exporter.errors import ConfigError


@pytest.mark.parametrize(
    ("external", "prefix", "expected"),
    [
        (None, None, ""),
        ("https://example.com", None, ""),
        ("https://example.com/", None, ""),
        ("https://example.com/nundb", None, "/nundb"),
        ("https://example.com:8443/a/b/", None, "/a/b"),
        ("https://example.com/nundb/", "/", ""),
        ("https://example.com/nundb/", "/inner", "/inner"),
        (None, "inner/", "/inner"),
        (None, "//a//b//", "/a/b"),
        (None, "", ""),
    ],
)
def test_the_prefix_is_the_external_path_unless_it_is_set(
    external: str | None, prefix: str | None, expected: str
) -> None:
    """As in Prometheus: a proxy that removes the path needs the prefix /."""
    assert route_prefix(external, prefix) == expected


def test_an_external_url_ends_with_a_slash() -> None:
    """It is a directory."""
    assert parse_external_url("x", "http://example.com:80/a") == "http://example.com:80/a/"


@pytest.mark.parametrize(
    "text",
    [
        "example.com/nundb",
        "ftp://example.com",
        "https://",
        "https://u:p@example.com",
        "https://a/?q",
        "https://a/#f",
        "https://a:x/",
        "https://a/..",
        "'https://a/'",
        'https://a/"x',
        "https://a/<b>",
        "https://a/%2e",
    ],
)
def test_what_is_no_external_url_is_refused(text: str) -> None:
    """With an example."""
    with pytest.raises(ConfigError, match=r"--web\.external-url: is not"):
        route_prefix(text, None)


@pytest.mark.parametrize("text", ["/a b", "/a?b", "/../a", "/.", "/a#b", "/ä", "/a\nb", "/%61"])
def test_what_is_no_prefix_is_refused(text: str) -> None:
    """It would have to be escaped in every link."""
    with pytest.raises(ConfigError, match=r"--web\.route-prefix: is not a path of plain letters; write it as /nundb"):
        route_prefix(None, text)


@pytest.mark.parametrize("path", ["", "metrics", " /metrics"])
def test_a_telemetry_path_is_absolute(path: str) -> None:
    """A relative one would depend on the page."""
    with pytest.raises(ConfigError, match="is not an absolute path"):
        parse_telemetry_path("--web.telemetry-path", path)


@pytest.mark.parametrize(
    "path",
    [*("/metrics?x", "/me trics", "/a#b", "/{name}", "/}"), *("/a%20b", "/%6detrics", "/é", "/a/../b", "/.", "//x")],
)
def test_a_telemetry_path_needs_no_escape(path: str) -> None:
    """What clients write otherwise, or shorten, they would ask for in vain."""
    with pytest.raises(ConfigError, match="is not a path of plain letters; write it as /metrics"):
        parse_telemetry_path("--web.telemetry-path", path)


@pytest.mark.parametrize("path", ["/", "/-/healthy", "/-/ready", "/-/x"])
def test_a_telemetry_path_takes_no_other_page(path: str) -> None:
    """The landing page and the health pages stand where they stand."""
    with pytest.raises(ConfigError, match="is taken by another page"):
        parse_telemetry_path("--web.telemetry-path", path)


@given(path=st.text("ab/.%-~é{ ?#", max_size=8).map(lambda rest: f"/{rest}"))
def test_a_client_asks_for_the_telemetry_path_as_it_is(path: str) -> None:
    """Nothing in it is resolved, neither by the client nor by the server."""
    try:
        parse_telemetry_path("--web.telemetry-path", path)
    except ConfigError:
        return
    assert urljoin("http://localhost:9898/", path) == f"http://localhost:9898{path}"
    assert unquote(path) == path
