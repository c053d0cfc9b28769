"""Under which path the pages are: --web.external-url and --web.route-prefix, as in Prometheus, and the metrics page."""

import re
from typing import Final
from urllib.parse import urlsplit

from nundb_exporter.config.settings import (
    DEFAULT_TELEMETRY_PATH,
    DISCOVERY_PATH,
    PROBE_PATH,
    REPORT_PATH,
    SLOW_PATH,
)
from nundb_exporter.errors import ConfigError

_PATH: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/-]*")
"""Letters of a path that need no escape."""
_NOT_PLAIN: Final = "is not a path of plain letters"
_EXAMPLE: Final = "https://example.com/nundb/"


def parse_external_url(setting: str, text: str) -> str:
    """Read the URL under which clients reach the exporter, and return it with a final slash.

    Raises:
        ConfigError: it is not a URL of HTTP, or holds more than scheme, host, port and path.
    """
    try:
        parts = urlsplit(text.strip())
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_whole = False
    if not is_whole or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigError(setting, "is not a URL of http or https with a host", f"write it as {_EXAMPLE}")
    return f"{parts.scheme}://{parts.netloc}{parse_route_prefix(setting, parts.path)}/"


def parse_route_prefix(setting: str, text: str) -> str:
    """Read the path below which all pages are, and return it without a final slash: nothing for `/`.

    Raises:
        ConfigError: it holds what needs an escape, or steps such as `..`.
    """
    if not _is_plain(text.strip()):
        raise ConfigError(setting, _NOT_PLAIN, "write it as /nundb")
    return "".join(f"/{step}" for step in text.strip().split("/") if step)


def parse_telemetry_path(setting: str, path: str) -> str:
    """Check the path of the metrics page.

    Raises:
        ConfigError: not an absolute path, one that holds what needs an escape or steps such as `..`, or one that is
            taken.
    """
    if not path.startswith("/"):
        raise ConfigError(setting, "is not an absolute path", f"write it as {DEFAULT_TELEMETRY_PATH}")
    if not _is_plain(path) or path.startswith("//"):  # two would begin a host in a link
        raise ConfigError(setting, _NOT_PLAIN, f"write it as {DEFAULT_TELEMETRY_PATH}")
    if path in {"/", REPORT_PATH, PROBE_PATH, DISCOVERY_PATH, SLOW_PATH} or path.startswith("/-/"):
        raise ConfigError(setting, "is taken by another page", f"write it as {DEFAULT_TELEMETRY_PATH}")
    return path


def _is_plain(path: str) -> bool:
    return bool(_PATH.fullmatch(path)) and {".", ".."}.isdisjoint(path.split("/"))


def route_prefix(external_url: str | None, prefix: str | None) -> str:
    """Return the prefix that is in use: the one that is set, or else the external URL's path.

    Raises:
        ConfigError: one of them cannot be read.
    """
    external = parse_external_url("--web.external-url", external_url) if external_url else None
    if prefix:
        return parse_route_prefix("--web.route-prefix", prefix)
    return urlsplit(external).path.rstrip("/") if external else ""
