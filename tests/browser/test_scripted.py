"""What the page makes of reports that a healthy node would not give: every finding, hostile names, odd answers."""

import re
import time

import pytest
from playwright.async_api import expect

from nundb_exporter.collectors import cluster, databases, keys, replication, transports
from nundb_exporter.errors import Reason, TargetError
from nundb_exporter.metrics import Sample
from tests.debts import owed

from .conftest import Opener
from .landing import POLL_MILLISECONDS, UNKNOWN
from .reports import NOBODY, UP, told
from .surroundings import exporter

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALL_IS_WELL = "No problems found.3 collectors work, 1 link is up, no operation pending for more than 1 min."


@pytest.mark.parametrize("reason", Reason)
async def test_a_node_that_is_down_is_shown_with_the_finding_of_its_reason(visit: Opener, reason: Reason) -> None:
    """The sentence, the advice and the way to the runbook are those of the report."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(told(error=TargetError(reason, "127.0.0.1:1: no luck")))
        await expect(page.headline).to_have_text("Down")
        await expect(page.findings.get_by_role("listitem")).to_have_count(1)
        await expect(page.findings).to_contain_text(": no luck.")
        await expect(page.findings.get_by_role("link")).to_have_attribute("href", re.compile("runbook.md#nundb"))


@pytest.mark.parametrize(
    ("samples", "failures", "sentence"),
    [
        ((), {"oplog": "no reply"}, f"The collector oplog fails at {NOBODY}, and its metrics are missing: no reply."),
        ((transports.UP.sample(0, "websocket"),), {}, f"The websocket listener of {NOBODY} does not answer"),
        (
            (cluster.MEMBER.sample(1, "c:1", "secondary"), cluster.CONNECTED.sample(0, "c:1")),
            {},
            f"{NOBODY} has no link to c:1",
        ),
        (tuple(owed(7, "z:1", time.time())), {}, f"{NOBODY} keeps 7 operations that z:1 will"),
    ],
)
async def test_a_finding_is_shown_as_long_as_the_report_has_it(
    visit: Opener, samples: tuple[Sample, ...], failures: dict[str, str], sentence: str
) -> None:
    """The headline counts the problem of a node that is up, the sentence names it, and both disappear with it."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(told(*UP, *samples, failures=failures))
        await expect(page.headline).to_have_text("Up, 1 problem")
        await expect(page.findings).to_contain_text(sentence)
        await expect(page.events.filter(has_text=sentence)).to_have_count(1)
        await page.is_told(told(*UP))
        await expect(page.headline).to_have_text("Up")
        await expect(page.findings).to_have_text(ALL_IS_WELL)
        await expect(page.events.filter(has_text=f"Over: {sentence}")).to_have_count(1)


async def test_what_a_late_member_owes_stands_in_the_facts_and_in_its_row(visit: Opener) -> None:
    """Ages come as texts: the page does not compute them."""
    late = owed(12, "b:1", time.time() - 125)
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(told(*UP[:-1], *late))
        await expect(page.findings).to_contain_text("b:1 has not acknowledged 12 operations")
        await expect(page.fact("Pending operations")).to_contain_text("oldest 2 min")
        await expect(page.row("Members", "b:1").get_by_role("cell").nth(2)).to_have_text("12")
        await expect(page.row("Members", "b:1").get_by_role("cell").nth(3)).to_contain_text("2 min")


async def test_what_is_only_for_information_leaves_the_node_well(visit: Opener) -> None:
    """It stands below the line that says so."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(told(*[sample for sample in UP if sample.family is not cluster.ROLE]))
        await expect(page.headline).to_have_text("Up")
        await expect(page.findings.get_by_role("listitem")).to_have_count(2)
        await expect(page.findings).to_contain_text("could not be judged")


async def test_unknown_numbers_are_dashes(visit: Opener) -> None:
    """Unknown is not zero."""
    script = told(*UP[:-2], replication.PENDING.sample(5000))
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(script)
        await expect(page.findings).to_contain_text(f"5,000 operations are pending on {NOBODY}")
        await expect(page.fact("Pending operations")).to_contain_text("5,000")
        await expect(page.row("Members", "b:1").get_by_role("cell").nth(2)).to_have_text(UNKNOWN)


async def test_changes_between_two_answers_are_told(visit: Opener) -> None:
    """Roles, members and databases that change are events, with the time at which the page saw them."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(told(*UP))
        await page.is_told(
            told(
                *(cluster.ROLE.sample(role == "secondary", role) for role in cluster.ROLES),
                cluster.MEMBER.sample(1, "a:1", "secondary"),
                cluster.MEMBER.sample(1, "b:1", "primary"),
                cluster.MEMBER.sample(1, "c:1", "secondary"),
                cluster.CONNECTED.sample(1, "b:1"),
                cluster.CONNECTED.sample(1, "c:1"),
                databases.INFO.sample(1, "shop", "none"),
            )
        )
        for event in (
            "The role changed from primary to secondary.",
            "b:1 is now primary.",
            "c:1 is now a member.",
            "shop is now a database.",
        ):
            await expect(page.events.filter(has_text=event)).to_have_count(1)


async def test_hostile_names_are_shown_and_do_nothing(visit: Opener) -> None:
    """Markup stays text, what cannot be seen is written out, what is endless is cut, and the page keeps its width."""
    script = told(
        *UP,
        cluster.MEMBER.sample(1, "<img src=x onerror=alert(1)>", "secondary"),
        cluster.CONNECTED.sample(0, "<img src=x onerror=alert(1)>"),
        cluster.MEMBER.sample(1, "\u202egnp.exe", "secondary"),
        databases.INFO.sample(1, 'a\\b"c\nd', "none"),
        databases.INFO.sample(1, "endless" * 500, "none"),
        databases.INFO.sample(1, "__proto__", "none"),
        failures={"</li><script>alert(1)</script>": "why"},
    )
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True, viewport={"width": 360, "height": 740})
        await page.is_told(script)
        await expect(page.row("Members", "<img src=x onerror=alert(1)>")).to_contain_text("lost")
        await expect(page.findings).to_contain_text("no link to <img src=x onerror=alert(1)>")
        await expect(page.findings).to_contain_text("The collector </li><script>alert(1)</script> fails")
        await expect(page.row("Members", r"\u202egnp.exe")).to_be_visible()
        await expect(page.row("Databases", r'a\b"c\nd')).to_be_visible()
        await expect(page.row("Databases", "__proto__")).to_be_visible()
        await expect(page.page.get_by_role("rowheader").filter(has_text="endless")).to_have_text(re.compile(".{120}…"))
        await expect(page.page.locator("img")).to_have_count(0)
        assert await page.is_as_wide_as_its_window()


async def test_columns_of_which_nothing_is_known_are_left_out(visit: Opener) -> None:
    """Connections, keys, conflicts and pending operations need settings of their own."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(told(*UP, databases.INFO.sample(1, "shop", "none"), keys.COUNT.sample(1234, "shop")))
        await expect(page.row("Databases", "shop").get_by_role("cell")).to_have_text(["none", "1,234"])


@pytest.mark.parametrize("answer", ["", "<html>", "{", "nundb_up 1"])
async def test_what_is_no_report_is_not_read_as_one(visit: Opener, answer: str) -> None:
    """It is told as such, and gives no number."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(answer)
        await expect(page.page.get_by_role("status")).to_contain_text("Its answer is not a report.")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (503, "It has as many requests in progress as --web.max-requests allows."),
        (401, "It answered with HTTP status 401."),
    ],
)
async def test_an_exporter_that_refuses_is_told_with_its_reason(visit: Opener, status: int, sentence: str) -> None:
    """It runs and does not say how the node is: neither up nor down."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.page.route("**/report", lambda route: route.fulfill(status=status))
        await page.is_told("")
        await expect(page.headline).to_contain_text("The exporter has not answered since")
        await expect(page.page.get_by_role("status")).to_contain_text(sentence)
        page.problems.clear()  # the browser's own words about the status


async def test_an_exporter_that_hangs_is_given_up_after_fifteen_seconds(visit: Opener) -> None:
    """A connection that stays open without an answer must not leave the page looking well."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.page.route("**/report", lambda _: None)
        await page.page.clock.run_for(POLL_MILLISECONDS)
        await page.page.clock.run_for(3 * POLL_MILLISECONDS)
        await expect(page.page.get_by_role("status")).to_contain_text("No answer within 15 seconds.")
