"""The values of the chart: name, default and meaning of each, told once."""

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.project import IMAGE, RUNBOOK

_Schema: TypeAlias = dict[str, Any]


def _like(pattern: str, **more: Any) -> _Schema:  # noqa: ANN401 - JSON
    return {"type": "string", "pattern": pattern, **more}


def _one_of(*words: str) -> _Schema:
    return {"type": "string", "enum": list(words)}


def _list_of(items: _Schema, **more: Any) -> _Schema:  # noqa: ANN401 - JSON
    return {"type": "array", "items": items, **more}


def _object(*required: str, **properties: _Schema) -> _Schema:
    """Of these properties and no others: a name that is misspelt would be passed over."""
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(required)}


_TEXT: Final[_Schema] = {"type": "string"}
_WHOLE: Final[_Schema] = {"type": "integer"}
_SWITCH: Final[_Schema] = {"type": "boolean"}
_KUBERNETES: Final[_Schema] = {"type": "object"}
"""Passed to Kubernetes as it is: the API server judges it."""
_DURATION: Final = _like(r"^(\d+h(\d+m)?(\d+s)?(\d+ms)?|\d+m(\d+s)?(\d+ms)?|\d+s(\d+ms)?|\d+ms)$")
_PORT: Final[_Schema] = {"type": "integer", "minimum": 1, "maximum": 65535}
_AMOUNTS: Final[_Schema] = {"type": "object", "additionalProperties": {"type": ["string", "number"]}}

# Names of objects, of the keys of Secrets, and labels, as Kubernetes has them; words, as Nun-db takes them.
_NAME: Final = _like(r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", maxLength=253)
_NAME_OR_NONE: Final = _like(r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$", maxLength=253)
_SERVICE_OR_NONE: Final = _like(r"^([a-z]([-a-z0-9]*[a-z0-9])?)?$", maxLength=63)
_SUFFIX_OR_NONE: Final = _like(r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$", maxLength=63)
_KEY: Final = _like(r"^\.?[-_a-zA-Z0-9][-._a-zA-Z0-9]*$", maxLength=253)
_ANNOTATIONS: Final[_Schema] = {"type": "object", "additionalProperties": _TEXT}
_LABELS: Final[_Schema] = {
    "type": "object",
    "additionalProperties": _like(r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", maxLength=63),
}
_WORD: Final = _like(r"^[^;\s]+$")

_URL: Final = _like(r"^(https?|tcp|wss?)://[^\s/?#@]+(/[^\s?#]*)?$")
_ALLOWED: Final = _like(r"^((https?|tcp|wss?)://)?[^\s/@]+(/\d+)?\]?:\d+$")
_DATABASE: Final = _object("name", "tokenKey", name=_WORD, tokenKey=_KEY)
_PEER: Final = _object(podSelector=_KUBERNETES, namespaceSelector=_KUBERNETES, ipBlock=_KUBERNETES)
_TOLERATION: Final = _object(
    key=_TEXT,
    operator=_one_of("Exists", "Equal"),
    value=_TEXT,
    effect=_one_of("NoSchedule", "PreferNoSchedule", "NoExecute"),
    tolerationSeconds=_WHOLE,
)
_SPREAD: Final = _object(
    "maxSkew",
    "topologyKey",
    "whenUnsatisfiable",
    maxSkew={"type": "integer", "minimum": 1},
    topologyKey=_TEXT,
    whenUnsatisfiable=_one_of("DoNotSchedule", "ScheduleAnyway"),
    minDomains=_WHOLE,
    matchLabelKeys=_list_of(_TEXT),
    nodeAffinityPolicy=_one_of("Honor", "Ignore"),
    nodeTaintsPolicy=_one_of("Honor", "Ignore"),
)


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
            _list_of(_URL, minItems=1, uniqueItems=True)),
    Setting("nundb.allow", [], "What else /probe may ask: `nun-db-*.nun-db.svc:3013`, `10.1.0.0/16:3013`.",
            _list_of(_ALLOWED)),
    Setting("nundb.port", 3013, "Where members are asked that the nodes name.", _PORT),
    Setting("nundb.user", "nun", "Administrator of the nodes.", _WORD),
    Setting("nundb.existingSecret", "", "Secret that holds the password and the tokens; read again when it changes.",
            _NAME_OR_NONE),
    Setting("nundb.passwordKey", "password", "Key of the password in that Secret.", _KEY),
    Setting("nundb.password", "", "Creates the Secret instead: for trying out, as Helm keeps values in clear."),
    Setting("nundb.databases", [], "Whose connections and conflicts are shown: `name`, and `tokenKey`, in the Secret.",
            _list_of(_DATABASE)),
    Setting("nundb.collectors", [], "Exactly these collectors; empty: the defaults.",
            _list_of(_one_of(*(collector.name for collector in COLLECTORS)), uniqueItems=True)),
    Setting("nundb.caSecret", "", "Secret whose `ca.crt` the nodes' certificates are checked with.", _NAME_OR_NONE),
    Setting("image.repository", IMAGE, "Image of the exporter.", _like(r"^([^\s@]+/)?[^\s@:/]+$")),
    Setting("image.tag", "", "Its tag; empty: the chart's appVersion.", _like(r"^(\w[\w.-]{0,127})?$")),
    Setting("image.digest", "", "Its digest (`sha256:…`), which then counts.",
            _like("^(sha256:[0-9a-f]{64})?$")),
    Setting("image.pullPolicy", "IfNotPresent", "When it is pulled.",
            _one_of("Always", "IfNotPresent", "Never")),
    Setting("imagePullSecrets", [], "Names of Secrets for its registry, as `[{name: …}]`.",
            _list_of(_object("name", name=_NAME))),
    Setting("nameOverride", "", "In place of the chart's name in the names of objects.", _SUFFIX_OR_NONE),
    Setting("fullnameOverride", "", "In place of release and chart in the names of objects.", _SERVICE_OR_NONE),
    Setting("replicas", 1, "How many pods. A second one scrapes the same nodes, for Prometheus to choose from.",
            {"type": "integer", "minimum": 0}),
    Setting("logLevel", "info", "Of the exporter's log.",
            _one_of("debug", "info", "warning", "error")),
    Setting("logFormat", "logfmt", "Of the exporter's log.", _one_of("logfmt", "json")),
    Setting("extraArgs", [], "Other flags of `nundb-exporter serve`.", _list_of(_TEXT)),
    Setting("webConfigSecret", "", "Secret with `web-config.yml` and the files that it names: TLS, users.",
            _NAME_OR_NONE),
    Setting("service.type", "ClusterIP", "Of the Service.",
            _one_of("ClusterIP", "NodePort", "LoadBalancer")),
    Setting("service.port", 9898, "Of the Service.", _PORT),
    Setting("service.annotations", {}, "Of the Service.", _ANNOTATIONS),
    Setting("serviceAccount.create", True, "Whether to create one. It gets no token: Kubernetes is not asked anything.",
            _SWITCH),
    Setting("serviceAccount.name", "", "Of one that is there, or of the one that is created.",
            _NAME_OR_NONE),
    Setting("serviceAccount.annotations", {}, "Of the one that is created.", _ANNOTATIONS),
    Setting("resources", {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
            "Of the container.", _object(requests=_AMOUNTS, limits=_AMOUNTS, claims=_list_of(_KUBERNETES))),
    Setting("podAnnotations", {}, "Of the pods.", _ANNOTATIONS),
    Setting("podLabels", {}, "Of the pods.", _LABELS),
    Setting("nodeSelector", {}, "Of the pods.", _LABELS),
    Setting("tolerations", [], "Of the pods.", _list_of(_TOLERATION)),
    Setting("affinity", {}, "Of the pods.",
            _object(nodeAffinity=_KUBERNETES, podAffinity=_KUBERNETES, podAntiAffinity=_KUBERNETES)),
    Setting("priorityClassName", "", "Of the pods.", _NAME_OR_NONE),
    Setting("topologySpreadConstraints",
            [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}],
            "Of the pods; the label selector is added.", _list_of(_SPREAD)),
    Setting("podDisruptionBudget.enabled", False, "Whether there is one, for two replicas or more.", _SWITCH),
    Setting("podDisruptionBudget.maxUnavailable", 1, "How many pods may be evicted at once.",
            {"type": "integer", "minimum": 1}),
    Setting("networkPolicy.enabled", True, "Whether the pods may reach only the nodes and DNS, and be reached only on"
            " their port.", _SWITCH),
    Setting("networkPolicy.from", [], "Who may reach it, as peers of a NetworkPolicy; empty: everybody in the cluster.",
            _list_of(_PEER)),
    Setting("networkPolicy.to", [], "Where the nodes are, as peers; empty: anywhere.", _list_of(_PEER)),
    Setting("networkPolicy.ports", [], "Ports of nodes besides those in `nundb.nodes`, `allow` and `port`.",
            _list_of(_PORT)),
    Setting("serviceMonitor.enabled", False, "A ServiceMonitor: /metrics, through the Service.", _SWITCH),
    Setting("podMonitor.enabled", False, "A PodMonitor in its place: /metrics, of each pod.", _SWITCH),
    Setting("probe.enabled", False, "A Probe: each of `nundb.nodes` through /probe.", _SWITCH),
    Setting("scrapeConfig.enabled", False, "A ScrapeConfig in its place: what /sd finds, through /probe.", _SWITCH),
    Setting("monitor.labels", {}, "Of those four: what your Prometheus selects them by.", _LABELS),
    Setting("monitor.jobName", "", "Job of the nodes; one job is one cluster to the rules. Empty: the full name."),
    Setting("monitor.interval", "15s", "Between scrapes.", _DURATION),
    Setting("monitor.scrapeTimeout", "10s", "Of a scrape.", _DURATION),
    Setting("monitor.tlsConfig", {}, "Of those four: how Prometheus checks the certificate of `webConfigSecret`.",
            _KUBERNETES),
    Setting("monitor.basicAuth", {}, "Of those four: a user of `webConfigSecret`, as the keys of a Secret.",
            _object(username=_KUBERNETES, password=_KUBERNETES)),
    Setting("prometheusRule.enabled", False, "A PrometheusRule with all alerts and recordings.", _SWITCH),
    Setting("prometheusRule.labels", {}, "What your Prometheus selects it by.", _LABELS),
    Setting("prometheusRule.runbookUrl", RUNBOOK, "Your copy of the runbook.", _like(r"^https?://[^\s#]+$")),
    Setting("dashboards.enabled", False, "A ConfigMap a dashboard, for Grafana's sidecar.", _SWITCH),
    Setting("dashboards.labels", {"grafana_dashboard": "1"}, "What the sidecar selects them by.", _LABELS),
    Setting("dashboards.annotations", {}, "As `{grafana_folder: Nun-db}`.", _ANNOTATIONS),
    Setting("dashboards.operator.enabled", False, "A GrafanaDashboard for each, for the Grafana operator.", _SWITCH),
    Setting("dashboards.operator.instanceSelector", {"matchLabels": {"dashboards": "grafana"}}, "Which Grafana.",
            _object(matchLabels=_LABELS, matchExpressions=_list_of(_KUBERNETES))),
)  # fmt: skip
