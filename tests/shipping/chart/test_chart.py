"""The Helm chart, rendered by Helm itself: as in the golden files, accepted by Kubernetes' schemas, and restricted."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml
from helm_python.chart import Chart, lint
from helm_python.errors import HelmError

from nundb_exporter.config.file import parse_file
from nundb_exporter.monitoring.chart import DIRECTORY
from tests.conftest import Golden

ROOT: Final = Path(__file__).parents[3]
VALUES: Final = Path(__file__).parent / "values"
NAMES: Final = sorted(path.stem for path in VALUES.glob("*.yaml"))
VERSIONS: Final = ("1.25", "1.37")
"""The oldest Kubernetes that the chart takes, and the newest."""
OPERATORS: Final = ("monitoring.coreos.com/", "grafana.integreatly.org/")
"""Whose kinds Kubernetes itself does not know."""


SEVERAL: Final = {"nundb": {"existingSecret": "s", "nodes": ["http://a:3013", "http://b:3013"]}}


def values(name: str) -> dict[str, Any]:
    """Return one of the values files."""
    return dict(yaml.safe_load((VALUES / f"{name}.yaml").read_text(encoding="utf-8")))


def rendered(given: dict[str, Any], name: str = "nundb", namespace: str = "databases") -> dict[str, str]:
    """Return what Helm makes of each template for a release of that name, in the order of their names."""
    with Chart.load(ROOT / DIRECTORY) as chart:
        texts = chart.render(given, name=name, namespace=namespace)
    return {path.rpartition("templates/")[2]: text for path, text in sorted(texts.items()) if text.strip()}


def documents(texts: dict[str, str]) -> list[dict[str, Any]]:
    """Return the objects of rendered templates."""
    objects = [text for path, text in texts.items() if path.endswith(".yaml")]
    return [document for text in objects for document in yaml.safe_load_all(text) if document]


def objects(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what would be sent to Kubernetes."""
    return documents(rendered(given))


def of_kind(kind: str, name: str) -> list[dict[str, Any]]:
    """Return the objects of a kind that a values file gives."""
    return [document for document in objects(values(name)) if document["kind"] == kind]


def pods(name: str) -> list[dict[str, Any]]:
    """Return the specifications of all pods, the test's among them."""
    templates = [document["spec"]["template"]["spec"] for document in of_kind("Deployment", name)]
    return templates + [document["spec"] for document in of_kind("Pod", name)]


@pytest.mark.parametrize("name", NAMES)
def test_helm_finds_no_fault(name: str) -> None:
    """As strictly as it can."""
    report = lint(ROOT / DIRECTORY, values=values(name), strict=True)
    assert [message for message in report["messages"] if message["severity"] > 1] == []
    assert report["errors"] == []


@pytest.mark.parametrize("name", NAMES)
def test_it_renders_what_was_looked_at(name: str, golden: Golden) -> None:
    """Dashboards and rules, which are generated, have tests of their own."""
    texts = rendered(values(name))
    shown = [f"--- {path}\n{text.strip()}\n" for path, text in texts.items() if not path.startswith(("dash", "prom"))]
    golden.check(f"chart/{name}.yaml", "".join(shown))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_kubernetes_takes_every_object(name: str, version: str) -> None:
    """Field by field: an unknown one is an error."""
    for document in objects(values(name)):
        if not document["apiVersion"].startswith(OPERATORS):
            kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("name", NAMES)
def test_every_object_has_the_labels_of_the_release(name: str) -> None:
    """So that one selector finds all."""
    for document in objects(values(name)):
        assert document["metadata"]["labels"]["app.kubernetes.io/instance"] == "nundb"


@pytest.mark.parametrize("name", NAMES)
def test_every_pod_fits_a_restricted_namespace(name: str) -> None:
    """By the rules of Kubernetes' Pod Security Standards, and more: read-only, no token, limited memory."""
    assert pods(name)
    for pod in pods(name):
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]
        assert {kind for volume in pod.get("volumes", []) for kind in volume} <= {"name", "configMap", "secret"}


@pytest.mark.parametrize("name", NAMES)
def test_the_exporter_takes_the_configuration(name: str) -> None:
    """With the nodes and the user of the values, whatever letters are in them."""
    (configuration,) = (document for document in of_kind("ConfigMap", name) if "nundb.yml" in document["data"])
    file = parse_file("nundb.yml", configuration["data"]["nundb.yml"])
    assert file.modules["default"].user == values(name)["nundb"].get("user", "nun")
    assert file.targets is not None
    assert len(file.targets.nodes or ()) == len(values(name)["nundb"].get("nodes", ["one"]))


def test_a_password_is_kept_as_it_is() -> None:
    """Quotes, colons and braces are letters of it."""
    (secret,) = of_kind("Secret", "tried-out")
    assert secret["stringData"] == {"password": values("tried-out")["nundb"]["password"]}


def test_the_rules_are_those_of_the_project_with_links_to_another_runbook() -> None:
    """Expression by expression."""
    (rule,) = of_kind("PrometheusRule", "cluster")
    shipped = [
        group
        for name in ("alerts", "recordings")
        for group in yaml.safe_load((ROOT / "deploy" / "prometheus" / f"{name}.yml").read_text("utf-8"))["groups"]
    ]
    for group in shipped:
        for shown in group["rules"]:
            if "annotations" in shown:
                anchor = shown["annotations"]["runbook_url"].rpartition("#")[2]
                shown["annotations"]["runbook_url"] = f"https://wiki.example/nundb#{anchor}"
    assert rule["spec"]["groups"] == shipped


def test_there_is_a_dashboard_of_each_of_the_projects() -> None:
    """Letter by letter, in a ConfigMap that Grafana's sidecar finds."""
    shipped = {path.name: path.read_text("utf-8") for path in (ROOT / "deploy" / "grafana").glob("*.json")}
    maps = [each for each in of_kind("ConfigMap", "cluster") if "grafana_dashboard" in each["metadata"]["labels"]]
    assert {name: text for each in maps for name, text in each["data"].items()} == shipped
    assert len(of_kind("GrafanaDashboard", "fleet")) == len(shipped)


@pytest.mark.parametrize(
    ("release", "given"),
    [
        ("true", {}),
        ("nundb-exporter", {}),
        ("a" * 53, {}),
        ("nundb", {"fullnameOverride": "null"}),
        ("nundb", {"nameOverride": "42"}),
        ("nundb", {"serviceAccount": {"name": "42"}, "priorityClassName": "7"}),
        ("nundb", {"nundb": {"existingSecret": "42", "caSecret": "7"}, "webConfigSecret": "0"}),
        ("nundb", {"nundb": {"existingSecret": "", "password": "1", "passwordKey": "42"}}),
        ("2024", {"fullnameOverride": "exporter"}),
        ("my.release", {"fullnameOverride": "exporter"}),
    ],
)
def test_what_reads_like_another_type_is_a_name(release: str, given: dict[str, Any]) -> None:
    """A name of digits, and one that is a word of YAML."""
    texts = rendered({"nundb": {"existingSecret": "s"}, **given}, name=release)
    for document in documents(texts):
        kubernetes_validate.validate(document, VERSIONS[-1], strict=True)
        assert isinstance(document["metadata"]["name"], str)


def test_a_job_may_have_any_name() -> None:
    """One with a colon, and one of digits, for both kinds that probe."""
    for kind, field in (("probe", "Probe"), ("scrapeConfig", "ScrapeConfig")):
        for name in ("shop: main", "2024"):
            given = {**SEVERAL, kind: {"enabled": True}, "monitor": {"jobName": name}}
            (document,) = (each for each in objects(given) if each["kind"] == field)
            assert document["spec"]["jobName"] == name


def test_the_network_lets_the_exporter_reach_the_ports_of_its_nodes() -> None:
    """Of URLs, by the scheme where they have none; of what may be probed; of members; and others that are named."""
    nodes = ["tcp://a:3114/", "tcp://b", "https://c/nun-db", "ws://[::1]:3012", "http://[::1]"]
    given = {
        "nundb": {"existingSecret": "s", "nodes": nodes, "allow": ["10.1.0.0/16:3213", "[::1]:3313"], "port": 3413},
        "networkPolicy": {"ports": [3513, 3114]},
    }
    (policy,) = (each for each in objects(given) if each["kind"] == "NetworkPolicy")
    (_, egress) = policy["spec"]["egress"]
    ports = {port["port"] for port in egress["ports"]}
    assert ports == {3114, 3014, 443, 3012, 80, 3213, 3313, 3413, 3513}
    assert len(ports) == len(egress["ports"])


def test_prometheus_knows_how_to_trust_and_who_to_be() -> None:
    """Whichever of the four asks, also for the list of nodes."""
    access = {"tlsConfig": {"serverName": "exporter"}, "basicAuth": {"username": {"name": "web", "key": "user"}}}
    for kind in ("serviceMonitor", "podMonitor", "probe", "scrapeConfig"):
        texts = rendered({**SEVERAL, "webConfigSecret": "web", kind: {"enabled": True}, "monitor": access})
        asked = list(_holding("tlsConfig", yaml.safe_load(texts["monitors.yaml"])))
        assert len(asked) == (2 if kind == "scrapeConfig" else 1)
        assert all(each[key] == value for each in asked for key, value in access.items())


def _holding(key: str, document: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Yield the objects within a document that have a key."""
    if isinstance(document, dict):
        if key in document:
            yield document
        for value in document.values():
            yield from _holding(key, value)
    elif isinstance(document, list):
        for value in document:
            yield from _holding(key, value)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"nundb": {"existingSecret": ""}}, "nundb.existingSecret"),
        ({"nundb": {"pasword": "x"}}, "pasword"),
        ({"nundb": {"nodes": []}}, "/nundb/nodes"),
        ({"nundb": {"nodes": ["nun-db:3013"]}}, "/nundb/nodes/0"),
        ({"nundb": {"nodes": ["http://"]}}, "/nundb/nodes/0"),
        ({"nundb": {"nodes": ["http://nun:pwd@nun-db:3013"]}}, "/nundb/nodes/0"),
        ({"nundb": {"nodes": ["http://nun-db:3013/?a=b"]}}, "/nundb/nodes/0"),
        ({"nundb": {"nodes": ["http://a:1", "http://a:1"]}}, "items at 0 and 1 are equal"),
        ({"nundb": {"allow": ["nun-db-*"]}}, "/nundb/allow/0"),
        ({"nundb": {"user": "a;b"}}, "/nundb/user"),
        ({"nundb": {"collectors": ["oplogs"]}}, "'oplog'"),
        ({"nundb": {"passwordKey": "../password"}}, "/nundb/passwordKey"),
        ({"nundb": {"password": "x"}}, "both set"),
        ({"nundb": {"existingSecret": "", "password": "x", "databases": [{"name": "a", "tokenKey": "b"}]}}, "tokens"),
        ({"nundb": {"databases": [{"name": "a b", "tokenKey": "b"}]}}, "/nundb/databases/0/name"),
        ({"nundb": {"caSecret": "My CA"}}, "/nundb/caSecret"),
        ({"nundb": None}, "missing property 'nundb'"),
        ({"monitor": None}, "missing property 'monitor'"),
        ({"nundb": {"user": None}}, "missing property 'user'"),
        ({"replicas": "two"}, "/replicas"),
        ({"logLevel": "trace"}, "/logLevel"),
        ({"image": {"digest": "sha256:1"}}, "/image/digest"),
        ({"image": {"repository": "exporter:1.0"}}, "/image/repository"),
        ({"image": {"tag": 1.0}}, "/image/tag"),
        ({"imagePullSecrets": [{"nam": "a"}]}, "'name'"),
        ({"fullnameOverride": "Exporter"}, "/fullnameOverride"),
        ({"nameOverride": "an exporter"}, "/nameOverride"),
        ({"service": {"port": 0}}, "/service/port"),
        ({"resources": {"limit": {"memory": "64Mi"}}}, "'limit'"),
        ({"tolerations": [{"keys": "a"}]}, "'keys'"),
        ({"affinity": {"podAntiAfinity": {}}}, "'podAntiAfinity'"),
        ({"topologySpreadConstraints": [{}]}, "'topologyKey'"),
        ({"podAnnotations": {"a": 1}}, "/podAnnotations/a"),
        ({"podLabels": {"a": "b c"}}, "/podLabels/a"),
        ({"podLabels": {"app.kubernetes.io/name": "a"}}, "podLabels has app.kubernetes.io/name"),
        ({"dashboards": {"labels": {"helm.sh/chart": "a"}}}, "dashboards.labels has helm.sh/chart"),
        ({"networkPolicy": {"from": [{"podSelectors": {}}]}}, "'podSelectors'"),
        ({"networkPolicy": {"ports": ["metrics"]}}, "/networkPolicy/ports/0"),
        ({"monitor": {"interval": "15"}}, "/monitor/interval"),
        ({"monitor": {"interval": "1s1m"}}, "/monitor/interval"),
        ({"monitor": {"interval": "5s"}}, "monitor.scrapeTimeout, 10s"),
        ({"monitor": {"scrapeTimeout": "0s"}}, "monitor.scrapeTimeout, 0s"),
        ({"prometheusRule": {"runbookUrl": "wiki#nundb"}}, "/prometheusRule/runbookUrl"),
        ({"serviceMonitors": {}}, "serviceMonitors"),
        ({"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}, "each pod twice"),
        ({"serviceMonitor": {"enabled": True}, "probe": {"enabled": True}}, "once more"),
        ({"serviceMonitor": {"enabled": True}, "replicas": 2}, "each of several replicas"),
        ({**SEVERAL, "probe": {"enabled": True}, "scrapeConfig": {"enabled": True}}, "each node twice"),
    ],
    ids=str,
)
def test_a_wrong_value_is_refused_by_name(wrong: dict[str, Any], told: str) -> None:
    """Before anything is sent to Kubernetes; with a Secret, which nothing works without."""
    nundb = wrong.get("nundb", {})
    given = {**wrong, "nundb": None if nundb is None else {"existingSecret": "s", **nundb}}
    with pytest.raises(HelmError, match=re.escape(told)):
        rendered(given)


@pytest.mark.parametrize("release", ["2024", "my.release"])
def test_a_release_whose_service_could_not_have_its_name_is_refused(release: str) -> None:
    """Helm takes these names, the API server does not."""
    with pytest.raises(HelmError, match=f"cannot be named {release}-nundb-exporter.*set fullnameOverride"):
        rendered({"nundb": {"existingSecret": "s"}}, name=release)


@pytest.mark.parametrize(("interval", "timeout"), [("1m", "60s"), ("1m30s", "1m30s"), ("1h", "59m59s999ms")])
def test_times_are_compared_as_times(interval: str, timeout: str) -> None:
    """Not as texts: a timeout may be as long as the interval."""
    assert rendered({"nundb": {"existingSecret": "s"}, "monitor": {"interval": interval, "scrapeTimeout": timeout}})
