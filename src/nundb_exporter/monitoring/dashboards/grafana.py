"""A dashboard as the JSON that Grafana 11 imports: its model, schema version 39, made by hand.

Panels have no position of their own: they flow from left to right, and those of a line share its 24 columns.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

from nundb_exporter.collectors import databases
from nundb_exporter.metrics import Family, Panel, Query, ShownAs
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row
from nundb_exporter.monitoring.views import FIRING

SCHEMA_VERSION: Final = 39
COLUMNS: Final = 24
_TAG: Final = "nun-db"
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}

_COLUMN_WIDTH: Final = 100
"""In pixels. Nine columns then fit a window of 1200; with Grafana's 150 the last ones are out of sight."""
_HEIGHT: Final = {"stat": 4, "timeseries": 8, "states": 8, "heatmap": 8, "table": 9}
_MOST: Final = {"stat": 6, "timeseries": 3, "states": 2, "heatmap": 1, "table": 2}
"""How many panels of a kind share a line; a table of many columns has one of its own."""


def model(dashboard: Dashboard) -> dict[str, Any]:
    """Return the dashboard as Grafana's model of one."""
    needs_database = any("$database" in panel.expression for panel in dashboard.panels)
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": [_TAG],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": [_annotation()]},
        "links": [_link()],
        "templating": {"list": _variables(dashboard.nodes, needs_database=needs_database)},
        "panels": _panels(dashboard.rows),
    }


def _panels(rows: Iterable[Row]) -> list[dict[str, Any]]:
    placed: list[dict[str, Any]] = []
    top = 0
    for row in rows:
        title = {"type": "row", "title": row.title, "collapsed": False, "panels": []}
        placed.append({**title, "gridPos": _position(0, top, COLUMNS, 1)})
        top += 1
        for line in _lines(row.panels):
            width, height = COLUMNS // len(line), _HEIGHT[line[0].kind]
            placed += [
                {**_panel(panel), "gridPos": _position(number * width, top, width, height)}
                for number, panel in enumerate(line)
            ]
            top += height
    return [{"id": number, **panel} for number, panel in enumerate(placed, 1)]


def _position(left: int, top: int, width: int, height: int) -> dict[str, int]:
    return {"x": left, "y": top, "w": width, "h": height}


def _lines(panels: Iterable[Panel]) -> Iterator[list[Panel]]:
    """Yield panels line by line: one kind per line, and the lines of a kind as equal as possible."""
    for (kind, is_wide), neighbours in groupby(panels, key=lambda panel: (panel.kind, bool(panel.columns))):
        rest = list(neighbours)
        most = 1 if is_wide else _MOST[kind]
        for lines_left in range(-(-len(rest) // most), 0, -1):
            share = -(-len(rest) // lines_left)
            yield rest[:share]
            rest = rest[share:]


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "type": {"states": "state-timeline"}.get(panel.kind, panel.kind),
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "targets": [_target(query, number, panel) for number, query in enumerate(_queries(panel))],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": _overrides(panel)},
        "options": _options(panel),
        **({"transformations": _transformations(panel)} if panel.kind == "table" else {}),
    }


def _queries(panel: Panel) -> tuple[Query, ...]:
    return (Query(panel.title, panel.expression), *panel.columns)


def _target(query: Query, number: int, panel: Panel) -> dict[str, Any]:
    is_table = panel.kind == "table"
    return {
        "refId": _letter(number),
        "datasource": _SOURCE,
        "editorMode": "code",
        "expr": query.expression,
        "legendFormat": panel.value_title or panel.legend,
        "instant": is_table or panel.kind == "stat",
        "range": not (is_table or panel.kind == "stat"),
        "format": {"table": "table", "heatmap": "heatmap"}.get(panel.kind, "time_series"),
    }


def _letter(number: int) -> str:
    return chr(ord("A") + number)


def _defaults(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.warning is not None:
        steps.append({"color": "yellow", "value": panel.warning})
    if panel.critical is not None:
        steps.append({"color": "red", "value": panel.critical})
    defaults: dict[str, Any] = {
        "unit": panel.unit,
        "thresholds": {"mode": "absolute", "steps": steps},
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "mappings": _mappings(panel.shown_as),
    }
    if panel.kind == "timeseries":
        defaults["custom"] = {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 8,
            "showPoints": "never",
            # A gap is a scrape without an answer, and must be visible.
            "spanNulls": False,
            "thresholdsStyle": {"mode": "dashed" if len(steps) > 1 else "off"},
        }
    if panel.kind == "states":
        defaults["custom"] = {"lineWidth": 0, "fillOpacity": 80}
    if panel.kind == "table":
        defaults["custom"] = {"minWidth": _COLUMN_WIDTH}
    return defaults


def _mappings(shown_as: Iterable[ShownAs]) -> list[dict[str, Any]]:
    options = {
        f"{shown.value:g}": {"text": shown.text, "color": shown.colour, "index": number}
        for number, shown in enumerate(shown_as)
    }
    return [{"type": "value", "options": options}] if options else []


def _overrides(panel: Panel) -> list[dict[str, Any]]:
    """Return the units and value mappings of a table's columns, which differ by column."""
    return [
        {
            "matcher": {"id": "byName", "options": column.title},
            "properties": [
                {"id": "unit", "value": column.unit},
                {"id": "mappings", "value": _mappings(column.shown_as)},
                *([{"id": "custom.cellOptions", "value": {"type": "color-text"}}] if column.shown_as else []),
            ],
        }
        for column in panel.columns
    ]


def _options(panel: Panel) -> dict[str, Any]:
    if panel.kind == "stat":
        return {
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "colorMode": "value",
            "graphMode": "none",
            "textMode": "value" if panel.value_title else "value_and_name",
        }
    if panel.kind == "table":
        return {"showHeader": True, "cellHeight": "sm"}
    if panel.kind == "heatmap":
        return {
            "calculate": False,
            "cellGap": 1,
            "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "showValue": "never",
            "tooltip": {"mode": "single", "yHistogram": False},
            "yAxis": {"unit": panel.unit},
        }
    if panel.kind == "states":
        return {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
            "tooltip": {"mode": "single", "sort": "none"},
            "mergeValues": True,
            "showValue": "auto",
            "rowHeight": 0.8,
        }
    return {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def _transformations(panel: Panel) -> list[dict[str, Any]]:
    """Join the columns by their labels, and name them; a value that only marks the row is excluded."""
    values = (
        ["Value"] if not panel.columns else [f"Value #{_letter(number)}" for number in range(len(panel.columns) + 1)]
    )
    titles = (panel.value_title, *(column.title for column in panel.columns))
    names = {value: title for value, title in zip(values, titles, strict=True) if title is not None}
    excluded = {"Time": True} | {value: True for value in values if value not in names}
    organize = {"id": "organize", "options": {"excludeByName": excluded, "renameByName": names}}
    return [{"id": "merge", "options": {}}, organize] if panel.columns else [organize]


def _annotation() -> dict[str, Any]:
    return {
        "name": "Alerts",
        "datasource": _SOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": FIRING,
        "step": "30s",
        "titleFormat": "{{alertname}}",
        "textFormat": "{{severity}} {{instance}} {{database}} {{member}}",
    }


def _link() -> dict[str, Any]:
    return {
        "type": "dashboards",
        "title": "Nun-db",
        "tags": [_TAG],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
    }


def _variables(nodes: Family, *, needs_database: bool) -> list[dict[str, Any]]:
    source = {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "current": {},
        "hide": 0,
        "refresh": 1,
    }
    variables = [
        source,
        _variable("job", "One job is one cluster.", f"label_values({nodes}, job)", ".+"),
        _variable("instance", "One instance is one node.", f'label_values({nodes}{{job=~"$job"}}, instance)', ".+"),
    ]
    if needs_database:
        # Operations on the cluster itself have an empty database: `All` shows them, too.
        names = f'label_values({databases.INFO}{{job=~"$job",instance=~"$instance"}}, database)'
        variables.append(_variable("database", "Databases of the selected nodes.", names, ".*"))
    return variables


def _variable(name: str, description: str, query: str, everything: str) -> dict[str, Any]:
    return {
        "type": "query",
        "name": name,
        "label": name.capitalize(),
        "description": description,
        "datasource": _SOURCE,
        "query": {"query": query, "refId": f"variable-{name}"},
        "definition": query,
        "includeAll": True,
        "multi": True,
        "allValue": everything,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        # 2: when the time range changes, since last week's nodes are only in last week's list.
        "refresh": 2,
        "sort": 1,
        "hide": 0,
    }
