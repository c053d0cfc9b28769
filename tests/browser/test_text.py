"""The landing page as text: what needs no browser to be seen."""

import html
import re
from importlib import resources

import aiohttp
import pytest

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.metrics import EXPORTER_FAMILIES, SCRAPE_FAMILIES

from .surroundings import exporter


async def test_the_policy_lets_nothing_in_but_the_page_itself() -> None:
    """No inline code but the one whose hash is named, no host but the exporter."""
    async with exporter("http://127.0.0.1:1") as url, aiohttp.ClientSession() as session, session.get(url) as response:
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("script", ["common.js", "script.js", "cluster.js", "slow.js"])
def test_the_scripts_know_no_family(script: str) -> None:
    """What a number means and when it is bad is the judge's business: the pages draw."""
    text = resources.files("nundb_exporter").joinpath(f"web/landing/{script}").read_text(encoding="utf-8")
    assert re.findall(r"\b(?:nundb|process|python)_\w+", text) == []


async def test_the_page_explains_every_family_of_its_collectors() -> None:
    """The reference is part of the page, with the texts of the metrics page."""
    async with exporter("http://127.0.0.1:1") as url, aiohttp.ClientSession() as session, session.get(url) as response:
        text = html.unescape(await response.text())
    collected = (family for each in COLLECTORS if each.is_default for family in each.families)
    for family in (*SCRAPE_FAMILIES, *EXPORTER_FAMILIES, *collected):
        assert family.help in text
