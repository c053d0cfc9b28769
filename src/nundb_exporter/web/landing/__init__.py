"""The landing page: markup, style and script, put together into one document that loads no other file.

The page only draws what `GET /report` says: it knows neither the names of families nor what is good or bad.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from html import escape
from importlib import resources
from typing import Final, NamedTuple
from urllib.parse import urlencode

from nundb_exporter import __version__
from nundb_exporter.collectors import COLLECTORS, oplog, queries, replication
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import DISCOVERY_PATH, PROBE_PATH, REPORT_PATH, SLOW_PATH, Target, Web
from nundb_exporter.metrics import EXPORTER_FAMILIES, SCRAPE_DURATION, SCRAPE_FAMILIES, Family

_FILES: Final = resources.files(__name__)
_PLACE: Final = re.compile(r"\{\{(\w+)\}\}")


class _Chart(NamedTuple):
    """A chart of a number in the report."""

    field: str
    """Of the node's report."""
    title: str
    family: Family
    is_from_zero: bool = True


_CHARTS: Final = (
    _Chart("pending_operations", "Pending operations", replication.PENDING),
    _Chart("oplog_records", "Operation log, records", oplog.RECORDS, is_from_zero=False),
    _Chart("oplog_bytes", "Operation log, size", oplog.SIZE, is_from_zero=False),
    _Chart("replication_seconds", "Replication time, average", replication.DURATION),
    _Chart("query_seconds", "Query time, average", queries.DURATION),
    _Chart("scrape_seconds", "Scrape duration", SCRAPE_DURATION),
)


class LandingPage(NamedTuple):
    """The document, and the Content-Security-Policy that fits it."""

    text: str
    policy: str


def node_page(target: Target, settings: Web, query: str = "", *, has_log: bool = False) -> LandingPage:
    """Put the page of one node together; `query` selects it where it is not the only one.

    `has_log` is whether its log is read, so that /slow answers.
    """
    collected = (family for each in COLLECTORS if each.name in target.module.collectors for family in each.families)
    places = {
        # Relative, so that the page works behind a proxy that serves it under a prefix.
        "metrics": escape(f".{PROBE_PATH}?{query}" if query else f".{settings.telemetry_path}"),
        "report": escape(f".{REPORT_PATH}?{query}" if query else f".{REPORT_PATH}"),
        "telemetry_path": escape(PROBE_PATH if query else settings.telemetry_path),
        "up": '<li><a href="./">All nodes</a></li>' if query else "",
        "node": escape(str(target.endpoint)),
        "charts": "".join(map(_chart, _CHARTS)),
        "slow": _read("slow.html") if has_log else "",
        "families": "".join(map(_family, _documented([*SCRAPE_FAMILIES, *collected, *EXPORTER_FAMILIES]))),
    }
    script = _read("common.js") + _read("slow.js") + _read("script.js")
    return _filled("page.html", places, script)


def _chart(chart: _Chart) -> str:
    return (
        f'<figure class="chart card" data-field="{chart.field}" data-from-zero="{str(chart.is_from_zero).lower()}" '
        f'title="{escape(chart.family.help)}"><h3>{chart.title}</h3></figure>\n'
    )


def _documented(families: Iterable[Family]) -> Iterable[Family]:
    """Leave out the series of a histogram, which have no text of their own."""
    return (family for family in families if family.part_of is None)


def _family(family: Family) -> str:
    return (
        f'<div><dt><code class="name">{family}</code><span class="soft"> {family.kind}</span></dt>'
        f'<dd class="soft">{escape(family.help)}</dd></div>\n'
    )


def _read(name: str) -> str:
    return _FILES.joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def cluster_page(fleet: Fleet, settings: Web, *, has_log: bool = False) -> LandingPage:
    """Put the page of several nodes together: a row for each, and who sees whom.

    `has_log` is whether a log is read, so that /slow answers.
    """
    places = {
        "metrics": escape(f".{settings.telemetry_path}"),
        "report": f".{REPORT_PATH}",
        "discovery": f".{DISCOVERY_PATH}",
        "slow": f'<li><a href=".{SLOW_PATH}">Slowest commands</a></li>' if has_log else "",
        "nodes": "".join(map(_link, fleet.nodes)),
    }
    return _filled("cluster.html", places, _read("common.js") + _read("cluster.js"))


def _link(node: Target) -> str:
    query = urlencode({"target": str(node.endpoint)})
    return f'<li><a href="./?{escape(query)}">{escape(str(node.endpoint))}</a></li>\n'


def _filled(page: str, places: Mapping[str, str], script: str) -> LandingPage:
    """Fill in a page.

    The policy allows only the page's own style and script, by their hashes, and requests to the exporter: a name that a
    node sends cannot become code even if the page has a bug. Words are only filled in outside style and script.
    """
    style = _read("style.css")
    every = {**places, "version": __version__, "style": style, "script": script}
    text = _PLACE.sub(lambda found: every[found[1]], _read(page))
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return LandingPage(text, policy)
