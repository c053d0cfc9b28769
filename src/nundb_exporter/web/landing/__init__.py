"""The landing page: markup, style and script, put together into one document that loads no other file."""

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from importlib import resources
from typing import Final, NamedTuple

_FILES: Final = resources.files(__name__)
_PLACE: Final = re.compile(r"\{\{(\w+)\}\}")


class LandingPage(NamedTuple):
    """The document, and the Content-Security-Policy that fits it."""

    text: str
    policy: str


def landing_page(words: Mapping[str, str]) -> LandingPage:
    """Put the page together, with these words in the places that its markup has for them.

    The policy allows only the page's own style and script, by their hashes, and requests to the exporter: a name that a
    node sends cannot become code even if the page has a bug. Words are only filled in outside style and script.
    """
    style, script = _read("style.css"), _read("script.js")
    places = {name: html.escape(word) for name, word in words.items()} | {"style": style, "script": script}
    text = _PLACE.sub(lambda found: places[found[1]], _read("page.html"))
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return LandingPage(text, policy)


def _read(name: str) -> str:
    return _FILES.joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
