"""compose.yaml comes up as a whole: but with an embedded node in Nun-db's place, without Grafana.

No registry is asked: Prometheus 3 and Alertmanager are Debian's, under the names that the file has for them. Times are
seconds instead of minutes.
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from nundb_devserver import free_port
from tests.wire.waiting import wait_until

from .podman import ROOT, Podman

PATIENCE_SECONDS: Final = 120
SERVICES: Final = ("nun-db", "exporter", "prometheus", "alertmanager")
PORTS: Final = {"exporter": 9898, "prometheus": 9090, "alertmanager": 9093}

NODE: Final = """\
import asyncio, pathlib
from nundb_devserver import NodeOptions, ServeOptions, serve

password = pathlib.Path("/run/secrets/nun-pwd").read_text().strip()
asyncio.run(serve(ServeOptions(node=NodeOptions(host="0.0.0.0", password=password))))
"""
RESEND: Final = "--rules.alert.resend-delay=2s"
"""Prometheus does not try again to tell Alertmanager, but tells it anew: by default a minute later."""
CONNECT: Final = "__import__('socket').create_connection(('127.0.0.1',3013))"
"""Without a space: the podman of Debian 12 would take what follows one for another argument."""


@dataclass(frozen=True, slots=True)
class Stack:
    """The services, as docker compose runs them by podman."""

    podman: Podman
    settings: Path
    docker: str
    ports: dict[str, int]

    def compose(self, *arguments: str) -> list[str]:
        """Return a command of docker compose."""
        program = str(Path(sys.executable).parent / "docker-compose")
        name = f"nundb-{os.getpid()}"  # of networks too, which are the whole machine's
        files = ("--file", str(ROOT / "compose.yaml"), "--file", str(self.settings))
        return [program, "--project-name", name, *files, *arguments]

    def environment(self) -> dict[str, str]:
        """Return what docker compose has to know."""
        return {**os.environ, "DOCKER_HOST": self.docker, "NUNDB_EXPORTER_IMAGE": "localhost/nundb-exporter"}

    def __call__(self, *arguments: str) -> str:
        """Run a command of docker compose, and return what it printed.

        Raises:
            AssertionError: it failed.
        """
        ended = subprocess.run(
            self.compose(*arguments), env=self.environment(), capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def start(self) -> None:
        """Start all, each when those that it waits for are healthy."""
        command = self.compose("up", "--detach", "--no-build", "--pull", "never", *SERVICES)
        with subprocess.Popen(command, env=self.environment(), stderr=subprocess.PIPE, text=True) as starting:

            def has_ended() -> bool:
                # Without systemd podman does not check by itself whether a container is healthy.
                for name in self.podman("ps", "--quiet").stdout.split():
                    self.podman("healthcheck", "run", name, check=False)
                return starting.poll() is not None

            try:
                wait_until(has_ended, "all services are up", seconds=PATIENCE_SECONDS)
            finally:
                starting.terminate()
                _, told = starting.communicate()
            assert starting.returncode == 0, told

    def answer(self, service: str, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return what a service says; nothing while it does not answer."""
        url = f"http://127.0.0.1:{self.ports[service]}{path}"
        with suppress(OSError), urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)
        return None


@pytest.fixture(scope="module")
def stack(podman: Podman, image: str, monitoring: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All services, each of which has said that it is well."""
    assert image == "nundb-exporter"
    directory = tmp_path_factory.mktemp("stack")
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    podman("tag", monitoring, *(services[name]["image"] for name in ("prometheus", "alertmanager")))
    ports = {name: free_port() for name in PORTS}
    with podman.serving() as docker:
        stack = Stack(podman, settings(directory, ports), docker, ports)
        try:
            stack.start()
            yield stack
        finally:
            stack("down", "--volumes", "--timeout", "10")


def settings(directory: Path, ports: dict[str, int]) -> Path:
    """Write what is other here than in compose.yaml, and return the file."""
    command = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["prometheus"]["command"]
    (directory / "nun-pwd").write_text("not the default\n", encoding="utf-8")
    for source in ("deploy/compose/prometheus.yml", "deploy/prometheus/alerts.yml"):
        hasty = re.sub(r"(?m)^( +for|.*_interval): .*", r"\1: 2s", (ROOT / source).read_text(encoding="utf-8"))
        (directory / Path(source).name).write_text(hasty, encoding="utf-8")
    for path in (directory, *directory.iterdir()):
        path.chmod(0o755)
    published = {name: f'!override ["127.0.0.1:{port}:{PORTS[name]}"]' for name, port in ports.items()}
    written = directory / "settings.yaml"
    written.write_text(
        f"""\
x-few: &few {{nofile: 4096, nproc: 4096}} # what podman may give where it is not quite root
x-patient: &patient {{retries: 1000}} # checks follow each other closely here
services:
  nun-db:
    ulimits: *few
    image: localhost/nundb-exporter
    entrypoint: [/usr/bin/python3, -c, {json.dumps(NODE)}]
    command: !reset []
    healthcheck: {{retries: 1000, test: [CMD, /usr/bin/python3, -c, {json.dumps(CONNECT)}]}}
    ports: !reset []
  exporter:
    ulimits: *few
    healthcheck: *patient
    ports: {published["exporter"]}
  prometheus:
    ulimits: *few
    healthcheck: *patient
    entrypoint: [/usr/bin/prometheus]
    command: !override {json.dumps([*command, RESEND])}
    volumes:
      - {directory}/prometheus.yml:/etc/prometheus/prometheus.yml:ro
      - {directory}/alerts.yml:/etc/prometheus/alerts.yml:ro
    ports: {published["prometheus"]}
  alertmanager:
    ulimits: *few
    healthcheck: *patient
    entrypoint: [/usr/bin/prometheus-alertmanager]
    ports: {published["alertmanager"]}
secrets:
  nun-pwd: {{file: {directory}/nun-pwd}}
""",
        encoding="utf-8",
    )
    return written


def test_prometheus_scrapes_the_exporter_and_the_exporter_the_node(stack: Stack) -> None:
    """By their names in the network, with the password from its file."""
    query = "/api/v1/query?query=nundb_up"
    wait_until(lambda: value(stack.answer("prometheus", query)) == "1", "the node is up", seconds=PATIENCE_SECONDS)
    (target,) = stack.answer("prometheus", "/api/v1/targets")["data"]["activeTargets"]
    assert (target["health"], target["labels"]["job"]) == ("up", "nundb")


def test_every_rule_can_be_evaluated(stack: Stack) -> None:
    """Both files are loaded, and no rule has an error."""

    def health() -> set[str]:
        answer = stack.answer("prometheus", "/api/v1/rules")
        groups = answer["data"]["groups"] if answer else []
        files = {Path(group["file"]).name for group in groups}
        return {rule["health"] for group in groups for rule in group["rules"]} | files

    healthy = {"ok", "alerts.yml", "recordings.yml"}
    wait_until(lambda: health() == healthy, "all rules have been evaluated", seconds=PATIENCE_SECONDS)


def test_a_node_that_is_stopped_is_an_alert_in_alertmanager(stack: Stack) -> None:
    """The node ends by the signal that makes Nun-db save, and somebody could be told."""
    stack("stop", "nun-db")
    assert json.loads(stack("ps", "--all", "--format", "json", "nun-db"))["ExitCode"] == 0

    def alerts() -> set[str]:
        return {alert["labels"]["alertname"] for alert in stack.answer("alertmanager", "/api/v2/alerts") or []}

    wait_until(lambda: "NundbDown" in alerts(), "the alert has arrived", seconds=PATIENCE_SECONDS)


def value(answer: Any) -> str | None:  # noqa: ANN401 - JSON
    """Return the value of a query with one result; None while there is none."""
    results = answer["data"]["result"] if answer else []
    return str(results[0]["value"][1]) if results else None
