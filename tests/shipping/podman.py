"""podman, with a configuration and a storage of its own."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.wire.waiting import wait_until

ROOT: Final = Path(__file__).parents[2]
_PATIENCE_SECONDS: Final = 60
_CONFIGURATION: Final = """\
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
tmp_dir = "{directory}/libpod"
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[network]
network_config_dir = "{directory}/networks"
"""
"""What podman needs where neither systemd nor cgroups of version 2 are, as in most runners of CI.

The directories keep the networks and containers that this machine has otherwise out of sight: the end removes all.
"""
BASE: Final = "localhost/debian:trixie-slim"
"""The image that the Containerfile begins with, made here."""


@dataclass(frozen=True, slots=True)
class Podman:
    """podman as a test uses it: an engine whose images and containers are in one directory."""

    program: str
    directory: Path

    def __call__(self, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of podman.

        Raises:
            AssertionError: it failed, and `check` is set.
        """
        return self._run(self.program, *arguments, check=check)

    def environment(self) -> dict[str, str]:
        """Write the configuration, and return the variables by which podman finds it."""
        (self.directory / "containers.conf").write_text(
            _CONFIGURATION.format(directory=self.directory), encoding="utf-8"
        )
        (self.directory / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{self.directory}/images"\nrunroot = "{self.directory}/run"\n',
            encoding="utf-8",
        )
        return {
            **os.environ,
            "ENGINE": self.program,
            "CONTAINERS_CONF": str(self.directory / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.directory / "storage.conf"),
        }

    def _run(self, *command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, check=False)
        assert not check or ended.returncode == 0, ended.stdout + ended.stderr
        return ended

    def inspect(self, thing: str) -> dict[str, Any]:
        """Return what podman tells of an image or a container."""
        (told,) = json.loads(self("inspect", thing).stdout)
        return dict(told)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve the interface of docker, and give its address."""
        path = f"{self.directory}/docker.sock"
        address = f"unix://{path}"

        def is_listening() -> bool:
            with socket.socket(socket.AF_UNIX) as client:
                return client.connect_ex(path) == 0

        with subprocess.Popen(
            [self.program, "system", "service", "--time", "0", address],
            env=self.environment(),
            stderr=subprocess.DEVNULL,
        ) as service:
            try:
                wait_until(is_listening, "podman serves", seconds=_PATIENCE_SECONDS)
                yield address
            finally:
                service.terminate()

    @contextmanager
    def running(self, *arguments: str) -> Iterator[str]:
        """Run a container, give its name, and remove it in the end."""
        name = self("run", "--detach", *arguments).stdout.strip()
        try:
            yield name
        finally:
            self("rm", "--force", "--time", "0", name)

    def import_debian(self, mmdebstrap: str, suite: str, image: str, *packages: str) -> None:
        """Make an image out of Debian's packages: the smallest system, and what is named. No registry is asked."""
        archive = self.directory / "debian.tar"
        included = [f"--include={package}" for package in packages]
        subprocess.run([mmdebstrap, "--quiet", "--variant=minbase", *included, suite, archive], check=True)
        self("import", archive, image)
        archive.unlink()

    def build(self, tag: str) -> None:
        """Build the exporter's image from nothing. pip in it has this machine's certificates."""
        certificates = os.environ.get("PIP_CERT", "/etc/ssl/certs/ca-certificates.crt")
        settings = self.directory / "pip.conf"
        settings.write_text("[global]\ncert = /run/certificates.pem\n", encoding="utf-8")
        self._run(
            *("scripts/image", tag, "--no-cache", "--network", "host", "--build-arg", f"DEBIAN={BASE}"),
            *("--volume", f"{certificates}:/run/certificates.pem:ro", "--volume", f"{settings}:/etc/pip.conf:ro"),
        )
