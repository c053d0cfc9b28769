"""An example of Prometheus' own configuration: what to scrape, and which rules to load."""

from typing import Final

from nundb_exporter.config.settings import DEFAULT_LISTEN_ADDRESS
from nundb_exporter.monitoring.rules import GENERATED

_PORT: Final = DEFAULT_LISTEN_ADDRESS.rpartition(":")[2]

CONFIGURATION: Final = f"""\
{GENERATED}global:
  scrape_interval: 15s
  evaluation_interval: 15s

# Neither file needs the other.
rule_files:
  - alerts.yml
  - recordings.yml

scrape_configs:
  # One job is one cluster: the rules compare what its nodes say of each other. One exporter runs beside each node.
  - job_name: nundb
    static_configs:
      - targets:
          - nun-db-0:{_PORT}
          - nun-db-1:{_PORT}
          - nun-db-2:{_PORT}
"""
