"""Everything that is for Kubernetes, taken by a real API server and turned into jobs and rules by the real operator."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.monitoring.promtool import promtool
from tests.shipping.chart.test_chart import NAMES, ROOT, rendered, values

from .control_plane import ControlPlane, Programs, operating, running, wait_for

MANIFESTS: Final = ROOT / "deploy" / "kubernetes"
MONITORING: Final = "monitoring"
"""Where Prometheus is. Its name is NAME, as in the comments of the manifests."""
PROMETHEUS: Final = "name"


@pytest.fixture(scope="session")
def programs() -> Programs:
    """The programs, where they are."""
    return Programs.found()


@pytest.fixture(scope="session")
def plane(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """An API server with everything applied that the project has for Kubernetes."""
    with running(programs, tmp_path_factory.mktemp("plane")) as plane:
        for name in NAMES:
            plane.make_namespace(name)
            plane.apply(name, *known(plane, objects(name)))
        # What the exporter's own port takes: without it the operator makes no job.
        web = (f"--from-file=ca.crt={plane.certificate}", "--from-literal=user=it", "--from-literal=password=it")
        plane("--namespace", "tls", "create", "secret", "generic", "web", *web)
        plane.make_namespace("nun-db")
        plane("--namespace", "nun-db", "create", "secret", "generic", "nun-db", "--from-literal", "password=it")
        plane("apply", "--server-side", "--kustomize", MANIFESTS)
        plane("apply", "--server-side", "--namespace", "nun-db", "--filename", MANIFESTS / "exporter.yaml")
        plane.make_namespace(MONITORING)
        plane.apply(MONITORING, prometheus())
        for command in commands_of_the_additional_scrape_configurations():
            plane("--namespace", MONITORING, *command)
        yield plane


@pytest.fixture(scope="session")
def operated(
    programs: Programs, plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControlPlane]:
    """The same, when the operator has made something of each object that it is for."""
    with operating(programs, plane, tmp_path_factory.mktemp("operator")) as operator:
        wait_for(
            lambda: bool(plane.scrape_jobs(PROMETHEUS, MONITORING) and plane.rule_files(MONITORING)),
            "the operator has made the configuration of Prometheus",
            operator,
        )
        yield plane


def objects(name: str) -> list[dict[str, Any]]:
    """Return what Helm makes of a values file in the namespace of the same name."""
    texts = rendered(values(name), namespace=name)
    documents = [yaml.safe_load_all(text) for path, text in texts.items() if path.endswith(".yaml")]
    return [document for each in documents for document in each if document]


def known(plane: ControlPlane, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the Grafana operator's objects: its kinds are not there."""
    versions = set(plane("api-versions").stdout.split())
    assert {each["apiVersion"] for each in sent} - versions <= {"grafana.integreatly.org/v1beta1"}
    return [each for each in sent if each["apiVersion"] in versions]


def prometheus() -> dict[str, Any]:
    """Return a Prometheus that selects everything there is."""
    kinds = ("serviceMonitor", "podMonitor", "probe", "scrapeConfig", "rule")
    selectors: dict[str, Any] = {f"{kind}{what}": {} for kind in kinds for what in ("Selector", "NamespaceSelector")}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "metadata": {"name": PROMETHEUS},
        "spec": {**selectors, "serviceAccountName": "default"},
    }


def commands_of_the_additional_scrape_configurations() -> list[list[str]]:
    """Return the arguments of the two commands that stand in the file, for the file where it is."""
    path = MANIFESTS / "additional-scrape-configs.yaml"
    comment = re.sub(r"\\\n#", "", path.read_text("utf-8"))
    commands = [shlex.split(line) for line in re.findall(r"^#   kubectl (.*)", comment, re.MULTILINE)]
    assert [command[0] for command in commands] == ["create", "patch"]
    places = {path.name: str(path), "NAME": PROMETHEUS}
    return [[places.get(word, word) for word in command] for command in commands]


def pod_of(workload: dict[str, Any]) -> dict[str, Any]:
    """Return the pod that a workload would make, but under the account that each namespace has."""
    template = workload["template"]
    spec = {key: value for key, value in template["spec"].items() if not key.startswith("serviceAccount")}
    for claim in workload.get("volumeClaimTemplates", ()):
        name = claim["metadata"]["name"]
        spec.setdefault("volumes", []).append({"name": name, "persistentVolumeClaim": {"claimName": name}})
    metadata = {"name": "tried", "labels": template["metadata"]["labels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def jobs_of(listed: dict[str, Any]) -> set[str]:
    """Return the jobs that the operator promises for an object, by its documentation."""
    kind, names = listed["kind"], f"{listed['metadata']['namespace']}/{listed['metadata']['name']}"
    match kind:
        case "ServiceMonitor":
            return {f"serviceMonitor/{names}/{number}" for number in range(len(listed["spec"]["endpoints"]))}
        case "PodMonitor":
            return {f"podMonitor/{names}/{number}" for number in range(len(listed["spec"]["podMetricsEndpoints"]))}
        case "Probe":
            return {f"probe/{names}"}
        case _:
            return {f"scrapeConfig/{names}"}


def test_the_api_server_admits_every_pod_into_a_restricted_namespace(plane: ControlPlane) -> None:
    """What makes pods is admitted with a warning at most; so its pods are sent as it would make them."""
    for name in (*NAMES, "nun-db"):
        workloads = plane.get("deployments,statefulsets", "--namespace", name)["items"]
        assert workloads, name
        for workload in workloads:
            plane.admit(name, pod_of(workload["spec"]))


def test_a_restricted_namespace_refuses_what_is_not_hardened(plane: ControlPlane) -> None:
    """Or the test before would say nothing."""
    bare = {"containers": [{"name": "bare", "image": "bare"}]}
    with pytest.raises(AssertionError, match='violates PodSecurity "restricted'):
        plane.admit("nun-db", pod_of({"template": {"metadata": {"labels": {}}, "spec": bare}}))


def test_the_operator_makes_a_job_of_every_monitor(operated: ControlPlane) -> None:
    """And takes the additional scrape configurations as they are."""
    listed = operated.get("servicemonitors,podmonitors,probes,scrapeconfigs", "--all-namespaces")["items"]
    assert {each["kind"] for each in listed} == {"ServiceMonitor", "PodMonitor", "Probe", "ScrapeConfig"}
    expected = {"nundb"}.union(*(jobs_of(each) for each in listed))
    wait_for(lambda: operated.scrape_jobs(PROMETHEUS, MONITORING) >= expected, f"the operator has made {expected}")
    assert operated.scrape_jobs(PROMETHEUS, MONITORING) == expected


def test_the_operator_makes_every_rule_and_promtool_takes_it(operated: ControlPlane, tmp_path: Path) -> None:
    """Expression by expression as in the objects."""
    listed = operated.get("prometheusrules", "--all-namespaces")["items"]
    expected = [rule["expr"] for each in listed for group in each["spec"]["groups"] for rule in group["rules"]]
    made = operated.rule_files(MONITORING)
    found = [rule for text in made.values() for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    assert expected
    assert sorted(rule["expr"] for rule in found) == sorted(expected)
    for name, text in made.items():
        (tmp_path / name).write_text(text, "utf-8")
        promtool("check", "rules", tmp_path / name)


def test_the_operator_warns_of_nothing(operated: ControlPlane) -> None:
    """What it does not take it skips, and tells so in an event: as of a rule that is broken, which is sent last."""
    assert operated.warnings() == []
    rule = {"alert": "Broken", "expr": "sum("}
    operated.apply(
        "nun-db",
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": "broken"},
            "spec": {"groups": [{"name": "broken", "rules": [rule]}]},
        },
    )
    wait_for(lambda: operated.warnings() != [], "the operator warns of the broken rule")
    assert all(warning.startswith("broken: ") for warning in operated.warnings())
    operated("delete", "prometheusrule", "broken", "--namespace", "nun-db")
