"""Packages and image are built once for all their tests."""

import contextlib
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs import needed

from .packages import build_packages
from .podman import BASE, Podman


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make packages` leaves in dist/."""
    directory = tmp_path_factory.mktemp("packages") / "dist"
    build_packages(directory)
    return directory


@pytest.fixture(scope="session")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    """An engine that has nothing yet."""
    engine = Podman(needed("podman", "shipping"), tmp_path_factory.mktemp("podman"))
    yield engine
    engine("rm", "--all", "--force", "--time", "0")
    engine("rmi", "--all", "--force")
    with contextlib.suppress(AssertionError):
        engine("system", "reset", "--force")


@pytest.fixture(scope="session")
def base(podman: Podman) -> str:
    """The name of the image that the exporter's begins with: the newest Debian, and nothing more."""
    podman.import_debian(needed("mmdebstrap", "shipping"), "trixie", BASE)
    return BASE


@pytest.fixture(scope="session")
def image(podman: Podman, base: str) -> str:
    """The name of the exporter's image, which is built."""
    podman.build("nundb-exporter")
    return "nundb-exporter"


@pytest.fixture(scope="session")
def content(podman: Podman, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tarfile.TarFile]:
    """What the image holds."""
    archive = tmp_path_factory.mktemp("content") / "image.tar"
    name = podman("create", image).stdout.strip()
    podman("export", "--output", archive, name)
    podman("rm", name)
    with tarfile.open(archive) as opened:
        yield opened
    archive.unlink()
