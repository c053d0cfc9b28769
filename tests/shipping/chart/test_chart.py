"""The Helm chart, rendered by Helm itself: as in the golden files, accepted by Kubernetes' schemas, and restricted."""

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


def values(name: str) -> dict[str, Any]:
    """Return one of the values files."""
    return dict(yaml.safe_load((VALUES / f"{name}.yaml").read_text(encoding="utf-8")))


def rendered(given: dict[str, Any], name: str = "nundb", namespace: str = "databases") -> dict[str, str]:
    """Return what Helm makes of each template for a release of that name, in the order of their names."""
    with Chart.load(ROOT / DIRECTORY) as chart:
        texts = chart.render(given, name=name, namespace=namespace)
    return {path.rpartition("templates/")[2]: text for path, text in sorted(texts.items()) if text.strip()}


def objects(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what would be sent to Kubernetes."""
    texts = [text for path, text in rendered(given).items() if path.endswith(".yaml")]
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


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
    ("wrong", "told"),
    [
        ({}, "nundb.existingSecret"),
        ({"nundb": {"existingSecret": "s", "pasword": "x"}}, "pasword"),
        ({"nundb": {"existingSecret": "s", "nodes": []}}, "nodes"),
        ({"nundb": {"existingSecret": "s", "nodes": ["nun-db:3013"]}}, "nodes"),
        ({"nundb": {"existingSecret": "s"}, "replicas": "two"}, "replicas"),
        ({"nundb": {"existingSecret": "s"}, "image": {"digest": "sha256:1"}}, "digest"),
        ({"nundb": {"existingSecret": "s"}, "monitor": {"interval": "15"}}, "interval"),
        ({"nundb": {"existingSecret": "s"}, "serviceMonitors": {}}, "serviceMonitors"),
    ],
)
def test_a_wrong_value_is_refused_by_name(wrong: dict[str, Any], told: str) -> None:
    """Before anything is sent to Kubernetes."""
    with pytest.raises(HelmError, match=told):
        rendered(wrong)
