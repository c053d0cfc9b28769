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

_ONE: Final = (f"nundb-exporter:{_PORT}",)
_TWO: Final = tuple(f"nundb-exporter-{number}:{_PORT}" for number in range(2))


def _discovered(exporters: tuple[str, ...]) -> str:
    """Return the beginning of the job of what these exporters list."""
    urls = "".join(
        f"      - url: http://{exporter}{DISCOVERY_PATH}\n        refresh_interval: 30s\n" for exporter in exporters
    )
    return f"""\
  - job_name: nundb
    metrics_path: {PROBE_PATH}
    http_sd_configs:
{urls}\
    relabel_configs:
      # A member that targets.allow does not allow would be a target that is down.
      - source_labels: [__meta_nundb_allowed]
        regex: "true"
        action: keep
"""


_PROBED: Final = """\
      - source_labels: [__meta_nundb_url]
        target_label: __param_target
      - source_labels: [__meta_nundb_module]
        target_label: __param_module
      # The node is the instance, and not the exporter that asks it.
      - source_labels: [__address__]
        target_label: instance
"""


def _exporters(exporters: tuple[str, ...], relabelling: str = "") -> str:
    """Return the job of the exporters themselves."""
    targets = "".join(f"          - {exporter}\n" for exporter in exporters)
    return f"""\

  # The exporter itself: memory, refused requests, the age of what {DISCOVERY_PATH} says. Of several nodes it does not
  # know whose log, files and process it was told to read: they are here, too.
  - job_name: nundb-exporter
    params:
      # Where exactly one node is configured, it would be on this page as well, and a second instance.
      node: [none]
    static_configs:
      - targets:
{targets}{relabelling}"""


def _share(label: str) -> str:
    """Return rules that keep the first of two shares."""
    return f"""\
      - source_labels: [{label}]
        modulus: 2
        target_label: __tmp_shard
        action: hashmod
      - source_labels: [__tmp_shard]
        regex: "0"
        action: keep
"""


_RELABELLED: Final = f"    relabel_configs:\n{_share('__address__')}"

FLEET: Final = f"""\
{notice.IN_YAML}# One exporter for many nodes: it finds them, and Prometheus asks each through it.
global:
  scrape_interval: 15s
  evaluation_interval: 15s

rule_files:
  - alerts.yml
  - recordings.yml

scrape_configs:
{_discovered(_ONE)}\
      # One job is one cluster. An exporter that knows several gets a job for each, which keeps its own seeds:
      # - source_labels: [__meta_nundb_seed]
      #   regex: http://shop-.*
      #   action: keep
{_PROBED}\
      - target_label: __address__
        replacement: {_ONE[0]}
{_exporters(_ONE)}"""

SHARDED: Final = f"""\
{notice.IN_YAML}# Many clusters, which two exporters find and ask, and two Prometheus servers share.
# This is the first server. In the second, each "0" is "1"; more servers have a greater modulus. Who asks all of them,
# as Thanos does, tells them apart by the label shard.
global:
  scrape_interval: 15s
  evaluation_interval: 15s
  external_labels:
    shard: "0"

rule_files:
  - alerts.yml
  - recordings.yml

scrape_configs:
{_discovered(_TWO)}\
      # One job is one cluster, so each cluster has a module of its own in the exporter: its name is the job.
      - source_labels: [__meta_nundb_module]
        regex: (.+)
        target_label: job
      # The share is one of clusters: the rules compare the nodes of each, which must be in one server.
{_share("job")}{_PROBED}\
      # The exporter that has listed a node asks it.
      - source_labels: [__meta_url]
        regex: https?://([^/]+)/.*
        target_label: __address__
{_exporters(_TWO, _RELABELLED)}"""
