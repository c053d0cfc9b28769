"""The landing page as text: what needs no browser to be seen."""

import re
from importlib import resources

import aiohttp

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


def test_the_page_knows_no_family_that_does_not_exist() -> None:
    """A family that is renamed must be renamed in the page as well."""
    families = [*SCRAPE_FAMILIES, *EXPORTER_FAMILIES, *(family for each in COLLECTORS for family in each.families)]
    text = resources.files("nundb_exporter").joinpath("web/landing/script.js").read_text(encoding="utf-8")
    used = set(re.findall(r'"((?:nundb|process|python)_\w+)"', text))
    assert len(used) > 20
    assert used <= {family.name for family in families}
