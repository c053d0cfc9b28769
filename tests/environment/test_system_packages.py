"""scripts/system-packages, with stand-ins for apt-get and sudo: what it says, what it would run, how it ends."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

SCRIPT: Final = Path(__file__).parents[2] / "scripts" / "system-packages"
POLICY: Final = Path("/usr/sbin/policy-rc.d")
TOOLS: Final = ("sh", "env", "date", "mktemp", "cat", "rm")
LOCKED: Final = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 42 (apt-get)"


@dataclass(frozen=True, slots=True)
class Machine:
    """A PATH of its own, on which the tests' programs are missing; `log` holds what root was asked to do."""

    folder: Path
    log: Path

    def has(self, name: str, script: str) -> None:
        """Put a program on the PATH."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def has_sudo(self) -> None:
        """Let the user become root, without becoming it: only apt-get is really called."""
        self.has("sudo", f'shift; echo "$@" >> {self.log}; case $1 in env) exec "$@";; tee) cat > /dev/null;; esac')

    def run(self, purpose: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the script."""
        inherited = {name: value for name, value in os.environ.items() if name != "CI"}
        environment = {**inherited, "PATH": str(self.folder), **variables}
        return subprocess.run([SCRIPT, purpose], env=environment, capture_output=True, text=True, check=False)

    @property
    def asked(self) -> list[str]:
        """What root was asked to do."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine whose user is not root."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(shutil.which(name) or name)
    made = Machine(folder, tmp_path / "log")
    made.has("id", "echo 1000")
    made.has("sleep", "")
    return made


def test_nothing_missing_is_nothing_said(machine: Machine) -> None:
    """Where all programs are there, apt-get is not called."""
    machine.has("promtool", "")
    machine.has("chromium", "")
    ended = machine.run("tests", CI="true")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize(("has_apt", "cure"), [(True, "sudo apt-get install prometheus chromium"), (False, "brew")])
def test_without_apt_or_root_one_line_tells_what_is_missing(machine: Machine, *, has_apt: bool, cure: str) -> None:
    """And how to get it. The tests that need nothing run; only CI insists."""
    machine.has("sudo", "exit 1")
    if has_apt:
        machine.has("apt-get", "exit 1")
    ended = machine.run("tests")
    assert ended.returncode == 0
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("Missing: promtool, chromium")
    assert cure in ended.stderr
    assert machine.run("tests", CI="true").returncode == 1


def test_where_there_is_no_apt_only_what_is_missing_is_named(machine: Machine) -> None:
    """Homebrew has what tests need, and not what builds the image."""
    ended = machine.run("shipping")
    assert ended.stderr == "Missing: podman, mmdebstrap (there is no apt-get here).\n"


def test_another_apt_is_waited_for(machine: Machine) -> None:
    """While it holds the lists, again and again; for dpkg's lock, apt-get is told to wait."""
    machine.has_sudo()
    count = machine.folder / "count"
    machine.has(
        "apt-get",
        f'case $* in *update*) echo x >> {count}; [ "$(cat {count})" != x ] || {{ echo "{LOCKED}"; exit 1; }};; esac',
    )
    ended = machine.run("tests")
    assert (ended.returncode, ended.stderr) == (0, "")
    updates = [line for line in machine.asked if "update" in line]
    (install,) = [line for line in machine.asked if "install" in line]
    assert len(updates) == 2
    assert "DPkg::Lock::Timeout=" in install


def test_what_is_installed_is_said_before(machine: Machine) -> None:
    """Each package with its reason; nothing is removed for it."""
    machine.has_sudo()
    machine.has("apt-get", "")
    ended = machine.run("tests")
    assert "prometheus: promtool" in ended.stdout
    assert "chromium: the landing page" in ended.stdout
    (install,) = [line for line in machine.asked if "install" in line]
    assert "--no-remove prometheus chromium" in install


def test_the_machines_own_policy_for_services_is_left_alone(machine: Machine) -> None:
    """One is only written where there is none, and then taken away again, even when apt-get fails."""
    machine.has_sudo()
    machine.has("apt-get", "case $* in *install*) exit 100;; esac")
    machine.run("tests")
    touched = [line for line in machine.asked if str(POLICY) in line]
    expected = [f"tee {POLICY}", f"chmod 755 {POLICY}", f"rm -f {POLICY}"]
    assert touched == ([] if POLICY.exists() else expected)


def test_an_environment_cannot_be_made_without_venv(machine: Machine) -> None:
    """Here nothing can go on: the package is named, and it fails, in CI or not."""
    machine.has("sudo", "exit 1")
    machine.has("apt-get", "exit 1")
    machine.has("python", "echo python3.11")
    ended = machine.run("venv", PYTHON="python")
    assert ended.returncode == 1
    assert "sudo apt-get install python3.11-venv" in ended.stderr
