"""What a person sees of the node's log on the landing page."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from nundb_exporter.log.settings import LogSettings
from nundb_exporter.log.source import LogSource
from tests.log.writing import request
from tests.wire.exporter import serving, target

from .conftest import Opener
from .surroundings import prefixed, single_node

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_slowest_commands_are_listed_behind_a_prefix_too(visit: Opener, tmp_path: Path) -> None:
    """Verb, key and duration, the slowest first; below them what took most time together."""
    log = tmp_path / "log"
    log.write_bytes(
        request(1, "use-db shop token")
        + request(2, "get slow-key", "1.5s")
        + b"".join(request(3 + number, "get often", "0.4s") for number in range(10))
        + request(20, "set <b>bold</b> value", "3ms")
    )
    source = LogSource(LogSettings(str(log), is_from_start=True))
    source.read_to_end()
    async with (
        single_node() as node,
        serving(target(node.http_url), sources=[source]) as url,
        prefixed(f"{url}/") as at,
    ):
        page = await visit(at)
        slowest = page.page.get_by_role("table", name="Slowest commands").get_by_role("row")
        await expect(slowest.nth(1)).to_contain_text("slow-key")
        await expect(slowest.nth(1)).to_contain_text("1.5 s")
        await expect(slowest.nth(1)).to_contain_text("shop")
        heaviest = page.page.get_by_role("table", name="Most time").get_by_role("row")
        await expect(heaviest.nth(1)).to_contain_text("often")
        await expect(heaviest.nth(1)).to_contain_text("10")
        await expect(page.row("Most time", "<b>bold</b>")).to_contain_text("set")
        source.stop()


async def test_without_a_log_there_is_no_table(visit: Opener) -> None:
    """Nothing stands empty."""
    async with single_node() as node, serving(target(node.http_url)) as url:
        page = await visit(f"{url}/")
        await expect(page.page.get_by_role("table", name="Slowest commands")).to_have_count(0)
