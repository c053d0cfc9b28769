"""An example configuration for Prometheus: what to scrape, and which rules to load."""

from typing import Final

from nundb_exporter.config.settings import DEFAULT_LISTEN_ADDRESS
from nundb_exporter.monitoring import notice

_PORT: Final = DEFAULT_LISTEN_ADDRESS.rpartition(":")[2]

CONFIGURATION: Final = f"""\
{notice.IN_YAML}global:
  scrape_interval: 15s
  evaluation_interval: 15s

# Either file can be loaded without the other.
rule_files:
  - alerts.yml
  - recordings.yml

scrape_configs:
  # One job is one cluster: the rules compare what its nodes report about each other. Each node has its own exporter.
  - job_name: nundb
    static_configs:
      - targets:
          - nun-db-0:{_PORT}
          - nun-db-1:{_PORT}
          - nun-db-2:{_PORT}

  # Every other cluster, and every standalone node, gets a job of its own:
  # - job_name: nundb-desk
  #   static_configs:
  #     - targets: [desk-0:{_PORT}, desk-1:{_PORT}]
  #
  # If service discovery finds the nodes of several clusters at once, relabelling can set the job. In Kubernetes, by
  # namespace and service:
  # - job_name: nundb
  #   kubernetes_sd_configs:
  #     - role: endpoints
  #   relabel_configs:
  #     - source_labels: [__meta_kubernetes_endpoint_port_name]
  #       regex: nundb-metrics
  #       action: keep
  #     - source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_service_name]
  #       separator: /
  #       target_label: job
"""
