"""All pages below a path, for a proxy that hands requests on as they come; aiohttp follows the redirects."""

import re
from urllib.parse import urljoin

import aiohttp
import pytest

from tests.wire.behaviours import answering
from tests.wire.exporter import serving, target
from tests.wire.pages import fetch
from tests.wire.program import run
from tests.wire.scripted import ScriptedNode

PREFIX = "/monitoring/nundb"


@pytest.mark.parametrize("path", ["/metrics", "/report", "/probe", "/sd", "/-/healthy", "/-/ready", "/"])
async def test_every_page_is_below_the_prefix_and_nowhere_else(path: str) -> None:
    """Also what is only there to be asked."""
    async with ScriptedNode(answering()) as node, serving(target(node.url), route_prefix=PREFIX) as url:
        below = await fetch(f"{url}{PREFIX}{path}")
        assert below.status == (400 if path == "/probe" else 200)  # it names no target
        if path != "/":
            assert (await fetch(f"{url}{path}")).status == 404


@pytest.mark.parametrize("path", ["/", PREFIX, f"{PREFIX}?target=x", "/?target=x"])
async def test_the_way_to_the_landing_page_is_shown(path: str) -> None:
    """By a relative reference: a proxy's path or a tunnel's port before it stays; so does the query."""
    async with ScriptedNode(answering()) as node, serving(target(node.url), route_prefix=PREFIX) as url:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{url}{path}", allow_redirects=False) as answer,
        ):
            assert answer.status == 302
            place = answer.headers["Location"]
        assert place.startswith("./")
        query = "?target=x" if "?" in path else ""
        assert urljoin(f"{url}{path}", place) == f"{url}{PREFIX}/{query}"
        assert urljoin(f"https://outside/before{path}", place) == f"https://outside/before{PREFIX}/{query}"


async def test_neighbours_of_the_prefix_are_not_below_it() -> None:
    """A beginning alone is no directory."""
    async with ScriptedNode(answering()) as node, serving(target(node.url), route_prefix=PREFIX) as url:
        for path in (f"{PREFIX}x/metrics", f"{PREFIX}/{PREFIX}/metrics", "//", "/monitoring"):
            assert (await fetch(f"{url}{path}")).status == 404
        assert (await fetch(f"{url}{PREFIX}", method="POST")).status == 405


@pytest.mark.parametrize("prefix", ["", PREFIX])
async def test_links_of_the_landing_page_are_relative_whatever_headers_say(prefix: str) -> None:
    """So nobody has to be trusted: X-Forwarded-Prefix, which any client can send, changes nothing."""
    async with ScriptedNode(answering()) as node, serving(target(node.url), route_prefix=prefix) as url:
        plain = await fetch(f"{url}{prefix}/")
        forwarded = {"X-Forwarded-Prefix": "//evil.example", "X-Forwarded-Host": "evil.example"}
        assert (await fetch(f"{url}{prefix}/", headers=forwarded)).body == plain.body
        links = re.findall(r'<a href="([^"#][^"]*)"', plain.text)
        assert links
        for link in links:
            assert link.startswith("./")
            assert (await fetch(urljoin(f"{url}{prefix}/", link))).status == 200


@pytest.mark.parametrize(("flag", "text"), [("--web.external-url", "example.com"), ("--web.route-prefix", "/a b")])
async def test_what_cannot_be_a_prefix_ends_it_with_2_and_one_line(flag: str, text: str) -> None:
    """Which names the flag."""
    ended = await run(flag, text, url="http://127.0.0.1:1")
    assert ended.code == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"nundb-exporter: {flag}: ")
