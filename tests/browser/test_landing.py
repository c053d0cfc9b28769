"""What a person sees on the landing page of an exporter whose node lives, fails and recovers."""

import re
from urllib.parse import urljoin, urlsplit

import aiohttp
import pytest
from playwright.async_api import expect

from nundb_devserver import Cluster, NodeOptions
from nundb_exporter import __version__

from .conftest import Opener
from .landing import POLL_MILLISECONDS, UNKNOWN
from .surroundings import create_database, exporter, prefixed, single_node, write

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_healthy_node_is_up_and_its_numbers_are_there(visit: Opener) -> None:
    """State, role, members, databases and every chart are read from the node, and nothing is called wrong."""
    async with single_node() as node, exporter(node.http_url, "shop") as url:
        await create_database(node, "shop", "newer")
        await write(node, "shop", 3)
        page = await visit(url)
        await expect(page.headline).to_have_text("Up")
        await expect(page.page).to_have_title(f"Up \N{EN DASH} {node.http_url}")
        await expect(page.findings).to_contain_text("No problems found.")
        await expect(page.findings).to_contain_text("10 collectors work.")
        await expect(page.fact("Role")).to_contain_text("primary")
        await expect(page.fact("Uptime")).to_contain_text("since")
        await expect(page.fact("Members")).to_contain_text("single node")
        await expect(page.fact("Pending operations")).to_contain_text("0")
        await expect(page.row("Members", node.name)).to_contain_text("this node")
        await expect(page.row("Databases", "shop").get_by_role("cell")).to_have_text(["newer", "0", "0"])
        await expect(page.charts).to_have_count(6)
        for chart in await page.charts.all():
            await expect(chart).to_have_attribute("aria-valuetext", re.compile(r"^\d.* at .*min .* max "))


async def test_the_links_lead_somewhere(visit: Opener) -> None:
    """Metrics and health answer, and the reference opens with the meaning of every family."""
    async with single_node() as node, exporter(node.http_url) as url:
        page = await visit(url)
        async with aiohttp.ClientSession() as session:
            for name in ("Metrics", "Report", "Health"):
                path = await page.page.get_by_role("link", name=name, exact=True).get_attribute("href")
                async with session.get(urljoin(url, path)) as response:
                    assert response.status == 200
        await expect(page.page.locator("#families")).to_be_hidden()
        await page.page.get_by_role("link", name="Metrics reference").click()
        await expect(page.page.locator("#families")).to_contain_text("nundb_replication_pending_operations gauge")
        await expect(page.page.locator("#families")).to_contain_text("(metrics-state: pending_ops)")


async def test_pending_operations_grow_under_the_name_of_the_member_that_owes_them(visit: Opener) -> None:
    """A replica that hangs is named with what it owes and since when; when it goes on, it owes nothing."""
    async with Cluster(3, port_base=None) as cluster, exporter(cluster.nodes[0].http_url) as url:
        primary, hung, well = cluster.nodes
        await create_database(primary, "shop")
        page = await visit(url)
        await expect(page.fact("Members")).to_contain_text("all linked")
        hung.hang()
        for owed in (4, 8):
            await write(primary, "shop", 4)
            await page.asks_again()
            await expect(page.row("Members", hung.name).get_by_role("cell").nth(2)).to_have_text(str(owed))
        await expect(page.row("Members", hung.name)).to_contain_text(re.compile(r"\d m?s"))
        await expect(page.row("Members", well.name).get_by_role("cell").nth(2)).to_have_text("0")
        await expect(page.fact("Pending operations")).to_contain_text(re.compile(r"8oldest"))
        await expect(page.charts.first).to_have_attribute("aria-valuetext", re.compile(r"^8 at .*min 0 · max 8"))
        await expect(page.row("Databases", "shop")).to_contain_text("8 update")
        hung.resume()
        await page.asks_again()
        await expect(page.fact("Pending operations")).to_contain_text("0")


async def test_a_node_that_is_gone_is_down_with_the_reason_and_what_to_do(visit: Opener) -> None:
    """State, reason and advice appear, what was known stays as such, and the recovery is told."""
    async with single_node() as node, exporter(node.http_url) as url:
        page = await visit(url)
        node.stop()
        await page.asks_again()
        await expect(page.headline).to_have_text("Down")
        await expect(page.page.get_by_role("status")).to_contain_text("since")
        await expect(page.page).to_have_title(f"Down \N{EN DASH} {node.http_url}")
        down = f"{node.http_url} cannot be reached: connect: connection refused."
        await expect(page.findings).to_contain_text(down)
        await expect(page.findings).to_contain_text("Check that the node is running")
        await expect(page.row("Members", node.name)).to_be_visible()
        await expect(page.page.locator("#members-note")).to_contain_text("as of")
        await expect(page.charts.first).to_have_attribute("aria-valuetext", re.compile(f"^{UNKNOWN} at "))
        await node.start()
        await page.asks_again()
        await expect(page.headline).to_have_text("Up")
        await expect(page.findings).to_contain_text("No problems found.")
        for event in (down, f"Over: {down}"):
            await expect(page.events.get_by_text(event, exact=True)).to_have_count(1)
        await expect(page.events.get_by_text("The node answers again.")).to_have_count(1)
        await expect(page.events.get_by_text("The node has restarted.")).to_have_count(1)


async def test_a_page_opened_while_the_node_is_down_claims_no_more_than_it_knows(visit: Opener) -> None:
    """Nobody knows since when, and there is no row to show."""
    async with single_node() as node, exporter(node.http_url) as url:
        node.stop()
        page = await visit(url)
        await expect(page.headline).to_have_text("Down")
        await expect(page.page.get_by_role("status")).to_contain_text("or longer")
        await expect(page.page.get_by_role("region", name="Members")).to_contain_text("Not known yet.")


async def test_refused_credentials_are_told_apart_from_a_node_that_is_gone(visit: Opener) -> None:
    """Nun-db answers a wrong password with every sign of success; the page says what to compare."""
    async with single_node(NodeOptions(password="another")) as node, exporter(node.http_url) as url:
        page = await visit(url)
        await expect(page.findings).to_contain_text("refuses the exporter's credentials: invalid user or password.")
        await expect(page.findings).to_contain_text("NUN_USER, and NUN_PWD")


async def test_an_exporter_that_stops_is_not_mistaken_for_a_node_that_is_down(visit: Opener) -> None:
    """The page says since when nobody answers and how old its numbers are, and goes on when the exporter does."""
    async with single_node() as node:
        async with exporter(node.http_url) as url:
            page = await visit(url)
            shown = await page.answered.text_content()
        await page.asks_in_vain()
        await expect(page.headline).to_have_text(re.compile(r"The exporter has not answered since \d\d:\d\d:\d\d"))
        await expect(page.findings).to_contain_text(f"The values below are from {shown}.")
        assert page.problems == ["Failed to load resource: net::ERR_CONNECTION_REFUSED"]
        page.problems.clear()
        async with exporter(node.http_url, port=urlsplit(url).port or 0):
            await page.asks_again()
            await expect(page.headline).to_have_text("Up")
            await expect(page.events.get_by_text("The exporter answers again.")).to_have_count(1)


async def test_a_database_named_like_markup_stays_text(visit: Opener) -> None:
    """A name that a client chose becomes no element, asks for nothing and runs nothing."""
    name = "<img/src=x/onerror=alert(1)>"
    async with single_node() as node, exporter(node.http_url) as url:
        await create_database(node, name)
        page = await visit(url)
        await expect(page.row("Databases", name)).to_be_visible()
        await expect(page.page.locator("img")).to_have_count(0)


async def test_nobody_asks_while_the_tab_is_hidden_or_the_page_is_paused(visit: Opener) -> None:
    """A forgotten tab costs the node nothing; coming back asks at once."""
    async with single_node() as node, exporter(node.http_url) as url:
        page = await visit(url)
        hide = (
            "is => { Object.defineProperty(document, 'hidden', {value: is, configurable: true}); "
            "document.dispatchEvent(new Event('visibilitychange')); }"
        )
        await page.page.evaluate(hide, True)
        asked = len(page.requests)
        await page.page.clock.run_for(10 * POLL_MILLISECONDS)
        assert len(page.requests) == asked
        async with page.page.expect_response("**/report"):
            await page.page.evaluate(hide, False)
        await page.asks_again()
        await page.page.get_by_role("button", name="Pause").press("Enter")
        asked = len(page.requests)
        await page.page.clock.run_for(10 * POLL_MILLISECONDS)
        assert len(page.requests) == asked
        async with page.page.expect_response("**/report"):
            await page.page.get_by_role("button", name="Resume").press("Enter")


async def test_pointing_at_one_chart_reads_all_of_them_at_that_time(visit: Opener) -> None:
    """With the pointer or with the arrow keys, the past is read on every chart; leaving returns to the present."""
    async with single_node() as node, exporter(node.http_url) as url:
        page = await visit(url)
        times = [await page.answered.text_content()]
        for _ in range(3):
            await page.asks_again()
            times.append(await page.answered.text_content())
        readings = page.page.locator(".when")
        await expect(readings).to_have_text([""] * 6)
        await page.charts.nth(1).hover(position={"x": 1, "y": 20})
        await expect(readings).to_have_text([str(times[0])] * 6)
        await page.headline.hover()
        await expect(readings).to_have_text([""] * 6)
        await page.charts.nth(2).press("ArrowLeft")
        await expect(readings).to_have_text([str(times[2])] * 6)
        await expect(page.charts.nth(2)).to_have_attribute("aria-valuetext", re.compile(f" at {times[2]}"))
        await page.charts.nth(2).press("Home")
        await expect(readings).to_have_text([str(times[0])] * 6)
        await page.charts.nth(2).press("Escape")
        await expect(readings).to_have_text([""] * 6)


@pytest.mark.parametrize("end", ["/", ""])
async def test_behind_a_proxy_with_a_prefix_all_of_the_page_works(end: str, visit: Opener) -> None:
    """Every request and link of the page is relative to where the page is, also where its last slash was forgotten."""
    async with single_node() as node, exporter(node.http_url) as url, prefixed(url) as public:
        page = await visit(f"{public.removesuffix('/')}{end}")
        await expect(page.headline).to_have_text("Up")
        await expect(page.row("Members", node.name)).to_be_visible()
        for name in ("Metrics", "Report", "Health"):
            link = page.page.get_by_role("link", name=name, exact=True)
            path = await link.get_attribute("href")
            answer = await page.page.request.get(urljoin(page.page.url, path))
            assert answer.ok


async def test_nothing_jumps_when_answers_arrive(visit: Opener) -> None:
    """From the first paint on, answers fill places that were kept for them."""
    async with single_node() as node, exporter(node.http_url) as url:
        page = await visit(url)
        await page.asks_again(3)
        shift = await page.page.evaluate(
            "() => new Promise(resolve => new PerformanceObserver(list => resolve(list.getEntries()"
            ".reduce((sum, entry) => sum + entry.value, 0))).observe({type: 'layout-shift', buffered: true})"
            " || requestIdleCallback(() => resolve(0)))"
        )
        assert shift < 0.02


async def test_without_scripts_the_page_has_name_version_and_the_way_to_the_metrics(visit: Opener) -> None:
    """What is read by curl, or by a browser without JavaScript, leads on."""
    async with single_node() as node, exporter(node.http_url) as url, aiohttp.ClientSession() as session:
        async with session.get(url) as response:
            text = await response.text()
        for part in ("Nun-db exporter", __version__, 'href="./metrics"', node.http_url):
            assert part in text
        page = await visit(url, has_script=False)
        await expect(page.page.get_by_role("heading", name="Nun-db exporter")).to_contain_text(__version__)
        await expect(page.page.get_by_role("link", name="/metrics")).to_be_visible()
        await expect(page.page.get_by_role("main")).to_be_hidden()
