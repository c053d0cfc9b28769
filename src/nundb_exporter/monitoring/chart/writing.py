"""The values of the chart as the files that Helm and people read."""

import json
from collections.abc import Iterable
from typing import Any, Final

from nundb_exporter import __version__
from nundb_exporter.monitoring import notice
from nundb_exporter.monitoring.chart.settings import Setting
from nundb_exporter.monitoring.rule_files import to_yaml
from nundb_exporter.project import CHARTS, REPOSITORY

_RUNBOOK: Final = "prometheusRule.runbookUrl"
_INDENT: Final = "  "
_README: Final = """\
{notice}
# nundb-exporter: the Helm chart

```console
$ kubectl create secret generic nun-db --from-literal password=…
$ helm install nundb {charts}/nundb-exporter \\
    --set nundb.nodes='{{http://nun-db:3013}}' --set nundb.existingSecret=nun-db \\
    --set serviceMonitor.enabled=true --set prometheusRule.enabled=true --set dashboards.enabled=true
```

One node is shown by `/metrics`. Several are probed: enable `probe` for the nodes of the list, or `scrapeConfig` for all
that they find. The pods fit a namespace that enforces the `restricted` standard, and may reach the nodes and DNS only.
`helm test` asks whether the exporter answers.

Beside each Nun-db of a StatefulSet, without this chart's Deployment, is
[deploy/kubernetes/nun-db.yaml](../../kubernetes/nun-db.yaml).

| value | default | meaning |
|---|---|---|
{rows}
"""


def about() -> str:
    """Return Chart.yaml."""
    return notice.IN_YAML + to_yaml(
        {
            "apiVersion": "v2",
            "name": "nundb-exporter",
            "description": "Prometheus exporter for Nun-db",
            "type": "application",
            "version": __version__,
            "appVersion": __version__,
            "kubeVersion": ">=1.25.0-0",
            "home": REPOSITORY,
            "sources": [REPOSITORY],
            "keywords": ["prometheus", "exporter", "nun-db"],
            "annotations": {"artifacthub.io/license": "MIT"},
        }
    )


def defaults(settings: Iterable[Setting], runbook_url: str) -> str:
    """Return values.yaml, with what each value means above it."""
    lines: list[str] = []
    before: list[str] = []
    for setting in settings:
        *parents, name = setting.path.split(".")
        shared = 0
        while shared < min(len(parents), len(before)) and parents[shared] == before[shared]:
            shared += 1
        lines += [f"{_INDENT * depth}{parents[depth]}:" for depth in range(shared, len(parents))]
        before = parents
        margin = _INDENT * len(parents)
        value = json.dumps(runbook_url if setting.path == _RUNBOOK else setting.default, ensure_ascii=False)
        lines += [f"{margin}# {setting.about}", f"{margin}{name}: {value}"]
    return notice.IN_YAML + "\n".join(lines) + "\n"


def schema(settings: Iterable[Setting]) -> str:
    """Return values.schema.json: a value that is not one of these is refused."""
    root = _closed()
    for setting in settings:
        *parents, name = setting.path.split(".")
        at = root
        for parent in parents:
            at = _part(at, parent, _closed())
        _part(at, name, {"description": setting.about, **setting.schema})
    root["properties"]["global"] = {"type": "object", "description": "Of the chart that this one is a part of."}
    return (
        json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **root}, indent=2, ensure_ascii=False) + "\n"
    )


def documentation(settings: Iterable[Setting]) -> str:
    """Return README.md: how to install it, and a table of the values."""
    rows = "\n".join(
        f"| `{setting.path}` | `{json.dumps(setting.default, ensure_ascii=False)}` | {setting.about} |"
        for setting in settings
    )
    return _README.format(notice=notice.IN_MARKDOWN.rstrip("\n"), charts=CHARTS, rows=rows)


def _closed() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": [], "properties": {}}


def _part(whole: dict[str, Any], name: str, part: dict[str, Any]) -> dict[str, Any]:
    """Add a property unless it is there, and return it. It has a default, so it is missing only where it is null."""
    if name not in whole["properties"]:
        whole["required"].append(name)
        whole["properties"][name] = part
    added: dict[str, Any] = whole["properties"][name]
    return added
