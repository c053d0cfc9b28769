"""etcd, an API server and the Prometheus operator: a Kubernetes that takes and checks objects, and runs no pods."""

import gzip
import json
import os
import secrets
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from nundb_devserver import free_port
from tests.wire.waiting import wait_until

_PATIENCE_SECONDS: Final = 300
"""The API server alone needs a minute on a machine that is busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """What has to be there."""

    etcd: str
    apiserver: str
    operator: str
    kubectl: str
    definitions: Path
    """The operator's CustomResourceDefinitions."""

    @classmethod
    def found(cls) -> Self:
        """Return those in the directory that KUBEBUILDER_ASSETS names, or else on PATH.

        Raises:
            FileNotFoundError: one is missing, which the message names.
        """
        operator = _found("prometheus-operator")
        definitions = Path(operator).with_name("crds")
        if not definitions.is_dir():
            raise FileNotFoundError("the directory crds beside prometheus-operator is missing")
        return cls(
            etcd=_found("etcd"),
            apiserver=_found("kube-apiserver"),
            operator=operator,
            kubectl=_found("kubectl"),
            definitions=definitions,
        )


def _found(name: str) -> str:
    places = os.pathsep.join((os.environ.get("KUBEBUILDER_ASSETS", ""), os.environ["PATH"]))
    if not (path := shutil.which(name, path=places)):
        raise FileNotFoundError(f"{name} is missing")
    return path


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """An API server, and how to speak to it."""

    kubectl: str
    settings: Path
    certificate: Path
    """Of the API server, by itself: for whoever needs an authority, too."""

    def __call__(self, *arguments: str | Path, given: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run kubectl.

        Raises:
            AssertionError: it failed, and `check` is set.
        """
        ended = subprocess.run(
            [self.kubectl, "--kubeconfig", self.settings, *arguments],
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or ended.returncode == 0, ended.stdout + ended.stderr
        return ended

    def get(self, *what: str) -> dict[str, Any]:
        """Return an object, or a list of them in `items`."""
        return dict(json.loads(self("get", *what, "--output", "json").stdout))

    def make_namespace(self, name: str) -> None:
        """Make a namespace that takes only pods that fit the standard `restricted`, with the account that pods have."""
        labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}}
        self("apply", "--server-side", "--filename", "-", given=yaml.safe_dump_all([namespace, account]))

    def apply(self, namespace: str, *objects: dict[str, Any]) -> None:
        """Send objects.

        Raises:
            AssertionError: one was refused, or taken with a warning.
        """
        sent = self(
            "apply", "--server-side", "--namespace", namespace, "--filename", "-", given=yaml.safe_dump_all(objects)
        )
        assert sent.stderr == "", sent.stderr

    def admit(self, namespace: str, pod: dict[str, Any]) -> None:
        """Ask whether a pod would be admitted.

        Raises:
            AssertionError: it would not, or only with a warning.
        """
        command = ("create", "--namespace", namespace, "--dry-run=server", "--filename", "-")
        assert self(*command, given=yaml.safe_dump(pod)).stderr == ""

    def warnings(self) -> list[str]:
        """Return what the operator did not take, as it told it in events."""
        events = self.get("events", "--all-namespaces", "--field-selector", "type=Warning")["items"]
        return [f"{event['involvedObject']['name']}: {event['message']}" for event in events]

    def scrape_jobs(self, prometheus: str, namespace: str) -> set[str]:
        """Return the names of the jobs that the operator has made for a Prometheus; none before it has."""
        asked = self(
            "get", "secret", f"prometheus-{prometheus}", "--namespace", namespace, "--output", "json", check=False
        )
        if asked.returncode:
            return set()
        packed = json.loads(asked.stdout).get("data", {}).get("prometheus.yaml.gz", "")
        made = yaml.safe_load(gzip.decompress(b64decode(packed))) if packed else {}
        return {job["job_name"] for job in made.get("scrape_configs") or ()}

    def rule_files(self, namespace: str) -> dict[str, str]:
        """Return the rule files that the operator has made in a namespace."""
        maps = self.get("configmaps", "--namespace", namespace)["items"]
        return {
            name: text
            for each in maps
            if "rulefiles" in each["metadata"]["name"]
            for name, text in each.get("data", {}).items()
        }


@contextmanager
def running(programs: Programs, directory: Path) -> Iterator[ControlPlane]:
    """Run etcd and an API server with the operator's kinds."""
    token = secrets.token_hex(16)
    store, peer, port = (free_port() for _ in range(3))
    certificates = directory / "certificates"
    (directory / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n", "utf-8")
    (directory / "accounts.pem").write_bytes(_private_key())
    with ExitStack() as stack:
        stack.enter_context(
            process(
                *(programs.etcd, "--data-dir", directory / "etcd"),
                *(
                    "--listen-client-urls",
                    f"http://127.0.0.1:{store}",
                    "--advertise-client-urls",
                    f"http://127.0.0.1:{store}",
                ),
                *(
                    "--listen-peer-urls",
                    f"http://127.0.0.1:{peer}",
                    "--initial-advertise-peer-urls",
                    f"http://127.0.0.1:{peer}",
                ),
                *("--initial-cluster", f"default=http://127.0.0.1:{peer}"),
                log=directory / "etcd.log",
            )
        )
        server = stack.enter_context(
            process(
                *(
                    programs.apiserver,
                    f"--etcd-servers=http://127.0.0.1:{store}",
                    f"--cert-dir={certificates}",
                ),
                *("--bind-address=127.0.0.1", f"--secure-port={port}", "--service-cluster-ip-range=10.96.0.0/16"),
                *("--authorization-mode=RBAC", f"--token-auth-file={directory / 'tokens.csv'}"),
                *(
                    f"--service-account-key-file={directory / 'accounts.pem'}",
                    "--service-account-issuer=https://kubernetes",
                ),
                f"--service-account-signing-key-file={directory / 'accounts.pem'}",
                log=directory / "kube-apiserver.log",
            )
        )
        plane = ControlPlane(programs.kubectl, directory / "kubeconfig", certificates / "apiserver.crt")
        plane.settings.write_text(yaml.safe_dump(_settings(port, token)), "utf-8")
        wait_for(
            lambda: plane("get", "--raw", "/readyz", check=False).returncode == 0, "the API server is ready", server
        )
        plane("apply", "--server-side", "--filename", programs.definitions)
        # An operator that starts before leaves out the kinds that are not there yet, for good.
        plane("wait", "--for", "condition=Established", "crd", "--all", f"--timeout={_PATIENCE_SECONDS}s")
        yield plane


@contextmanager
def operating(programs: Programs, plane: ControlPlane, directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the operator."""
    command = (programs.operator, f"--web.listen-address=127.0.0.1:{free_port()}")
    with process(*command, log=directory / "operator.log", KUBECONFIG=str(plane.settings)) as operator:
        yield operator


@contextmanager
def process(*command: str | Path, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, which writes to a file, until the end of the block."""
    with log.open("wb") as output:
        started = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def wait_for(holds: Callable[[], bool], what: str, needs: subprocess.Popen[bytes] | None = None) -> None:
    """Ask until something holds, as long as the process that it needs runs.

    Raises:
        AssertionError: it does not in time, or that process has ended.
    """

    def holds_or_will() -> bool:
        is_so = holds()
        if needs is not None:
            assert is_so or needs.poll() is None, f"{needs.args!r} has ended before {what}"
        return is_so

    wait_until(holds_or_will, what, seconds=_PATIENCE_SECONDS, pause_seconds=0.5)


def _settings(port: int, token: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "it", "cluster": {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}}
        ],
        "users": [{"name": "it", "user": {"token": token}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "current-context": "it",
    }


def _private_key() -> bytes:
    """Return a key that the API server signs with what accounts of services show."""
    return rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
