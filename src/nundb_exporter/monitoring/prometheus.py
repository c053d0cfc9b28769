"""Example configurations for Prometheus: what to scrape, and which rules to load."""

from typing import Final

from nundb_exporter.config.settings import DEFAULT_LISTEN_ADDRESS, DISCOVERY_PATH, PROBE_PATH
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

FLEET: Final = f"""\
{notice.IN_YAML}# One exporter for many nodes: it finds them, and Prometheus asks each through it.
global:
  scrape_interval: 15s
  evaluation_interval: 15s

rule_files:
  - alerts.yml
  - recordings.yml

scrape_configs:
  - job_name: nundb
    metrics_path: {PROBE_PATH}
    http_sd_configs:
      - url: http://nundb-exporter:{_PORT}{DISCOVERY_PATH}
        refresh_interval: 30s
    relabel_configs:
      # A member that targets.allow does not allow would be a target that is down.
      - source_labels: [__meta_nundb_allowed]
        regex: "true"
        action: keep
      # One job is one cluster. An exporter that knows several gets a job for each, which keeps its own seeds:
      # - source_labels: [__meta_nundb_seed]
      #   regex: http://shop-.*
      #   action: keep
      - source_labels: [__meta_nundb_url]
        target_label: __param_target
      - source_labels: [__meta_nundb_module]
        target_label: __param_module
      # The node is the instance, and not the exporter that asks it.
      - source_labels: [__address__]
        target_label: instance
      - target_label: __address__
        replacement: nundb-exporter:{_PORT}

  # The exporter itself: memory, refused requests, the age of what {DISCOVERY_PATH} says.
  - job_name: nundb-exporter
    static_configs:
      - targets:
          - nundb-exporter:{_PORT}
    metric_relabel_configs:
      # Where exactly one node is configured, it is on this page too; here it would be a second instance.
      - source_labels: [__name__]
        regex: nundb_exporter_.*|process_.*|python_info
        action: keep
"""
