"""The documentation as a site: complete, and readable without the internet."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
LOADED: Final = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""What a browser fetches by itself, and the attribute that says from where."""


class Resources(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the address of whatever the element loads."""
        address = dict(attrs).get(LOADED.get(tag, ""))
        rel = dict(attrs).get("rel") or ""
        if address and rel not in {"prev", "next"}:
            self.found.append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as strictly as `make site` does: a link or an anchor that leads nowhere is an error."""
    directory = tmp_path_factory.mktemp("site")
    mkdocs = str(Path(sys.executable).parent / "mkdocs")
    command = [
        mkdocs,
        "build",
        "--strict",
        "--quiet",
        "--config-file",
        "website/mkdocs.yml",
        "--site-dir",
        str(directory),
    ]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return directory


def test_every_document_for_users_is_a_page(site: Path) -> None:
    """Those for whoever works on the code stay in the repository."""
    pages = {path.stem for path in site.glob("*.html")} - {"404"}
    assert pages == {path.stem for path in (ROOT / "docs").glob("*.md")} - {"architecture", "decisions"}


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    """Neither fonts nor scripts nor pictures, and a diagram would need a script: databases stand in closed networks."""
    for path in site.glob("*.html"):
        page = path.read_text(encoding="utf-8")
        resources = Resources()
        resources.feed(page)
        assert resources.found
        for address in resources.found:
            assert path.name == "404.html" or (site / address.partition("?")[0]).is_file(), (path.name, address)
        assert 'class="mermaid"' not in page
    for style in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import\s*)[\"']?(https?:)?//", style.read_text(encoding="utf-8")), style.name
