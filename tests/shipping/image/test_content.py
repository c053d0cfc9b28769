"""What is in the image, and what is not."""

import gzip
import re
import shutil
import stat
import tarfile
from pathlib import Path, PurePosixPath
from typing import Final

from nundb_exporter import __version__
from nundb_exporter.project import REPOSITORY
from tests.shipping.podman import Podman

MAX_COMPRESSED_BYTES: Final = 30_000_000
SHELLS: Final = {"sh", "bash", "dash", "busybox", "ash", "zsh", "perl"}


def test_a_build_gives_the_same_image_as_the_one_before(podman: Podman, image: str) -> None:
    """Nothing of the hour or of the machine is in it, but the name of the container in which podman built it."""
    podman.build("again")
    first, second = podman.inspect(image), podman.inspect("again")
    for part in ("Created", "RootFS", "Config", "Architecture"):
        assert first[part] == second[part]


def test_it_stays_small(podman: Podman, image: str, tmp_path: Path) -> None:
    """In bytes that a registry sends."""
    archive = tmp_path / "image.tar"
    podman("save", "--output", archive, image)
    with archive.open("rb") as plain, gzip.open(f"{archive}.gz", "wb", compresslevel=6) as packed:
        shutil.copyfileobj(plain, packed)
    assert Path(f"{archive}.gz").stat().st_size < MAX_COMPRESSED_BYTES


def test_there_is_no_shell_and_nothing_that_gives_rights(content: tarfile.TarFile) -> None:
    """Whoever breaks in finds Python and no more; no file has the set-user-id or set-group-id bit, or capabilities."""
    members = content.getmembers()
    programs = {PurePosixPath(member.name).name for member in members if "/bin" in f"/{member.name}"}
    assert not programs & SHELLS
    assert not [member.name for member in members if member.isfile() and member.mode & (stat.S_ISUID | stat.S_ISGID)]
    assert not [member.name for member in members if any("capability" in name for name in member.pax_headers)]


def test_every_module_has_its_byte_code(content: tarfile.TarFile) -> None:
    """The file system is read-only, so nothing is compiled when it starts."""
    names = set(content.getnames())
    packages = [name for name in names if re.search(r"dist-packages/nundb_\w+/.*\.py$", name)]
    assert packages
    for name in packages:
        path = PurePosixPath(name)
        assert any(other.startswith(f"{path.parent}/__pycache__/{path.stem}.cpython-") for other in names), name


def test_its_labels_say_what_it_is(podman: Podman, image: str) -> None:
    """A registry shows them, and a scanner reads them."""
    labels = {name.rpartition(".")[2]: text for name, text in podman.inspect(image)["Labels"].items()}
    assert labels["version"] == __version__
    assert labels["source"] == REPOSITORY
    assert labels["licenses"] == "MIT"
