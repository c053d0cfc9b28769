"""The Debian package, in the oldest Debian that has a Python for it, under systemd, and in the newest, by apt."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from nundb_exporter import __version__
from tests.programs import needed
from tests.wire.waiting import wait_until

from .podman import Podman

UNIT: Final = "nundb-exporter.service"
PASSWORD: Final = "/etc/nundb-exporter/nun-pwd"
PATIENCE_SECONDS: Final = 120
DYNAMIC_USERS: Final = range(61184, 65520)
"""Those that systemd gives to services whose user nobody has created (systemd's UIDS-GIDS.md)."""
LIST_FILES: Final = (
    r"find / -xdev -regex '/\(dist\|proc\|run\|sys\|tmp\|var/\(cache\|lib/dpkg\|log\)\)' -prune -o -print"
)
"""All files but the kernel's, and what Debian itself notes about any installation."""


PACKAGES: Final = ("groff-base", "procps", "python3", "systemd")
"""What the package depends on, and the judge of its manual page."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A Debian that runs in a container."""

    podman: Podman
    name: str

    def __call__(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in it as root."""
        return self.podman("exec", self.name, *command, check=check)

    def sh(self, script: str) -> str:
        """Run a line of its shell, and return what is printed."""
        return self("sh", "-euc", script).stdout

    def files(self) -> set[str]:
        """Return the paths of its files."""
        return set(self.sh(LIST_FILES).splitlines())

    def state(self) -> str:
        """Return what systemd says of the unit, in one word."""
        return self("systemctl", "is-active", UNIT, check=False).stdout.strip()

    def page(self, path: str) -> str:
        """Return a page of the exporter; nothing while it does not answer."""
        script = f"from urllib.request import urlopen as u; print(u('http://localhost:9898{path}').read().decode())"
        return self("python3", "-c", script, check=False).stdout


@pytest.fixture(scope="module")
def bare(podman: Podman, dist: Path) -> Iterator[Machine]:
    """Debian 12 with systemd, as it runs before the package is there."""
    image = "localhost/debian:bookworm-systemd"
    podman.import_debian(needed("mmdebstrap", "shipping"), "bookworm", image, *PACKAGES)
    # systemd gives a service its password in a mount of its own: it needs mounts that are shared, as on a real machine.
    boot = "mount --make-rshared / && exec /lib/systemd/systemd"
    options = ("--privileged", "--systemd=always", "--volume", f"{dist}:/dist:ro")
    with podman.running(*options, image, "sh", "-c", boot) as name:
        machine = Machine(podman, name)
        wait_until(
            lambda: machine("systemctl", "is-system-running", check=False).stdout.strip() in {"running", "degraded"},
            "systemd has started",
            seconds=PATIENCE_SECONDS,
        )
        yield machine


@pytest.fixture(scope="module")
def before(bare: Machine) -> set[str]:
    """The files that were there before the package."""
    return bare.files()


@pytest.fixture
def machine(bare: Machine, before: set[str]) -> Machine:
    """The same machine with the package; what comes next is said when it is installed."""
    assert before
    if bare("dpkg", "--status", "nundb-exporter", check=False).returncode:
        assert "then: systemctl start nundb-exporter\n" in bare.sh("dpkg -i /dist/*.deb")
    return bare


@pytest.fixture
def password(machine: Machine) -> Iterator[None]:
    """The password is where the unit looks for it."""
    machine.sh(f"umask 077; echo nun-pwd > {PASSWORD}")
    yield
    machine.sh(f"systemctl stop {UNIT} || true; rm -f {PASSWORD}")


def test_the_command_runs_on_the_oldest_python(machine: Machine) -> None:
    """With the libraries of the package, whatever else lies on this machine's path."""
    told = machine.sh("mkdir -p /opt/click && touch /opt/click/__init__.py && PYTHONPATH=/opt nundb-exporter --version")
    machine.sh("rm -r /opt/click")
    assert told == f"nundb-exporter, version {__version__}\n"


def test_all_its_modules_are_byte_code_already(machine: Machine) -> None:
    """The service cannot write any, and starts faster with it."""
    sources = machine.sh("find /usr/lib/nundb-exporter -name '*.py' | wc -l")
    compiled = machine.sh("find /usr/lib/nundb-exporter -name '*.cpython-311.pyc' | wc -l")
    assert sources == compiled != "0\n"


def test_groff_finds_nothing_wrong_with_the_manual_page(machine: Machine) -> None:
    """Every line can be broken, and every macro is known."""
    page = "/usr/share/man/man1/nundb-exporter.1.gz"
    judged = machine("sh", "-euc", f"zcat {page} | groff -k -man -ww -z -Tutf8")
    assert judged.stdout + judged.stderr == ""


def test_bash_completes_the_command(machine: Machine) -> None:
    """By the script that the package puts where bash-completion looks for it."""
    script = (
        ". /usr/share/bash-completion/completions/nundb-exporter; COMP_WORDS=(nundb-exporter chec) COMP_CWORD=1; "
        '_nundb_exporter_completion nundb-exporter; echo "${COMPREPLY[@]}"'
    )
    assert machine("bash", "-euc", script).stdout.split() == ["check", "check-config"]


def test_systemd_finds_nothing_wrong_with_the_unit(machine: Machine) -> None:
    """In the place that it is installed to, with the program that it starts. It is enabled."""
    judged = machine("systemd-analyze", "verify", "--man=no", UNIT)
    assert judged.stdout + judged.stderr == ""
    assert machine("systemctl", "is-enabled", UNIT).stdout == "enabled\n"


def test_without_a_password_the_service_is_not_started(machine: Machine) -> None:
    """Neither when it is installed nor again and again: who starts it is told what it waits for."""
    assert machine.state() == "inactive"
    started = machine("systemctl", "start", UNIT, check=False)
    assert started.returncode == 1
    status = machine("systemctl", "status", "--no-pager", UNIT, check=False).stdout
    assert f"AssertPathExists={PASSWORD} was not met" in status
    assert machine.state() == "inactive"


@pytest.mark.usefixtures("password")
def test_the_service_scrapes_a_node_and_survives_an_upgrade(machine: Machine) -> None:
    """As a user of its own. What its variables say is kept, and the new files are served."""
    machine.podman("exec", "--detach", machine.name, "nundb-exporter", "devserver", "--quiet")
    machine("systemctl", "start", UNIT)
    wait_until(lambda: "\nnundb_up 1" in machine.page("/metrics"), "the node is scraped", seconds=PATIENCE_SECONDS)
    first = machine.sh(f"systemctl show --value --property MainPID {UNIT}")
    assert int(machine.sh(f"stat -c %u /proc/{first}")) in DYNAMIC_USERS

    machine.sh("echo NUNDB_EXPORTER_LOG_LEVEL=debug >> /etc/nundb-exporter/environment")
    machine.sh("dpkg -i /dist/*.deb")
    assert machine.state() == "active"
    assert machine.sh(f"systemctl show --value --property MainPID {UNIT}") != first
    assert machine.sh("tail -n 1 /etc/nundb-exporter/environment") == "NUNDB_EXPORTER_LOG_LEVEL=debug\n"
    wait_until(lambda: "\nnundb_up 1" in machine.page("/metrics"), "the node is scraped", seconds=PATIENCE_SECONDS)
    assert json.loads(machine.page("/report"))["nodes"]


@pytest.mark.usefixtures("password")
def test_a_removed_package_leaves_its_settings_and_a_purged_one_nothing(machine: Machine, before: set[str]) -> None:
    """The service is stopped, and in the end no file, no directory and no link of systemd is left."""
    machine("systemctl", "start", UNIT)
    machine("dpkg", "--remove", "nundb-exporter")
    assert machine.state() == "inactive"
    machine("test", "-e", PASSWORD)
    machine("dpkg", "--purge", "nundb-exporter")
    assert machine.files() == before


def test_apt_installs_it_in_the_newest_debian(podman: Podman, base: str, dist: Path) -> None:
    """As the README says; Python comes with it."""
    script = (
        "cd /dist && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y"
        " --no-install-recommends ./nundb-exporter_*.deb >/dev/null && nundb-exporter --version &&"
        " nundb-exporter demo --duration 1"
    )
    options = ("--network", "host", "--volume", f"{dist}:/dist:ro")
    told = podman("run", "--rm", *options, base, "sh", "-euc", script).stdout
    assert f"version {__version__}\n" in told
    assert "Ended; nothing is left." in told
