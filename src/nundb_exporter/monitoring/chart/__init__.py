"""What of the Helm chart is generated: values, their schema and documentation, each told once; rules; dashboards."""

from collections.abc import Mapping
from typing import Final

from nundb_exporter.monitoring.chart.settings import SETTINGS
from nundb_exporter.monitoring.chart.writing import about, defaults, documentation, schema

DIRECTORY: Final = "deploy/helm/nundb-exporter"
_FILES: Final = ("alerts.yml", "recordings.yml")


def files(deployed: Mapping[str, str], runbook_url: str) -> dict[str, str]:
    """Return the text of each generated file of the chart by its path in the repository.

    `deployed` are the other generated files of deploy/, of which the chart has copies: Helm reads no file outside it.
    """
    rules = {name: deployed[f"deploy/prometheus/{name}"] for name in _FILES}
    dashboards = {
        path.rpartition("/")[2]: text for path, text in deployed.items() if path.startswith("deploy/grafana/")
    }
    return {
        f"{DIRECTORY}/Chart.yaml": about(),
        f"{DIRECTORY}/README.md": documentation(SETTINGS),
        f"{DIRECTORY}/values.yaml": defaults(SETTINGS, runbook_url),
        f"{DIRECTORY}/values.schema.json": schema(SETTINGS),
        **{f"{DIRECTORY}/files/rules/{name}": text for name, text in rules.items()},
        **{f"{DIRECTORY}/files/dashboards/{name}": text for name, text in dashboards.items()},
    }
