"""The plain manifests under deploy/kubernetes."""

from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml

from nundb_exporter import __version__
from nundb_exporter.project import IMAGE
from tests.conftest import Golden
from tests.monitoring.promtool import promtool

from .test_chart import OPERATORS, ROOT, VERSIONS, rendered, values

KUBERNETES: Final = ROOT / "deploy" / "kubernetes"


def documents(name: str) -> list[dict[str, Any]]:
    """Return the objects of a file."""
    return [document for document in yaml.safe_load_all((KUBERNETES / name).read_text("utf-8")) if document]


def test_the_exporter_alone_is_the_charts(golden: Golden) -> None:
    """Rendered for one node, for those who do not use Helm; `--update-golden` writes it."""
    texts = rendered(values("one-node"), name="nundb-exporter", namespace="nun-db")
    head = "# Rendered from the Helm chart, for one node: nun-db, with its password in the Secret nun-db.\n"
    shown = [text.strip() for path, text in texts.items() if path.endswith(".yaml") and not path.startswith("tests/")]
    golden.check("../../deploy/kubernetes/exporter.yaml", head + "\n---\n".join(shown) + "\n")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["nun-db.yaml", "exporter.yaml"])
def test_kubernetes_takes_every_object(name: str, version: str) -> None:
    """Field by field: an unknown one is an error."""
    for document in documents(name):
        assert not document["apiVersion"].startswith(OPERATORS)
        kubernetes_validate.validate(document, version, strict=True)


def test_the_kustomization_names_files_that_are_there() -> None:
    """All of them, but what is not for `kubectl apply`."""
    (kustomization,) = documents("kustomization.yaml")
    assert all((KUBERNETES / name).is_file() for name in kustomization["resources"])


def test_the_image_is_that_of_this_version() -> None:
    """A release changes both."""
    images = [container["image"] for container in documents("nun-db.yaml")[0]["spec"]["template"]["spec"]["containers"]]
    assert f"{IMAGE}:{__version__}" in images


def test_prometheus_takes_the_additional_scrape_configurations(tmp_path: Path) -> None:
    """As the operator puts them into its configuration; but Debian's promtool is built without Kubernetes."""
    jobs = yaml.safe_load((KUBERNETES / "additional-scrape-configs.yaml").read_text("utf-8"))
    assert [job.pop("kubernetes_sd_configs") for job in jobs] == [[{"role": "endpoints"}]]
    configuration = tmp_path / "prometheus.yml"
    configuration.write_text(yaml.safe_dump({"scrape_configs": jobs}), "utf-8")
    promtool("check", "config", configuration)


def test_a_monitor_names_a_port_that_is_there() -> None:
    """By name: the Service of nun-db.yaml has it."""
    (monitor,) = documents("servicemonitor.yaml")
    (service,) = (document for document in documents("nun-db.yaml") if document["kind"] == "Service")
    ports = {port["name"] for port in service["spec"]["ports"]}
    assert {endpoint["port"] for endpoint in monitor["spec"]["endpoints"]} <= ports
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
