"""What requirements/ pins, one lock beside the other."""

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
PINNED: Final = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def pinned(name: str) -> dict[str, str]:
    """Return the versions that a lock pins."""
    return dict(PINNED.findall((ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["run", "build", "shipping"])
def test_a_package_has_one_version_in_all_locks(name: str) -> None:
    """What is in the image is what the tests ran with: `make lock` writes all of them."""
    tested = pinned("dev")
    lock = pinned(name)
    assert lock
    assert {package: lock[package] for package in lock.keys() & tested.keys()}.items() <= tested.items()


def test_all_that_the_exporter_requires_is_pinned() -> None:
    """For the image and the bill of materials, too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {requirement.split(">")[0] for requirement in project["dependencies"]}
    assert required <= pinned("run").keys() <= pinned("dev").keys()


@pytest.mark.parametrize("name", ["dev", "uv", "run", "build", "shipping", "oldest-pip", "newest-pip"])
def test_a_lock_names_no_place_to_fetch_from(name: str) -> None:
    """Whoever installs has a mirror or not: the hashes say that it is the same."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert text.count("==") <= text.count("--hash=sha256:")
