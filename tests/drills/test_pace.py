"""When the drills go slower: lateness is measured, and what it makes of a verdict."""

import asyncio

import pytest

from tests.wire.clock import Clock

from .pace import FASTEST, SLOWEST_SECONDS, Lateness, StoodStillError, heed


def test_a_slower_pace_takes_twice_as_long_down_to_the_slowest() -> None:
    """All seconds are stretched alike."""
    pace = FASTEST.slower()
    assert pace.stretched(75) == 2 * FASTEST.stretched(75)
    for _ in range(10):
        pace = pace.slower()
    assert pace.scrape_seconds == SLOWEST_SECONDS


def test_what_was_late_by_half_a_scrape_is_doubtful_until_it_begins_anew() -> None:
    """A wrong verdict then says nothing."""
    lateness = Lateness(FASTEST)
    lateness.note(0.4)
    assert not lateness.is_doubtful
    lateness.note(0.6)
    lateness.note(0.1)
    assert lateness.is_doubtful
    lateness.begin()
    assert not lateness.is_doubtful


def test_whoever_is_late_by_more_than_a_scrape_stood_still() -> None:
    """At half the pace, by more than two seconds."""
    with pytest.raises(StoodStillError):
        Lateness(FASTEST).note(1.1)
    Lateness(FASTEST.slower()).note(1.1)


def test_what_is_late_beside_the_instrument_is_doubtful_and_no_more() -> None:
    """The alerts that were seen meanwhile still count, if they are the right ones."""
    lateness = Lateness(FASTEST)
    lateness.doubt(1.1)
    assert lateness.is_doubtful


async def test_an_event_loop_that_stands_still_is_noticed(clock: Clock) -> None:
    """The naps of the one that heeds it end too late."""
    heeding = asyncio.create_task(heed(FASTEST, Lateness(FASTEST)))
    await asyncio.sleep(0)
    clock.skip(5)
    with pytest.raises(StoodStillError):
        await heeding
