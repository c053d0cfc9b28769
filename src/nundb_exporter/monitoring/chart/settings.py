"""The values of the chart: name, default and meaning of each, told once."""

from dataclasses import dataclass, field
from typing import Any, Final

from nundb_exporter.project import IMAGE, RUNBOOK

_TEXT: Final[dict[str, Any]] = {"type": "string"}
_SWITCH: Final[dict[str, Any]] = {"type": "boolean"}
_TEXTS: Final[dict[str, Any]] = {"type": "array", "items": _TEXT}
_LABELS: Final[dict[str, Any]] = {"type": "object", "additionalProperties": _TEXT}
_KUBERNETES: Final[dict[str, Any]] = {"type": "object"}
"""Passed to Kubernetes as it is: the API server judges it."""
_KUBERNETES_LIST: Final[dict[str, Any]] = {"type": "array", "items": _KUBERNETES}
_DURATION: Final[dict[str, Any]] = {"type": "string", "pattern": r"^(\d+(ms|s|m|h))+$"}
_PORT: Final[dict[str, Any]] = {"type": "integer", "minimum": 1, "maximum": 65535}


@dataclass(frozen=True, slots=True)
class Setting:
    """A value of the chart."""

    path: str
    """Its keys, with dots between them."""
    default: Any
    about: str
    schema: dict[str, Any] = field(default_factory=lambda: _TEXT)
    """The JSON Schema of what it may be."""


SETTINGS: Final = (
    Setting("nundb.nodes", ["http://nun-db:3013"], "URLs of nodes. One: /metrics shows it. Several: each is probed.",
            {**_TEXTS, "minItems": 1, "items": {"type": "string", "pattern": "^(https?|tcp|wss?)://"}}),
    Setting("nundb.allow", [], "What else /probe may ask: `nun-db-*.nun-db.svc:3013`, `10.1.0.0/16:3013`.", _TEXTS),
    Setting("nundb.port", 3013, "Where members are asked that the nodes name.", _PORT),
    Setting("nundb.user", "nun", "Administrator of the nodes.", {**_TEXT, "minLength": 1}),
    Setting("nundb.existingSecret", "", "Secret that holds the password and the tokens; read again when it changes."),
    Setting("nundb.passwordKey", "password", "Key of the password in that Secret."),
    Setting("nundb.password", "", "Creates the Secret instead: for trying out, as Helm keeps values in clear."),
    Setting("nundb.databases", [], "Whose connections and conflicts are shown: `name`, and `tokenKey`, in the Secret.",
            {"type": "array", "items": {
                "type": "object", "additionalProperties": False, "required": ["name", "tokenKey"],
                "properties": {"name": _TEXT, "tokenKey": _TEXT}}}),
    Setting("nundb.collectors", [], "Exactly these collectors; empty: the defaults.", _TEXTS),
    Setting("nundb.caSecret", "", "Secret whose `ca.crt` the nodes' certificates are checked with."),
    Setting("image.repository", IMAGE, "Image of the exporter."),
    Setting("image.tag", "", "Its tag; empty: the chart's appVersion."),
    Setting("image.digest", "", "Its digest (`sha256:…`), which then counts.",
            {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"}),
    Setting("image.pullPolicy", "IfNotPresent", "When it is pulled.",
            {"type": "string", "enum": ["Always", "IfNotPresent", "Never"]}),
    Setting("imagePullSecrets", [], "Names of Secrets for its registry, as `[{name: …}]`.", _KUBERNETES_LIST),
    Setting("nameOverride", "", "In place of the chart's name in the names of objects."),
    Setting("fullnameOverride", "", "In place of release and chart in the names of objects."),
    Setting("replicas", 1, "How many pods. A second one scrapes the same nodes, for Prometheus to choose from.",
            {"type": "integer", "minimum": 0}),
    Setting("logLevel", "info", "Of the exporter's log.",
            {"type": "string", "enum": ["debug", "info", "warning", "error"]}),
    Setting("logFormat", "logfmt", "Of the exporter's log.", {"type": "string", "enum": ["logfmt", "json"]}),
    Setting("extraArgs", [], "Other flags of `nundb-exporter serve`.", _TEXTS),
    Setting("webConfigSecret", "", "Secret with `web-config.yml` and the files that it names: TLS, users."),
    Setting("service.type", "ClusterIP", "Of the Service.",
            {"type": "string", "enum": ["ClusterIP", "NodePort", "LoadBalancer"]}),
    Setting("service.port", 9898, "Of the Service.", _PORT),
    Setting("service.annotations", {}, "Of the Service.", _LABELS),
    Setting("serviceAccount.create", True, "Whether to create one. It gets no token: Kubernetes is not asked anything.",
            _SWITCH),
    Setting("serviceAccount.name", "", "Of one that is there, or of the one that is created."),
    Setting("serviceAccount.annotations", {}, "Of the one that is created.", _LABELS),
    Setting("resources", {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
            "Of the container.", _KUBERNETES),
    Setting("podAnnotations", {}, "Of the pods.", _LABELS),
    Setting("podLabels", {}, "Of the pods.", _LABELS),
    Setting("nodeSelector", {}, "Of the pods.", _LABELS),
    Setting("tolerations", [], "Of the pods.", _KUBERNETES_LIST),
    Setting("affinity", {}, "Of the pods.", _KUBERNETES),
    Setting("priorityClassName", "", "Of the pods."),
    Setting("topologySpreadConstraints",
            [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}],
            "Of the pods; the label selector is added.", _KUBERNETES_LIST),
    Setting("podDisruptionBudget.enabled", False, "Whether there is one, for two replicas or more.", _SWITCH),
    Setting("podDisruptionBudget.maxUnavailable", 1, "How many pods may be evicted at once.",
            {"type": "integer", "minimum": 1}),
    Setting("networkPolicy.enabled", True, "Whether the pods may reach only the nodes and DNS, and be reached only on"
            " their port.", _SWITCH),
    Setting("networkPolicy.from", [], "Who may reach it, as peers of a NetworkPolicy; empty: everybody in the cluster.",
            _KUBERNETES_LIST),
    Setting("networkPolicy.to", [], "Where the nodes are, as peers; empty: anywhere.", _KUBERNETES_LIST),
    Setting("networkPolicy.ports", [3013], "The nodes' ports.", {"type": "array", "items": _PORT, "minItems": 1}),
    Setting("serviceMonitor.enabled", False, "A ServiceMonitor: /metrics, through the Service.", _SWITCH),
    Setting("podMonitor.enabled", False, "A PodMonitor in its place: /metrics, of each pod.", _SWITCH),
    Setting("probe.enabled", False, "A Probe: each of `nundb.nodes` through /probe.", _SWITCH),
    Setting("scrapeConfig.enabled", False, "A ScrapeConfig in its place: what /sd finds, through /probe.", _SWITCH),
    Setting("monitor.labels", {}, "Of those four: what your Prometheus selects them by.", _LABELS),
    Setting("monitor.jobName", "", "Job of the nodes; one job is one cluster to the rules. Empty: the full name."),
    Setting("monitor.interval", "15s", "Between scrapes.", _DURATION),
    Setting("monitor.scrapeTimeout", "10s", "Of a scrape.", _DURATION),
    Setting("prometheusRule.enabled", False, "A PrometheusRule with all alerts and recordings.", _SWITCH),
    Setting("prometheusRule.labels", {}, "What your Prometheus selects it by.", _LABELS),
    Setting("prometheusRule.runbookUrl", RUNBOOK, "Your copy of the runbook."),
    Setting("dashboards.enabled", False, "A ConfigMap a dashboard, for Grafana's sidecar.", _SWITCH),
    Setting("dashboards.labels", {"grafana_dashboard": "1"}, "What the sidecar selects them by.", _LABELS),
    Setting("dashboards.annotations", {}, "As `{grafana_folder: Nun-db}`.", _LABELS),
    Setting("dashboards.operator.enabled", False, "A GrafanaDashboard for each, for the Grafana operator.", _SWITCH),
    Setting("dashboards.operator.instanceSelector", {"matchLabels": {"dashboards": "grafana"}}, "Which Grafana.",
            _KUBERNETES),
)  # fmt: skip
