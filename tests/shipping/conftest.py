"""Packages and image are built once for all their tests."""

import contextlib
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.programs import needed

from .packages import build_packages
from .podman import BASE, Podman

_INSTALL_MONITORING: Final = (
    "cd /tmp && sed -n 's/ trixie / forky /p' /etc/apt/sources.list >/etc/apt/sources.list.d/forky.list"
    " && apt-get -qq -o Acquire::Check-Valid-Until=false update"
    " && apt-get -qq download busybox/trixie promtool/forky prometheus/forky prometheus-alertmanager/forky"
    ' && for package in *.deb; do dpkg-deb --extract "$package" / && rm "$package"; done && ln -s busybox /usr/bin/wget'
)
"""Programs alone: what else their packages bring is not used. A mirror may be weeks behind Debian's next release."""


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
def monitoring(podman: Podman, base: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of an image with Prometheus 3, its promtool and Alertmanager: Debian's next release has them."""
    directory = tmp_path_factory.mktemp("monitoring")
    (directory / "Containerfile").write_text(f"FROM {base}\nRUN {_INSTALL_MONITORING}\n", encoding="utf-8")
    podman("build", "--network", "host", "--tag", "monitoring", directory)
    return "localhost/monitoring"


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
