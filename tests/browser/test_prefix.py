"""All pages behind a reverse proxy that strips a prefix and tells the exporter nothing of it."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.async_api import expect

from nundb_devserver import Cluster, NodeOptions
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Target
from nundb_exporter.log.settings import LogSettings
from nundb_exporter.log.source import LogSource
from nundb_exporter.project import RUNBOOK
from nundb_exporter.sources import Source
from tests.log.writing import request
from tests.wire.exporter import serving, serving_fleet, target
from tests.wire.replies import PASSWORD, USER

from .conftest import Opener
from .landing import Landing
from .surroundings import prefixed, single_node

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogSource]:
    """Yield a log that was read, with one slow command."""
    path = tmp_path / "log"
    path.write_bytes(request(1, "use-db shop token") + request(2, "get slow-key", "1.5s"))
    source = LogSource(LogSettings(str(path), is_from_start=True))
    source.read_to_end()
    yield source
    source.stop()


async def reached(page: Landing) -> set[str]:
    """Follow all links from an open page on, to pages and from these, and return what they lead to, from its URL on.

    Every request that they make on the way is below that URL: the fixture sees to it at the end.
    """
    waiting, found = [page.url], {page.url}
    while waiting:
        url = waiting.pop()
        answer = await page.page.request.get(url)
        assert answer.ok, url
        if answer.headers["content-type"].startswith("text/html"):
            await page.page.goto(url)
            await expect(page.answered).to_have_count(1)
            links = await page.page.locator("a").evaluate_all("all => all.map(each => each.href.split('#')[0])")
            new = {link for link in links if not link.startswith(RUNBOOK)} - found
            found |= new
            waiting += new
    assert all(url.startswith(page.url) for url in found)
    return {url.removeprefix(page.url) for url in found}


@pytest.mark.parametrize("prefix", ["", "/inner"])
async def test_every_link_of_a_nodes_page_leads_below_the_prefix(prefix: str, visit: Opener, log: LogSource) -> None:
    """With its log's tables too, and where the exporter has a prefix of its own behind that of the proxy."""
    async with (
        single_node() as node,
        serving(target(node.http_url), sources=[log], route_prefix=prefix) as url,
        prefixed(f"{url}/") as public,
    ):
        page = await visit(public)
        at = f"{prefix}/".removeprefix("/")
        expected = {f"{at}{path}" for path in ("", "metrics", "report", "-/healthy")}
        assert await reached(page) == {"", *expected}
        await page.page.goto(public)
        await expect(page.row("Slowest commands", "slow-key")).to_be_visible()


@asynccontextmanager
async def two_nodes(prefix: str = "", sources: Sequence[Source] = ()) -> AsyncIterator[tuple[list[str], str]]:
    """Serve a cluster's pages, and yield the nodes' URLs and where the proxy is."""
    async with Cluster(2, port_base=None, options=NodeOptions(user=USER, password=PASSWORD)) as cluster:
        urls = [node.http_url for node in cluster.nodes]
        module = target(urls[0]).module
        fleet = Fleet(tuple(Target(target(url).endpoint, module) for url in urls), {"default": module})
        async with serving_fleet(fleet, sources=sources, route_prefix=prefix) as url, prefixed(f"{url}/") as public:
            yield urls, public


@pytest.mark.parametrize("prefix", ["", "/inner"])
async def test_every_link_of_a_clusters_pages_leads_below_the_prefix(
    prefix: str, visit: Opener, log: LogSource
) -> None:
    """To what the log tells, from the table of nodes to each node's own page, its report and its probe, and back."""
    async with two_nodes(prefix, [log]) as (urls, public):
        queries = [urlencode({"target": url, "module": "default"}) for url in urls]
        of_nodes = [f"{path}?{query}" for query in queries for path in ("", "probe", "report")]
        at = f"{prefix}/".removeprefix("/")
        expected = {f"{at}{path}" for path in ("", "metrics", "report", "sd", "slow", "-/healthy", *of_nodes)}
        assert await reached(await visit(public)) == {"", *expected}


async def test_a_nodes_own_page_works_where_the_slash_of_the_prefix_is_forgotten(visit: Opener) -> None:
    """As in `https://host/prefix?target=...`: its requests and its links are those of the page with the slash."""
    async with two_nodes() as (urls, public):
        page = await visit(public.removesuffix("/"))
        await page.page.goto(f"{page.url}?{urlencode({'target': urls[1]})}")
        await expect(page.headline).to_have_text("Up")
        await page.page.get_by_role("link", name="All nodes").click()
        await expect(page.headline).to_have_text("2 nodes up")
