"""What the site needs beside its settings: the repository's address, told once, and anchors as GitHub makes them."""

import re
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from nundb_exporter.project import REPOSITORY

_LINK: Final = re.compile(r"(?<=\]\()[\w./-]+(?=[)#])")


def _anchor(heading: str, separator: str) -> str:
    """Return what GitHub calls a heading, so that one link is right in both places."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", separator)


def on_config(config: MkDocsConfig) -> None:
    """Link to the repository by a plain link: the theme's own asks GitHub for its stars from each reader's browser."""
    config.mdx_configs["toc"]["slugify"] = _anchor
    config.extra["social"] = [{"icon": "fontawesome/brands/github", "link": REPOSITORY, "name": "Repository"}]


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to what is not part of the site to the repository. One that leads nowhere stays, and mkdocs tells."""
    docs = Path(config.docs_dir)
    pages = {docs / file.src_uri for file in files if file.inclusion.is_included()}

    def led(link: re.Match[str]) -> str:
        target = (docs / page.file.src_uri).parent.joinpath(link[0]).resolve()
        if target in pages or not target.exists():
            return link[0]
        return f"{REPOSITORY}/{'tree' if target.is_dir() else 'blob'}/main/{target.relative_to(docs.parent)}"

    return _LINK.sub(led, markdown)
