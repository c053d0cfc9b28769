"""compose.yaml, as docker compose itself reads it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.monitoring.promtool import promtool

ROOT: Final = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stack() -> dict[str, Any]:
    """All of it, with every default filled in."""
    compose = Path(sys.executable).parent / "docker-compose"
    read = subprocess.run([compose, "config", "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert read.stderr == ""
    return dict(json.loads(read.stdout))


def mounted(stack: dict[str, Any], service: str) -> dict[str, Path]:
    """Return what of the checkout a service sees, and where."""
    volumes = stack["services"][service].get("volumes", [])
    return {volume["target"]: Path(volume["source"]) for volume in volumes if volume["type"] == "bind"}


def test_what_is_mounted_is_in_the_repository_and_cannot_be_written(stack: dict[str, Any]) -> None:
    """A path that is not there would become an empty directory."""
    for name, service in stack["services"].items():
        assert all(path.exists() for path in mounted(stack, name).values())
        assert all(volume["read_only"] for volume in service.get("volumes", []) if volume["type"] == "bind")


def test_passwords_are_in_files_only(stack: dict[str, Any]) -> None:
    """Not in a variable, which `docker inspect` shows; the files are kept out of commits."""
    for service in stack["services"].values():
        assert not [name for name in service.get("environment", {}) if name.endswith(("PWD", "PASSWORD", "TOKEN"))]
    files = [secret["file"] for secret in stack["secrets"].values()]
    ignored = subprocess.run(["git", "check-ignore", *files], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ignored.stdout.splitlines() == files


def test_only_this_machine_reaches_it(stack: dict[str, Any]) -> None:
    """Until somebody decides otherwise."""
    published = [port for service in stack["services"].values() for port in service.get("ports", [])]
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


def test_every_service_can_say_that_it_is_well(stack: dict[str, Any]) -> None:
    """The exporter by its image; whoever waits, waits for that."""
    assert [name for name, service in stack["services"].items() if "healthcheck" not in service] == ["exporter"]
    conditions = [
        other["condition"] for service in stack["services"].values() for other in service.get("depends_on", {}).values()
    ]
    assert set(conditions) == {"service_healthy"}


def test_nun_db_finds_its_directory_and_is_stopped_by_what_makes_it_save(stack: dict[str, Any]) -> None:
    """As process 1, without the image's shell, and with time to write."""
    service = stack["services"]["nun-db"]
    directory = service["environment"]["NUN_DBS_DIR"]
    assert directory in {volume["target"] for volume in service["volumes"]}
    assert " exec nun-db start " in service["command"][-1]
    assert service["stop_signal"] == "SIGINT"


def test_prometheus_accepts_what_it_sees(stack: dict[str, Any], tmp_path: Path) -> None:
    """The configuration and both files of rules, where they are mounted."""
    for target, source in mounted(stack, "prometheus").items():
        shutil.copy(source, tmp_path / Path(target).name)
    promtool("check", "config", tmp_path / "prometheus.yml")
    targets = yaml.safe_load((tmp_path / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    (service,) = (
        target.partition(":")[0] for job in targets for config in job["static_configs"] for target in config["targets"]
    )
    assert service in stack["services"]


def test_grafana_finds_its_dashboards(stack: dict[str, Any]) -> None:
    """Where its provider looks."""
    mounts = mounted(stack, "grafana")
    provider = mounts["/etc/grafana/provisioning/dashboards/nundb.yml"].read_text(encoding="utf-8")
    (path,) = (one["options"]["path"] for one in yaml.safe_load(provider)["providers"])
    assert list(mounts[path].glob("*.json"))
