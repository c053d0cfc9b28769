"""Under which path the pages are: --web.external-url and --web.route-prefix, as in Prometheus."""

import re
from typing import Final
from urllib.parse import urlsplit

from nundb_exporter.errors import ConfigError

_PATH: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/-]*")
"""Letters of a path that need no escape."""
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
    steps = [step for step in text.strip().split("/") if step]
    if not _PATH.fullmatch(text.strip()) or not {".", ".."}.isdisjoint(steps):
        raise ConfigError(setting, "is not a path of plain letters", "write it as /nundb")
    return "".join(f"/{step}" for step in steps)


def route_prefix(external_url: str | None, prefix: str | None) -> str:
    """Return the prefix that is in use: the one that is set, or else the external URL's path.

    Raises:
        ConfigError: one of them cannot be read.
    """
    external = parse_external_url("--web.external-url", external_url) if external_url else None
    if prefix:
        return parse_route_prefix("--web.route-prefix", prefix)
    return urlsplit(external).path.rstrip("/") if external else ""
