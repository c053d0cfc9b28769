"""What the page makes of metrics that a healthy node would not give: every finding, hostile names, odd text."""

import re
import time
from typing import Final

import pytest
from playwright.async_api import expect

from nundb_exporter.errors import Reason

from .conftest import Opener
from .landing import POLL_MILLISECONDS, UNKNOWN
from .surroundings import exporter

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOBODY: Final = "http://127.0.0.1:1"
"""The exporter's node, which is never asked here."""

UP: Final = """\
nundb_up 1
nundb_node_role{role="primary"} 1
nundb_cluster_member_info{member="a:1",role="primary"} 1
nundb_cluster_member_info{member="b:1",role="secondary"} 1
nundb_cluster_member_connected{member="b:1"} 1
nundb_replication_pending_operations 0
nundb_replication_unacknowledged_operations{member="b:1"} 0
nundb_scrape_collector_success{collector="pending"} 1
"""
ALL_IS_WELL: Final = "No problems found.1 collector works, 1 link is up, no operation pending for more than 1 min."


@pytest.mark.parametrize("reason", Reason)
async def test_every_reason_is_put_into_words_of_its_own(visit: Opener, reason: Reason) -> None:
    """A reason that the exporter learns must be taught to the page."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(f'nundb_up 0\nnundb_scrape_failure{{reason="{reason}"}} 1\n')
        await expect(page.headline).to_have_text("Down")
        await expect(page.findings.get_by_role("listitem")).to_have_count(1)
        await expect(page.findings).not_to_contain_text("The node is down.")


@pytest.mark.parametrize(
    ("metrics", "sentence"),
    [
        ('nundb_scrape_collector_success{collector="oplog"} 0', "Collector oplog failed: its metrics are missing."),
        ('nundb_transport_up{transport="websocket"} 0', "The websocket listener does not answer."),
        (
            """nundb_cluster_member_info{member="c:1",role="secondary"} 1
nundb_cluster_member_connected{member="c:1"} 0""",
            "No link to c:1.",
        ),
        (
            'nundb_replication_unacknowledged_operations{member="z:1"} 7',
            "7 operations wait for z:1, which left the cluster.",
        ),
        (
            'nundb_cluster_member_info{member="c:1",role="primary"} 1',
            "This node lists more than one primary: a:1, c:1.",
        ),
        ("nundb_node_acting_primary 0", "The node reports itself as primary but does not act as one."),
        ('nundb_database_conflicts{database="shop",state="unresolved"} 1', "1 unresolved conflict in shop."),
        ("nundb_process_start_time_seconds 99999999999", "The node's start time is in the future."),
    ],
)
async def test_what_is_wrong_is_said_in_one_sentence(visit: Opener, metrics: str, sentence: str) -> None:
    """The headline counts the problem of a node that is up, a sentence names it, and both disappear with it."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(f"{UP}{metrics}\n")
        await expect(page.headline).to_have_text("Up, 1 problem")
        await expect(page.findings).to_contain_text(sentence)
        await page.is_told(UP)
        await expect(page.headline).to_have_text("Up")
        await expect(page.findings).to_have_text(ALL_IS_WELL)


async def test_a_node_that_elects_nobody_is_told_in_the_third_answer(visit: Opener) -> None:
    """Before its first election, a second after the start, a node lists nobody; one that stays so is not well."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told('nundb_up 1\nnundb_node_role{role="starting_up"} 1\n')
        await expect(page.fact("Role")).to_contain_text("starting up")
        await page.asks_again()
        await expect(page.headline).to_have_text("Up")
        await page.asks_again()
        await expect(page.findings).to_contain_text("This node has neither elected a primary nor joined one.")


async def test_a_member_that_owes_for_more_than_a_minute_wants_attention(visit: Opener) -> None:
    """The sentence names the member, how much and how long; the age is by the exporter's clock."""
    owed = (
        'nundb_replication_unacknowledged_operations{member="b:1"} 12\n'
        f'nundb_replication_oldest_pending_timestamp_seconds{{member="b:1"}} {time.time() - 125}\n'
    )
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(UP.replace('unacknowledged_operations{member="b:1"} 0\n', "stuck_snapshots 0\n") + owed)
        await expect(page.findings).to_contain_text(
            re.compile(r"b:1 has not acknowledged 12 operations, the oldest for 2 min( \d+ s)?\.")
        )
        await expect(page.fact("Pending operations")).to_contain_text("oldest 2 min")


async def test_a_snapshot_is_stuck_when_it_waits_in_three_answers(visit: Opener) -> None:
    """One that waits for a moment is how snapshots are."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(UP)
        await expect(page.headline).to_have_text("Up")
        await page.is_told(UP + "nundb_replication_stuck_snapshots 1\n")
        await page.asks_again()
        await expect(page.headline).to_have_text("Up")
        await page.asks_again()
        await expect(page.findings).to_contain_text("1 snapshot not acknowledged by every replica.")


async def test_too_many_pending_operations_to_list_are_told_as_such(visit: Opener) -> None:
    """Unknown is not zero."""
    script = UP.replace("pending_operations 0", "pending_operations 5000").replace(
        'nundb_replication_unacknowledged_operations{member="b:1"} 0\n', ""
    )
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(script)
        await expect(page.findings).to_contain_text("5,000 operations are pending, too many to list by member.")
        await expect(page.row("Members", "b:1").get_by_role("cell").nth(2)).to_have_text(UNKNOWN)


async def test_changes_between_two_answers_are_told(visit: Opener) -> None:
    """Roles, members and databases that change are events, with the time at which the page saw them."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(UP)
        await expect(page.headline).to_have_text("Up")
        await page.is_told(
            UP.replace('"primary"', '"x"').replace('"secondary"', '"primary"').replace('"x"', '"secondary"')
            + 'nundb_cluster_member_info{member="c:1",role="secondary"} 1\n'
            'nundb_cluster_member_connected{member="c:1"} 1\n'
            'nundb_database_info{database="shop",strategy="none"} 1\n'
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
    script = UP + (
        'nundb_cluster_member_info{member="<img src=x onerror=alert(1)>",role="secondary"} 1\n'
        'nundb_cluster_member_connected{member="<img src=x onerror=alert(1)>"} 0\n'
        'nundb_cluster_member_info{member="\u202egnp.exe",role="secondary"} 1\n'
        'nundb_database_info{database="a\\\\b\\"c\\nd",strategy="none"} 1\n'
        f'nundb_database_info{{database="{"endless" * 500}",strategy="none"}} 1\n'
        'nundb_database_info{database="__proto__",strategy="none"} 1\n'
        'nundb_scrape_collector_success{collector="</li><script>alert(1)</script>"} 0\n'
    )
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True, viewport={"width": 360, "height": 740})
        await page.is_told(script)
        await expect(page.row("Members", "<img src=x onerror=alert(1)>")).to_contain_text("lost")
        await expect(page.findings).to_contain_text("No link to <img src=x onerror=alert(1)>.")
        await expect(page.findings).to_contain_text("Collector </li><script>alert(1)</script> failed")
        await expect(page.row("Members", r"\u{202e}gnp.exe")).to_be_visible()
        await expect(page.row("Databases", r'a\b"c\u{a}d')).to_be_visible()
        await expect(page.row("Databases", "__proto__")).to_be_visible()
        await expect(page.page.get_by_role("rowheader").filter(has_text="endless")).to_have_text(re.compile(".{120}…"))
        await expect(page.page.locator("img")).to_have_count(0)
        assert await page.is_as_wide_as_its_window()


async def test_the_text_format_is_read_as_it_is_specified(visit: Opener) -> None:
    """Comments, blanks, trailing commas, timestamps and numbers in every spelling."""
    script = (
        "# a comment\n\n# HELP nundb_up Whether\\nit \\\\ is up.\n# TYPE nundb_up gauge\n"
        "  nundb_up\t1.0e0 1700000000000\n"
        'nundb_database_keys{ database = "x y" , } +12\n'
        'nundb_database_keys{database="NaN"} NaN\n'
        'nundb_database_keys{database="inf",} +Inf -1\n'
        "nundb_replication_pending_operations{} 1.5e3"
    )
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(script)
        await expect(page.headline).to_have_text("Up")
        await expect(page.fact("Pending operations")).to_contain_text("1,500")
        await expect(page.row("Databases", "x y").get_by_role("cell").nth(1)).to_have_text("12")
        await expect(page.row("Databases", "NaN").get_by_role("cell").nth(1)).to_have_text(UNKNOWN)
        await expect(page.row("Databases", "inf").get_by_role("cell").nth(1)).to_have_text(UNKNOWN)


@pytest.mark.parametrize(
    "line",
    ["<html>", "nundb_up", "nundb_up one", 'nundb_up{a="b} 1', 'nundb_up{a="b"c="d"} 1', "nundb_up 1 2 3", "1up 1"],
)
async def test_what_is_not_metrics_is_not_read_as_metrics(visit: Opener, line: str) -> None:
    """An answer that breaks the grammar is told with its line, and gives no number."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(f"nundb_replication_pending_operations 1\n{line}\n")
        await expect(page.page.get_by_role("status")).to_contain_text(
            "Its answer is not a valid metrics page (line 2)."
        )
        await expect(page.fact("Pending operations")).to_contain_text(UNKNOWN)


async def test_metrics_without_a_node_show_no_node(visit: Opener) -> None:
    """Without nundb_up the node is neither up nor down."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told("process_open_fds 9\nprocess_max_fds 1024\n")
        await expect(page.headline).to_have_text("No node")
        await expect(page.page.get_by_role("region", name="This exporter")).to_contain_text("9 of 1,024")


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
        await page.page.route("**/metrics", lambda route: route.fulfill(status=status))
        await page.is_told("")
        await expect(page.headline).to_contain_text("The exporter has not answered since")
        await expect(page.page.get_by_role("status")).to_contain_text(sentence)
        page.problems.clear()  # the browser's own words about the status


async def test_an_exporter_that_hangs_is_given_up_after_fifteen_seconds(visit: Opener) -> None:
    """A connection that stays open without an answer must not leave the page looking well."""
    async with exporter(NOBODY) as url:
        page = await visit(url, is_scripted=True)
        await page.is_told(UP)
        await expect(page.headline).to_have_text("Up")
        await page.page.route("**/metrics", lambda _: None)
        await page.page.clock.run_for(POLL_MILLISECONDS)
        await page.page.clock.run_for(3 * POLL_MILLISECONDS)
        await expect(page.page.get_by_role("status")).to_contain_text("No answer within 15 seconds.")
