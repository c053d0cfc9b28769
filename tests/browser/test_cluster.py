"""The landing page of several nodes: a row for each, who sees whom, and the way to a node's own page."""

import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.async_api import Route, expect

from nundb_devserver import Cluster, NodeOptions
from nundb_exporter.collectors import cluster, pending, process, replication
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.errors import Reason, TargetError
from nundb_exporter.judge import NodeReport, describe, describe_exporter, judge, to_json
from nundb_exporter.metrics import Answers, Options
from nundb_exporter.results import CollectorResult, Scrape
from tests.wire.exporter import serving_fleet, target
from tests.wire.replies import PASSWORD, USER

from .conftest import Opener
from .landing import POLL_MILLISECONDS, Landing
from .surroundings import prefixed

pytestmark = pytest.mark.asyncio(loop_scope="session")

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"


def name(number: int) -> str:
    """Return what a node is called by the others."""
    return f"nun-db-{number}.nun-db.svc:3014"


def report(number: int, members: Sequence[int], primary: int, now: float) -> NodeReport:
    """Return the report of a node that lists these members."""
    role = "primary" if number == primary else "secondary"
    samples = [
        *(cluster.ROLE.sample(each == role, each) for each in cluster.ROLES),
        *(cluster.MEMBER.sample(1, name(each), "primary" if each == primary else "secondary") for each in members),
        *(cluster.CONNECTED.sample(1, name(each)) for each in members if each != number),
        replication.PENDING.sample(12 * number % 7),
        process.START_TIME.sample(now - 86400 * (number + 2)),
        pending.UNACKNOWLEDGED.sample(0, name(members[0])),
    ]
    results = {each: CollectorResult(0.001) for each in ("cluster", "databases", "pending")}
    url = f"http://nun-db-{number}.nun-db.svc:3013"
    described = describe(url, Scrape(samples, Answers(Options()), results, None, 0.001), now)
    return replace(described, page=f"./?target={url}")


def reports(count: int, now: float) -> str:
    """Return the report of so many nodes, of which the last has not heard of the first, and the one before is down."""
    everybody = range(count)
    nodes = [report(number, everybody, 0, now) for number in everybody[:-2]]
    error = TargetError(Reason.CONNECT, "nun-db: connect: connection refused")
    down = describe(f"http://nun-db-{count - 2}.nun-db.svc:3013", Scrape([], Answers(Options()), {}, error, 0.1), now)
    nodes += [replace(down, page="./?target=down"), report(count - 1, everybody[1:], count - 1, now)]
    return to_json(judge(nodes, describe_exporter((), "1.0", now)))


@asynccontextmanager
async def unreachable() -> AsyncIterator[str]:
    """Serve the page of two nodes that nobody listens for."""
    nodes = (target("http://127.0.0.1:1"), target("http://127.0.0.1:2"))
    async with serving_fleet(Fleet(nodes, {"default": nodes[0].module})) as url:
        yield f"{url}/"


async def show(page: Landing, text: str) -> None:
    """Let the page draw another report."""

    async def answer(route: Route) -> None:
        await route.fulfill(body=text, content_type="application/json")

    await page.page.route("**/report", answer)
    await page.asks_again()


async def test_a_cluster_has_a_row_for_each_node_and_a_way_to_its_page(visit: Opener) -> None:
    """A real one: roles, states, views in which all agree, and each node's page one click away, under any prefix."""
    options = NodeOptions(user=USER, password=PASSWORD)
    async with Cluster(3, port_base=None, options=options) as nodes:
        fleet = tuple(target(node.http_url) for node in nodes.nodes)
        async with (
            serving_fleet(Fleet(fleet, {"default": fleet[0].module})) as at,
            prefixed(f"{at}/") as url,
        ):
            page = await visit(url)
            await expect(page.headline).to_have_text("3 nodes up")
            rows = page.page.locator("#nodes tbody tr")
            await expect(rows).to_have_count(3)
            await expect(rows.nth(0)).to_contain_text("primary")
            await expect(rows.nth(2)).to_contain_text("secondary")
            await expect(page.page.locator(".sight")).to_have_text(["P", "S", "S"] * 3)
            await expect(page.page.locator(".sight.odd")).to_have_count(0)
            await rows.nth(1).get_by_role("link").click()
            await expect(page.page.locator("#charts .chart")).to_have_count(6)
            await expect(page.headline).to_have_text("Up")
            await expect(page.page.locator("#role")).to_have_text("secondary")
            await page.page.get_by_role("link", name="All nodes").click()
            await expect(page.headline).to_have_text("3 nodes up")


@pytest.mark.parametrize(("count", "width", "height"), [(20, 1366, 768), (5, 390, 844)])
async def test_all_nodes_fit_the_screen(visit: Opener, count: int, width: int, height: int) -> None:
    """Twenty a laptop, five a phone: nothing is cut off at the side. A disagreement is marked, and told in words."""
    async with unreachable() as url:
        page = await visit(url, viewport={"width": width, "height": height})
        await show(page, reports(count, time.time()))
    await expect(page.page.locator("#nodes tbody tr")).to_have_count(count)
    overflow = """() => [document.documentElement, ...document.querySelectorAll(".wide")]
        .map(each => Math.max(each.scrollWidth - each.clientWidth, 0))"""
    assert await page.page.evaluate(overflow) == [0, 0, 0]
    odd = page.page.locator(".sight.odd")
    await expect(odd).to_have_count(2)
    await expect(odd.first).to_have_attribute(
        "aria-label", f"http://nun-db-{count - 1}.nun-db.svc:3013 does not list {name(0)}. Others disagree."
    )
    await expect(page.findings).to_contain_text("primar")


async def test_what_a_node_sends_is_shown_as_text(visit: Opener) -> None:
    """Names that look like markup or contain signs that nobody sees stay names."""
    text = reports(3, time.time()).replace("nun-db-0", "<img src=x onerror=alert(1)>")
    async with unreachable() as url:
        page = await visit(url)
        await show(page, text)
    await expect(page.page.locator("#nodes tbody tr").first).to_contain_text("<img src=x onerror=alert(1)>")
    assert await page.page.locator("main img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pictures_of_a_cluster(visit: Opener, scheme: Literal["light", "dark"], tmp_path: Path) -> None:
    """Five nodes that disagree, as the README shows them; UPDATE_IMAGES=1 puts it there."""
    async with unreachable() as url:
        page = await visit(url, viewport={"width": 1200, "height": 800}, color_scheme=scheme)
        await show(page, reports(5, time.time()))
    await page.page.clock.run_for(POLL_MILLISECONDS // 10)
    folder = IMAGES if os.environ.get("UPDATE_IMAGES") and scheme == "light" else tmp_path
    picture = await page.page.screenshot(path=folder / "landing-cluster.png", full_page=True)
    assert picture.startswith(b"\x89PNG")


async def test_without_a_node_the_page_says_what_to_do(visit: Opener) -> None:
    """An exporter that only probes what is allowed."""
    async with serving_fleet(Fleet((), {})) as url:
        page = await visit(f"{url}/")
        await expect(page.headline).to_have_text("No node is configured")
        await expect(page.page.locator("#nodes-empty")).to_contain_text("/probe")
        assert json.loads(await (await page.page.request.get(f"{url}/report")).text())["nodes"] == []
