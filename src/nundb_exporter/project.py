"""Where the project lives: rules, labels, documents and charts take it from here; a test holds the metadata to it."""

from typing import Final

REPOSITORY: Final = "https://github.com/nundb-exporter/nundb-exporter"
RUNBOOK: Final = f"{REPOSITORY}/blob/main/docs/runbook.md"
CONFIG_SCHEMA: Final = f"{REPOSITORY}/raw/main/docs/config.schema.json"
IMAGE: Final = "ghcr.io/nundb-exporter/nundb-exporter"
CHARTS: Final = "oci://ghcr.io/nundb-exporter/charts"
