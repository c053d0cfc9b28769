"""The landing page on every screen: its colours, its widths, its motion; and the pictures of it for the README."""

import os
import re
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.async_api import expect

from nundb_devserver import Cluster
from nundb_exporter.collectors import (
    cluster,
    conflicts,
    connections,
    databases,
    keys,
    oplog,
    pending,
    queries,
    replication,
)
from tests.debts import owed

from .conftest import Opener
from .landing import POLL_MILLISECONDS, Landing
from .reports import told
from .surroundings import create_database, exporter, single_node, write

pytestmark = pytest.mark.asyncio(loop_scope="session")

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
MAX_IMAGE_BYTES: Final = 150_000

LOWEST_CONTRAST: Final = """() => {
  const channels = text => text.match(/[\\d.]+/g).map(Number);
  const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = colour => colour.slice(0, 3).map(c => linear(c / 255))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    const colour = channels(getComputedStyle(element).backgroundColor);
    return colour.length === 3 || colour[3] === 1 ? colour : behind(element.parentElement);
  };
  const contrast = element => {
    const pair = [channels(getComputedStyle(element).color), behind(element)].map(luminance);
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  };
  const hasText = element => [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
  return [...document.querySelectorAll("body *")]
    .filter(element => hasText(element) && element.checkVisibility())
    .map(element => [contrast(element), element.textContent.trim().slice(0, 40)])
    .sort((x, y) => x[0] - y[0])[0];
}"""
"""The least contrast of any text with what is behind it, by the formula of WCAG 2, and the text."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_can_be_read_in_both_schemes(visit: Opener, scheme: Literal["light", "dark"]) -> None:
    """Healthy, failing or unanswered: no text has less contrast than WCAG's level AA asks for."""
    async with single_node() as node:
        async with exporter(node.http_url) as url:
            page = await visit(url, color_scheme=scheme)
            await page.page.get_by_role("link", name="Metrics reference").click()
            await _expect_contrast(page)
            node.stop()
            await page.asks_again()
            await expect(page.headline).to_have_text("Down")
            await _expect_contrast(page)
        await page.asks_in_vain()
        await expect(page.headline).to_contain_text("has not answered")
        await _expect_contrast(page)
        page.problems.clear()  # the browser's own words about the connection


async def _expect_contrast(page: Landing) -> None:
    ratio, text = await page.page.evaluate(LOWEST_CONTRAST)
    assert ratio >= 4.5, text


async def test_the_dark_scheme_is_dark(visit: Opener) -> None:
    """The page follows the system's preference."""
    async with single_node() as node, exporter(node.http_url) as url:
        background = "getComputedStyle(document.body).backgroundColor"
        light = await (await visit(url, color_scheme="light")).page.evaluate(background)
        dark = await (await visit(url, color_scheme="dark")).page.evaluate(background)
        assert [light, dark] == ["rgb(246, 247, 248)", "rgb(14, 17, 22)"]


@pytest.mark.parametrize("width", [320, 360, 600, 768, 1024, 1440, 2560])
async def test_the_page_fits_every_width(visit: Opener, width: int) -> None:
    """Nothing is scrolled sideways, from a phone to a wide screen, and what a narrow table drops is told beneath."""
    async with Cluster(2, port_base=None) as cluster, exporter(cluster.nodes[0].http_url, "shop") as url:
        await create_database(cluster.nodes[0], "shop", "newer")
        page = await visit(url, viewport={"width": width, "height": 740})
        await expect(page.row("Members", cluster.nodes[1].name)).to_be_visible()
        assert await page.is_as_wide_as_its_window()
        row = await page.row("Members", cluster.nodes[1].name).inner_text()
        assert "secondary" in row
        assert "linked" in row


_LONG: Final = "nun-db-1.nun-db.shop.svc.cluster.local:3014"
MUCH: Final = (
    *(cluster.ROLE.sample(role == "primary", role) for role in cluster.ROLES),
    cluster.MEMBER.sample(1, "192.168.100.10:3014", "primary"),
    cluster.MEMBER.sample(1, _LONG, "secondary"),
    cluster.CONNECTED.sample(1, _LONG),
    *owed(12345, _LONG, 1000),
    replication.PENDING.sample(123456),
    oplog.RECORDS.sample(42949672),
    oplog.SIZE.sample(1073741824),
    replication.DURATION.sample(0.0421),
    databases.INFO.sample(1, "sessions", "arbiter"),
    connections.OPEN.sample(1234, "sessions"),
    keys.COUNT.sample(1234567, "sessions"),
    conflicts.COUNT.sample(12, "sessions", "unresolved"),
    pending.DATABASE.sample(1234, "sessions", "update"),
    pending.DATABASE.sample(1, "sessions", "create_db"),
)
"""A node with long names and large numbers, and all collectors on."""


@pytest.mark.parametrize("width", [320, 360, 600, 768, 1024, 1200])
async def test_large_numbers_stay_in_their_places(visit: Opener, width: int) -> None:
    """Whatever a busy node tells, the page keeps its width, and no chart's numbers stick out of its frame."""
    async with exporter("http://127.0.0.1:1") as url:
        page = await visit(url, is_scripted=True, viewport={"width": width, "height": 740})
        await page.is_told(told(*MUCH, queries.DURATION.sample(0.000685)))
        await page.is_told(told(*MUCH, queries.DURATION.sample(1e-9)))
        await expect(page.charts.nth(4)).to_have_attribute("aria-valuetext", re.compile("^0 ms .* 0.685 ms$"))
        assert await page.is_as_wide_as_its_window()
        for chart in await page.page.locator(".chart").all():
            assert await chart.evaluate("chart => chart.scrollWidth <= chart.clientWidth")


async def test_nothing_moves_where_less_motion_is_asked_for(visit: Opener) -> None:
    """The lamp, which beats with each answer, keeps still."""
    async with single_node() as node, exporter(node.http_url) as url:
        beat = "getComputedStyle(document.querySelector('#lamp'), '::after').animationName"
        assert await (await visit(url)).page.evaluate(beat) == "beat"
        assert await (await visit(url, reduced_motion="reduce")).page.evaluate(beat) == "none"


async def test_the_pictures_for_the_readme(visit: Opener, tmp_path: Path) -> None:
    """A cluster under load in light and in dark, then without its node; UPDATE_IMAGES=1 puts them into docs/images."""
    directory = IMAGES if os.environ.get("UPDATE_IMAGES") else tmp_path
    lapse = _TimeLapse(answers=35)
    async with AsyncExitStack() as stack:
        cluster = Cluster(3, port_base=None)
        lapse.begin(cluster)
        await stack.enter_async_context(cluster)
        primary, replica, _ = cluster.nodes
        for name, strategy in (("orders", "none"), ("sessions", "arbiter"), ("shop", "newer")):
            await create_database(primary, name, strategy)
        url = await stack.enter_async_context(exporter(primary.http_url, "orders", "sessions", "shop"))
        screen = {"viewport": {"width": 1200, "height": 860}, "time": lapse.page_time}
        light = await visit(url, color_scheme="light", **screen)
        dark = await visit(url, color_scheme="dark", **screen)
        await lapse.work(cluster, [light, dark], 10)
        replica.hang()
        await lapse.work(cluster, [light, dark], 3)
        replica.resume()
        await lapse.work(cluster, [light, dark], 7)
        await _take(light, directory / "landing-light.png")
        replica.hang()
        await lapse.work(cluster, [light, dark], 15)
        await expect(dark.headline).to_have_text("Up, 1 problem")
        await _take(dark, directory / "landing-dark.png")
        primary.kill()
        for _ in range(4):
            await light.asks_again()
        await expect(light.headline).to_have_text("Down")
        await _take(light, directory / "landing-failing.png")


class _TimeLapse:
    """Minutes of the page in seconds of the test: the nodes' clocks run behind as the page's does, and catch up."""

    UPTIME_SECONDS = 93_784.0

    def __init__(self, answers: int) -> None:
        self._behind = answers * POLL_MILLISECONDS / 1000
        self.page_time = time.time() - self._behind

    def begin(self, cluster: Cluster) -> None:
        """Let the nodes of a cluster that is not running start yesterday."""
        self._set_clocks(cluster, self.UPTIME_SECONDS)

    async def work(self, cluster: Cluster, pages: list[Landing], answers: int) -> None:
        """Write more, then less, then more, while the pages watch."""
        for number in range(answers):
            self._behind -= POLL_MILLISECONDS / 1000
            self._set_clocks(cluster, self._behind)
            await write(cluster.nodes[0], ("shop", "orders", "sessions")[number % 3], (5, 2, 7, 3)[number % 4])
            for page in pages:
                await page.asks_again()

    def _set_clocks(self, cluster: Cluster, seconds_behind: float) -> None:
        for node in cluster.nodes:
            node.conditions.clock_offset_nanoseconds = -int(seconds_behind * 1e9)


async def _take(page: Landing, path: Path) -> None:
    image = await page.page.screenshot(path=path, animations="disabled")
    assert len(image) < MAX_IMAGE_BYTES
