"""The image is built once for all its tests."""

import contextlib
import tarfile
from collections.abc import Iterator

import pytest

from tests.programs import needed

from .podman import Podman


@pytest.fixture(scope="session")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    """An engine that has the base image and nothing else."""
    engine = Podman(needed("podman", "shipping"), tmp_path_factory.mktemp("podman"))
    engine.make_base(needed("mmdebstrap", "shipping"))
    yield engine
    engine("rm", "--all", "--force", "--time", "0")
    engine("rmi", "--all", "--force")
    with contextlib.suppress(AssertionError):
        engine("system", "reset", "--force")


@pytest.fixture(scope="session")
def image(podman: Podman) -> str:
    """The name of the image, which is built."""
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
